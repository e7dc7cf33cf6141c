//! `remetal screens` on terminals as the kernel makes them, the other end held by the test.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

/// On a busy machine a program may be slow to begin.
const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal with the program on it.
struct Seat {
    program: Child,
    keyboard: File,
    line: OwnedFd,
    shown: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// Everything that was sent.
    bytes: Vec<u8>,
}

impl Seat {
    fn new(arguments: &[&str], term: &str, (columns, rows): (u16, u16)) -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap();
        let line = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&line, size).unwrap();
        let end = || line.try_clone().unwrap();
        let program = Command::new(env!("CARGO_BIN_EXE_remetal"))
            .args(arguments)
            .env("TERM", term)
            .env_remove("COLORTERM")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        let keyboard = File::from(keyboard);
        let shown = read_all(keyboard.try_clone().unwrap());
        let (rows, columns) = if columns == 0 { (24, 80) } else { (rows, columns) };
        let screen = screen(columns, rows);
        Self { program, keyboard, line, shown, screen, bytes: Vec::new() }
    }

    /// Waits until the screen is as wanted.
    fn until(&mut self, what: &str, wanted: impl Fn(&str) -> bool) {
        let began = Instant::now();
        while !wanted(&self.screen.screen().contents()) {
            let text = self.screen.screen().contents();
            assert!(began.elapsed() < PATIENCE, "{what}; the screen is:\n{text}");
            let Ok(bytes) = self.shown.recv_timeout(Duration::from_millis(50)) else { continue };
            self.screen.process(&bytes);
            self.bytes.extend(bytes);
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.keyboard.write_all(bytes).unwrap();
    }

    /// Waits for the program's end, and checks that it leaves the terminal as it should be.
    fn ended(mut self) -> String {
        let status = self.program.wait().unwrap();
        assert!(status.success(), "{status}");
        let modes = tcgetattr(&self.line).unwrap().local_modes;
        assert!(modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG));
        while let Ok(bytes) = self.shown.recv_timeout(Duration::from_millis(200)) {
            self.screen.process(&bytes);
        }
        assert!(!self.screen.screen().hide_cursor(), "the cursor is left hidden");
        self.screen.screen().contents()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // It has ended, unless the test fails.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn screen(columns: u16, rows: u16) -> vt100::Parser {
    let some = |count| NonZeroU16::new(count).unwrap();
    vt100::Parser::new(some(rows), some(columns), 0)
}

fn read_all(mut from: File) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    receiver
}

fn is_home(text: &str) -> bool {
    text.contains("Back up this computer") && text.contains("Restore this computer")
}

#[test]
fn without_a_command_the_screens_come_up() {
    let mut seat = Seat::new(&[], "linux", (80, 25));
    seat.until("home", is_home);
    seat.until("frames", |text| text.contains('╔'));
    let modes = tcgetattr(&seat.line).unwrap().local_modes;
    assert!(!modes.intersects(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG));
    let text = String::from_utf8_lossy(&seat.bytes);
    assert!(!text.contains("\u{1b}[?1049h"), "the Linux console has no alternate screen");
    // A guest on a running system: the last choice is to leave.
    seat.send(b"\x1b[B");
    seat.until("the choice", |text| text.contains("► Check a backup"));
    seat.send(b"q");
    seat.until("the last choice", |text| text.contains("► Quit"));
    seat.send(b"\r");
    assert_eq!(seat.ended().trim(), "");
}

#[test]
fn a_serial_line_that_says_nothing_is_an_80x24_terminal_in_ascii() {
    let mut seat = Seat::new(&["screens", "--serial"], "vt220", (0, 0));
    seat.until("home", is_home);
    // But for the question whether UTF-8 is understood.
    let text = String::from_utf8_lossy(&seat.bytes).replace('é', "");
    assert!(text.is_ascii(), "{text}");
    assert!(!text.contains(";5;"), "a VT220 blinks at the colours of xterm");
    seat.until("80x24", |text| text.lines().count() == 24);
    // An arrow key in three pieces, as serial lines deliver it.
    for piece in [&b"\x1b"[..], b"[", b"B"] {
        seat.send(piece);
        thread::sleep(Duration::from_millis(20));
    }
    seat.until("the choice", |text| text.contains("> Check a backup"));
    kill_process(Pid::from_child(&seat.program), Signal::TERM).unwrap();
    assert_eq!(seat.ended().trim(), "");
}

#[test]
fn a_serial_terminal_that_answers_gets_its_size_and_its_glyphs() {
    let mut seat = Seat::new(&["screens", "--serial"], "vt220", (0, 0));
    let asked = |seat: &Seat| String::from_utf8_lossy(&seat.bytes).contains("\x1b[18t");
    while !asked(&seat) {
        let bytes = seat.shown.recv_timeout(PATIENCE).unwrap();
        seat.bytes.extend(bytes);
    }
    seat.screen = screen(100, 30);
    seat.send(b"\x1b[1;2R\x1b[8;30;100t\x1b[30;100R");
    seat.until("home", is_home);
    seat.until("frames", |text| text.contains('╔'));
    seat.until("the whole width", |text| {
        text.lines().any(|line| line.trim_end().len() > 98 && line.trim_end().ends_with("Remetal"))
    });
    let keys_below = |text: &str| text.lines().nth(29).is_some_and(|line| line.contains("F1 help"));
    seat.until("the whole height", keys_below);
    // With --serial the last choice on this running system is to leave, too.
    seat.send(b"\x1bOBq\r");
    seat.ended();
}

#[test]
fn a_notice_is_told() {
    let arguments = ["screens", "--ascii", "--notice", "Started again after a defect."];
    let mut seat = Seat::new(&arguments, "xterm-256color", (80, 24));
    seat.until("the notice", |text| text.contains("! Started again after a defect."));
    seat.until("home", is_home);
    assert!(String::from_utf8_lossy(&seat.bytes).is_ascii());
    seat.send(b"\x03");
    seat.ended();
}

#[test]
fn without_a_terminal_it_says_so() {
    let output = Command::new(env!("CARGO_BIN_EXE_remetal")).arg("screens").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("this is not a terminal") && told.contains("--help"), "{told}");
}
