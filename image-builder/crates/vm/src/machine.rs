//! A machine that runs, and how it ends.

use std::fs;
use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::builder::Builder;
use crate::command::tail;
use crate::error::Error;
use crate::evidence;
use crate::qmp::Qmp;
use crate::serial::Serial;

/// How long QEMU may take to start, before any guest runs.
const START: Duration = Duration::from_secs(30);
/// Between looks at things that tell nothing by themselves.
const LOOK: Duration = Duration::from_millis(50);

/// How a machine ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The system in it switched it off.
    Off,
    /// The system in it started again, which ends the machine.
    Reset,
    /// Anything else, in QEMU's words.
    Other(String),
}

/// A computer that is on. Dropping it is a power cut; in a panic its traces are kept.
///
/// It must be dropped by the thread that started it, or one that does not outlive that one: QEMU
/// ends with the thread that started it.
pub struct Machine {
    pub(crate) name: String,
    child: Child,
    pub(crate) qmp: Option<Qmp>,
    pub(crate) serial: Option<Serial>,
    /// Up to where waits have read the serial line.
    pub(crate) mark: usize,
    folder: TempDir,
    _sockets: TempDir,
    command_line: Vec<String>,
    pub(crate) started: Instant,
    kept: Option<PathBuf>,
}

impl Machine {
    /// A machine of that name to be put together. The name tells the machines of one test apart
    /// in `target/vm-failures`.
    #[must_use]
    pub fn builder(name: &str) -> Builder {
        Builder::new(name)
    }

    pub(crate) fn new(
        name: String,
        child: Child,
        [folder, sockets]: [TempDir; 2],
        command_line: Vec<String>,
    ) -> Machine {
        Machine {
            name,
            child,
            qmp: None,
            serial: None,
            mark: 0,
            folder,
            _sockets: sockets,
            command_line,
            started: Instant::now(),
            kept: None,
        }
    }

    /// Takes up both lines to QEMU.
    pub(crate) fn connect(
        &mut self,
        control: &UnixListener,
        serial: Option<&UnixListener>,
    ) -> Result<(), Error> {
        let control = self.accept(control)?;
        if let Some(serial) = serial {
            let serial = Serial::new(self.accept(serial)?);
            self.serial = Some(serial.map_err(|error| self.not_started(&error.to_string()))?);
        }
        self.qmp = Some(Qmp::new(control).map_err(|reason| self.not_started(&reason))?);
        Ok(())
    }

    fn accept(&mut self, listener: &UnixListener) -> Result<UnixStream, Error> {
        let deadline = Instant::now() + START;
        let accepted = listener.set_nonblocking(true).and_then(|()| {
            loop {
                match listener.accept() {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                    Ok((stream, _)) => return Ok(stream),
                }
                if self.child.try_wait()?.is_some() || Instant::now() > deadline {
                    return Err(io::Error::other("it does not answer"));
                }
                thread::sleep(LOOK);
            }
        });
        let stream = accepted.and_then(|stream| stream.set_nonblocking(false).map(|()| stream));
        stream.map_err(|error| self.not_started(&error.to_string()))
    }

    fn not_started(&mut self, reason: &str) -> Error {
        let said = format!("{reason}\n{}", tail(&self.log()));
        Error::NotStarted { machine: self.name.clone(), said, kept: self.keep() }
    }

    /// Where its overlays lie.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// What QEMU itself printed.
    fn log(&self) -> Vec<u8> {
        fs::read(self.folder.path().join("qemu.log")).unwrap_or_default()
    }

    /// When the machine was switched on.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.started
    }

    /// True until the machine has gone off.
    #[must_use]
    pub fn is_on(&mut self) -> bool {
        // A child that cannot be asked about is taken for running: waits have their deadlines.
        !matches!(self.child.try_wait(), Ok(Some(_)))
    }

    /// Waits until the machine goes off by itself, and tells how.
    ///
    /// # Errors
    /// When it is still on after that time.
    pub fn wait_off(&mut self, patience: Duration) -> Result<End, Error> {
        let deadline = Instant::now() + patience;
        while self.is_on() {
            if Instant::now() > deadline {
                return Err(self.deadline("power off", patience));
            }
            thread::sleep(LOOK);
        }
        let reason = self.qmp.as_mut().and_then(Qmp::reason_of_end);
        Ok(match reason.as_deref() {
            Some("guest-shutdown") => End::Off,
            Some("guest-reset") => End::Reset,
            Some(other) => End::Other(other.to_owned()),
            None => End::Other("no reason".to_owned()),
        })
    }

    /// Cuts the power.
    pub fn cut_power(&mut self) {
        // Both fail only if it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Keeps all traces of the machine, and returns where. The first time decides.
    pub(crate) fn keep(&mut self) -> PathBuf {
        if let Some(kept) = &self.kept {
            return kept.clone();
        }
        let Ok(folder) = evidence::folder(&self.name) else {
            return PathBuf::from("nowhere: the folder cannot be made");
        };
        self.kept = Some(folder.clone());
        evidence::put(&folder, "command-line.txt", self.command_line.join("\n").as_bytes());
        evidence::put(&folder, "qemu.log", &self.log());
        if let Some(serial) = &self.serial {
            let said = serial.said();
            evidence::put(&folder, "serial.log", &said.bytes);
            evidence::put(&folder, "serial-screen.txt", said.screen.screen().contents().as_bytes());
        }
        if self.is_on() {
            // A picture that cannot be taken must not hide why it is wanted.
            let _ = self.screenshot(&folder.join("screen.png"));
        }
        folder
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if thread::panicking() {
            self.report();
        }
        self.cut_power();
    }
}

impl Machine {
    #[expect(clippy::print_stderr, reason = "a failing test tells where its traces are")]
    fn report(&mut self) {
        let kept = self.keep();
        eprintln!("the traces of {} are kept in {}", self.name, kept.display());
    }
}
