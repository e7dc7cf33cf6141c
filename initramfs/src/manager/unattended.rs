use std::fs::{self, File};
use std::io::{self, PipeReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use serde::Serialize;

use super::console;
use super::machine;
use super::terminal::{self, Terminal};
use crate::options::Options;
use crate::{InitError, guard, log};

/// What a program that was left in the background may still say after the command's end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// For a wait that may last as long as it likes.
const LOOK: Duration = Duration::from_secs(3600);

/// The line that tells a machine how the command ended.
#[derive(Debug, Serialize)]
struct Outcome<'a> {
    command: &'a str,
    exit_code: i32,
    seconds: f64,
}

impl Outcome<'_> {
    fn line(&self) -> String {
        // Strings and numbers can always be written.
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("remetal-result: {json}\n")
    }
}

/// The exit code that is told when a manager fell while the command ran: nobody knows the real one.
const FALLEN: i32 = 125;

/// How far the unattended command has come, for a manager that comes after this one: the number of
/// its process, and [`TOLD`] when its end was told.
fn memory() -> PathBuf {
    Path::new(log::FOLDER).join("unattended")
}

const TOLD: &str = "told";

/// Runs `command`, shows what it says, and tells how it ended. A manager that was started anew does
/// not run it again; it tells of the end if nobody has. False when there was nothing left to do.
pub(super) fn run(command: &str, options: &Options) -> bool {
    let earlier = fs::read_to_string(memory());
    if earlier.as_ref().is_ok_and(|earlier| earlier == TOLD) {
        return false;
    }
    let mut output = Output::open(options);
    let started = Instant::now();
    let exit_code = if let Ok(process) = earlier {
        wait_for(&process, command);
        FALLEN
    } else {
        log::gone_past(fs::write(memory(), ""));
        log::info(format_args!("unattended: {command}"));
        for problem in &options.problems {
            output.write(format!("remetal: {problem}\n").as_bytes());
        }
        log::gone_past(run_shown(command, &mut output)).map_or(127, code_of)
    };
    tell(&mut output, command, exit_code, started);
    true
}

/// Waits for a command that a manager before this one has started and left behind.
fn wait_for(process: &str, command: &str) {
    // The number could be another program's by now.
    let line = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    let is_it = line.strip_suffix(b"\0").is_some_and(|line| line.ends_with(command.as_bytes()));
    let process = process.parse().ok().and_then(Pid::from_raw).filter(|_| is_it);
    let process = process.and_then(|process| pidfd_open(process, PidfdFlags::empty()).ok());
    if let Some(process) = process {
        log::info("the unattended command still runs");
        let _ = poll(&mut [PollFd::new(&process, PollFlags::IN)], None);
    }
}

