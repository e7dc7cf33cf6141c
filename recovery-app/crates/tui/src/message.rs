use std::time::Duration;

use hardware::Disk;

use crate::console::Glyphs;
use crate::input::Key;
use crate::machine::{DisksSeen, End, Look};

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// A key was pressed.
    Key(Key),
    /// This much time has passed since the start.
    Tick(Duration),
    /// The screen has this many columns and lines now.
    Resized(u16, u16),
    /// The terminal has told which characters it has.
    Glyphs(Glyphs),
    /// The disks that are there now.
    Disks(DisksSeen),
    /// A [`Command::Look`] has come back.
    Looked {
        /// That of the command.
        ticket: u64,
        /// What was found.
        look: Box<Look>,
    },
    /// A [`Command::End`] was not obeyed, and why.
    EndFailed(End, String),
}

/// Something to be done outside of the state machine, on a thread of its own.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Look at what is on a disk.
    Look {
        /// Comes back with the answer.
        ticket: u64,
        /// Which.
        disk: Box<Disk>,
    },
    /// End or restart the computer.
    End(End),
    /// A shell on this terminal, until it ends.
    Shell,
    /// Draw all of the screen again.
    Redraw,
    /// Leave the program.
    Quit,
}
