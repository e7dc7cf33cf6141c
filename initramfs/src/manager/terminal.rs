use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use rustix::termios::{InputModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::console::Console;
use crate::screen::open_terminal;
use crate::{InitError, log};

/// Where programs are looked for.
const SEARCH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Tells libdevmapper (LVM, cryptsetup) and mdadm to make their own nodes: there is no udev that
/// they could wait for. Shells get it from `/etc/profile` as well.
const NO_UDEV: [(&str, &str); 2] = [("DM_DISABLE_UDEV", "1"), ("MDADM_NO_UDEV", "1")];

/// A terminal that programs can be started on.
///
/// When a program that owned it ends, the kernel hangs it up, and it has to be opened again.
#[derive(Debug)]
pub(super) struct Terminal {
    path: PathBuf,
    serial: bool,
    file: File,
}

impl Terminal {
    pub(super) fn open(console: &Console) -> Result<Self, InitError> {
        let path = Path::new("/dev").join(&console.name);
        let file = open_terminal(&path, OpenOptions::new().read(true).write(true))
            .map_err(|error| InitError::file("opening", &path, error))?;
        let flags = fcntl_getfl(&file).unwrap_or(OFlags::RDWR) - OFlags::NONBLOCK;
        fcntl_setfl(&file, flags).map_err(|error| InitError::file("opening", &path, error))?;
        Ok(Self { path, serial: console.serial, file })
    }

    /// How it is set up: whether it echoes, what its keys do.
    pub(super) fn settings(&self) -> Option<Termios> {
        tcgetattr(&self.file).ok()
    }

    /// Makes it usable after a program that left it in disorder.
    pub(super) fn restore(&mut self, settings: Option<&Termios>) {
        if let Some(settings) = settings {
            let _ = tcsetattr(&self.file, OptionalActions::Flush, settings);
        }
        // A full reset for a screen; to a line, which may be anything, only what all understand.
        let reset: &[u8] = if self.serial { b"\x1b[0m\x1b[?25h\r\n" } else { b"\x1bc" };
        let _ = self.file.write_all(reset);
    }

    pub(super) fn write(&mut self, bytes: &[u8]) {
        let _ = self.file.write_all(bytes);
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// For writing alone: Ctrl-S at its keyboard does not hold up what is written.
    pub(super) fn into_output(self) -> File {
        if let Some(mut settings) = self.settings() {
            settings.input_modes.remove(InputModes::IXON);
            let _ = tcsetattr(&self.file, OptionalActions::Now, &settings);
        }
        self.file
    }

    /// Starts a program that owns this terminal.
    pub(super) fn start(&self, program: &str, arguments: &[&str]) -> Result<Child, InitError> {
        let mut command = environment(program, self.serial);
        command.args(arguments);
        let share = || self.file.try_clone();
        let shared = share().and_then(|input| Ok((input, share()?, share()?)));
        let (input, output, errors) =
            shared.map_err(|error| InitError::file("sharing", &self.path, error))?;
        command.stdin(input).stdout(output).stderr(errors);
        own_terminal(&mut command);
        let child = command.spawn().map_err(|error| InitError::start(program, error))?;
        be_expendable(&child);
        log::gone_past(fs::write(memory_of(&self.path), child.id().to_string()));
        Ok(child)
    }
}

/// Where the number of the program on a terminal is kept, for a manager that comes after this one.
fn memory_of(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Path::new(log::FOLDER).join(format!("program.{name}"))
}

/// If a manager before this one fell, the program it started runs on, perhaps in the middle of a
/// restore: it is left in peace until it ends. True when there was one.
pub(super) fn wait_for_earlier_program(console: &Console) -> bool {
    let path = Path::new("/dev").join(&console.name);
    let number = fs::read_to_string(memory_of(&path)).unwrap_or_default();
    let positive = number.parse().ok().filter(|number: &i32| *number > 0);
    // The number could be another program's by now.
    let input = fs::read_link(format!("/proc/{number}/fd/0"));
    let same = input.is_ok_and(|input| input == path);
    let process = positive.and_then(Pid::from_raw).filter(|_| same);
    let process = process.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
    if let Some(process) = &process {
        log::info(format_args!("the program on {} is still there", console.name));
        let _ = poll(&mut [PollFd::new(process, PollFlags::IN)], None);
    }
    process.is_some()
}

/// A command with the environment that programs expect, and nothing of ours.
pub(super) fn environment(program: &str, serial: bool) -> Command {
    let mut command = Command::new(program);
    command.env_clear().current_dir("/");
    command.env("PATH", SEARCH).env("HOME", "/root").env("USER", "root").env("LANG", "C.UTF-8");
    command.env("TERM", if serial { "vt220" } else { "linux" });
    command.envs(NO_UDEV);
    command
}

/// The new program leads a session of its own and controls its standard input: otherwise there
/// is no Ctrl-C, and `/dev/tty` cannot be opened.
fn own_terminal(command: &mut Command) {
    let prepare = || {
        rustix::process::setsid()?;
        // SAFETY: standard input is the terminal, and open until the program replaces us.
        let input = unsafe { std::os::fd::BorrowedFd::borrow_raw(0) };
        rustix::process::ioctl_tiocsctty(input)?;
        Ok(())
    };
    // SAFETY: between fork and exec, only two system calls are made; nothing is allocated.
    unsafe { command.pre_exec(prepare) };
}

/// When memory runs out, the kernel takes programs before it takes the manager.
pub(super) fn be_expendable(child: &Child) {
    let _ = fs::write(format!("/proc/{}/oom_score_adj", child.id()), "0");
}