/// Says how the command ended, for programs to read.
fn tell(output: &mut Output, command: &str, exit_code: i32, started: Instant) {
    let seconds = (started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
    let line = Outcome { command, exit_code, seconds }.line();
    log::info(line.trim_end());
    // With a verbose start, the kernel could write into the line.
    machine::quieten_kernel();
    output.begin_line();
    output.write(line.as_bytes());
    log::gone_past(fs::write(memory(), TOLD));
}

fn run_shown(command: &str, output: &mut Output) -> Result<ExitStatus, InitError> {
    let failed = |error: io::Error| InitError::start("the unattended command", error);
    let (reader, writer) = io::pipe().map_err(failed)?;
    let mut shell = terminal::environment("/bin/sh", true);
    shell.args(["-c", command]).stdin(Stdio::null());
    shell.stdout(writer.try_clone().map_err(failed)?).stderr(writer);
    let mut child = shell.spawn().map_err(failed)?;
    log::gone_past(fs::write(memory(), child.id().to_string()));
    terminal::be_expendable(&child);
    // Ours would keep the pipe open after the command's end.
    drop(shell);
    let (sender, news) = mpsc::sync_channel(4);
    let to_tell = sender.clone();
    guard::spawn("command", move || drop(to_tell.send(News::Ended(child.wait()))));
    guard::spawn("output", read_into(reader, sender));
    follow(&news, output).map_err(failed)
}

/// From the command's pipe and from the wait for its end.
enum News {
    Said(Vec<u8>),
    Ended(io::Result<ExitStatus>),
}

/// Sends what comes out of the pipe until its other end is closed. Few pieces are kept: a slow
/// serial line slows the command down, and does not fill memory.
fn read_into(mut pipe: PipeReader, sender: SyncSender<News>) -> impl FnMut() + Send {
    move || {
        let mut piece = vec![0; 4096];
        while let Ok(length @ 1..) = pipe.read(&mut piece) {
            if sender.send(News::Said(piece[..length].to_vec())).is_err() {
                return;
            }
        }
    }
}

/// Shows what the command says until it has ended and has nothing more to say.
fn follow(news: &Receiver<News>, output: &mut Output) -> io::Result<ExitStatus> {
    let mut status = None;
    // Programs that were left in the background may hold the pipe open forever.
    let mut until = None;
    loop {
        let patience =
            until.map_or(LOOK, |end: Instant| end.saturating_duration_since(Instant::now()));
        if patience.is_zero() {
            break;
        }
        match news.recv_timeout(patience) {
            Ok(News::Said(piece)) => output.write(&piece),
            Ok(News::Ended(ended)) => {
                status = Some(ended);
                until = Some(Instant::now() + LAST_WORDS);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    status.unwrap_or_else(|| Err(io::Error::other("nobody waited for it")))
}

fn code_of(status: ExitStatus) -> i32 {
    // As shells do it.
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}

/// All consoles that hear of the command.
struct Output {
    consoles: Vec<File>,
    in_line: bool,
}

impl Output {
    fn open(options: &Options) -> Self {
        let consoles = console::for_results(Path::new("/sys"), options);
        let terminals =
            consoles.iter().filter_map(|console| log::gone_past(Terminal::open(console)));
        Self { consoles: terminals.map(Terminal::into_output).collect(), in_line: false }
    }

    /// A console that does not take it must not keep it from the others.
    fn write(&mut self, bytes: &[u8]) {
        for console in &mut self.consoles {
            let _ = console.write_all(bytes);
        }
        self.in_line = bytes.last().is_some_and(|last| *last != b'\n');
    }

    /// Ends the line that the command left open.
    fn begin_line(&mut self) {
        if self.in_line {
            self.write(b"\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outcome_is_one_line_of_json_whatever_the_command_was() {
        let outcome = Outcome { command: "echo \"a\nb\"\u{1b}", exit_code: 3, seconds: 0.25 };
        let line = outcome.line();
        let expected =
            r#"remetal-result: {"command":"echo \"a\nb\"\u001b","exit_code":3,"seconds":0.25}"#;
        assert_eq!(line.strip_suffix('\n'), Some(expected));
    }

    /// Runs `command`, and returns its code and what it said.
    fn ran(command: &str) -> (i32, String) {
        let said = tempfile::NamedTempFile::new().unwrap();
        let mut output = Output { consoles: vec![said.reopen().unwrap()], in_line: false };
        let status = run_shown(command, &mut output).unwrap();
        output.begin_line();
        (code_of(status), std::fs::read_to_string(said.path()).unwrap())
    }

    #[test]
    fn all_that_a_command_says_is_shown_in_its_order() {
        assert_eq!(ran("echo a; echo b >&2; printf c; exit 7"), (7, "a\nb\nc\n".to_owned()));
        let (code, said) = ran("i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done");
        assert_eq!((code, said.lines().count()), (0, 5000));
        assert_eq!(ran("cat; kill -9 $$"), (137, String::new()), "it has nothing to read");
    }

    #[test]
    fn programs_left_in_the_background_are_not_waited_for() {
        let started = Instant::now();
        let (code, said) = ran("(while :; do echo x; sleep 0.1; done) & sleep 0.2; echo $!");
        assert_eq!(code, 0);
        assert!(started.elapsed() < Duration::from_secs(5));
        let left = said.lines().find_map(|line| line.parse::<i32>().ok()).unwrap();
        let pid = rustix::process::Pid::from_raw(left).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    }

    #[test]
    fn a_command_that_was_killed_counts_as_shells_count_it() {
        assert_eq!(code_of(ExitStatus::from_raw(3 << 8)), 3);
        assert_eq!(code_of(ExitStatus::from_raw(9)), 137);
    }
}
