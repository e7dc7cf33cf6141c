//! A person in front of the computer: looks at the screen, presses keys, and waits until what is
//! to come is there.

use std::time::Duration;

use vm::Machine;

use super::{BACK_UP, BOOT, SOON};

/// Where the person sits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seat {
    /// At the computer's own keyboard and screen.
    Screen,
    /// At a terminal on the serial line.
    Serial,
}

/// Keys that are no letters.
#[derive(Debug, Clone, Copy)]
pub enum Key {
    Enter,
    Right,
    Up,
    Down,
    Space,
    Esc,
}

/// A person at a machine that has been started.
pub struct Person {
    pub machine: Machine,
    pub seat: Seat,
    /// Looks that were taken so far: each has an answer of its own.
    looks: u32,
}

impl Person {
    /// Waits for the first screen. At the computer's own screen, the serial line has a shell from
    /// then on, through which that screen is read.
    pub fn sit_down(mut machine: Machine, seat: Seat) -> Self {
        machine.wait_for_screen(BACK_UP, BOOT).unwrap();
        let mut person = Self { machine, seat, looks: 0 };
        if seat == Seat::Screen {
            person.open_eyes();
            person.sees(BACK_UP, SOON);
        }
        person
    }

    /// Makes a shell of the serial line.
    fn open_eyes(&mut self) {
        self.machine.send("s").unwrap();
        // In ASCII: the harness does not answer when the terminal is asked what it knows.
        self.machine.wait_for_screen("> Shell", SOON).unwrap();
        self.machine.send("\r").unwrap();
        self.machine.wait_for("Type exit to come back", SOON).unwrap();
        self.machine.send("stty -echo; PS1=\r").unwrap();
    }

    /// Waits until a text stands in one line of the screen.
    pub fn sees(&mut self, text: &str, patience: Duration) {
        if self.seat == Seat::Serial {
            let seen = self.machine.wait_for_screen(text, patience);
            return seen.unwrap_or_else(|error| panic!("no {text} on the screen: {error}"));
        }
        // The kernel gives the letters of a console, those of code page 437 as bytes.
        self.waits_for(&format!("grep -aqF '{text}' /dev/vcs1"), patience);
    }

    /// Waits until the computer's own screen has so many rows and columns of letters.
    pub fn sees_letters(&mut self, rows: u32, columns: u32) {
        self.waits_for(&format!("stty -F /dev/tty1 size | grep -qx '{rows} {columns}'"), SOON);
    }

    /// Waits until a command of the shell succeeds.
    fn waits_for(&mut self, command: &str, patience: Duration) {
        self.looks += 1;
        let look =
            format!("until {command}; do sleep 0.3; done; echo seen=$((0+{}))\r", self.looks);
        self.machine.send(&look).unwrap();
        let seen = self.machine.wait_for(&format!("seen={}", self.looks), patience);
        seen.unwrap_or_else(|error| panic!("waited for {command}: {error}"));
    }

    /// Presses a key.
    pub fn presses(&mut self, key: Key) {
        let (name, bytes) = match key {
            Key::Enter => ("ret", "\r"),
            Key::Esc => ("esc", "\x1b"),
            Key::Up => ("up", "\x1b[A"),
            Key::Down => ("down", "\x1b[B"),
            Key::Space => ("spc", " "),
            Key::Right => ("right", "\x1b[C"),
        };
        match self.seat {
            Seat::Screen => self.machine.press(name).unwrap(),
            Seat::Serial => self.machine.send(bytes).unwrap(),
        }
    }

    /// Waits for the page with that text, and presses Enter on it.
    pub fn goes_on_from(&mut self, text: &str, patience: Duration) {
        self.sees(text, patience);
        self.presses(Key::Enter);
    }

    /// Types letters.
    pub fn types(&mut self, text: &str) {
        match self.seat {
            Seat::Screen => self.machine.type_keys(text).unwrap(),
            Seat::Serial => self.machine.send(text).unwrap(),
        }
    }

    /// Takes a picture of the computer's screen, for people to look at.
    pub fn takes_a_picture(&mut self, name: &str) {
        let file = vm::target_directory().join(format!("vm-pictures/{name}.png"));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        self.machine.screenshot(&file).unwrap();
    }
}
