use std::time::Duration;

use hardware::Disk;

use crate::console::Glyphs;
use crate::input::Key;
use crate::job::{
    BackupPlan, BackupRequest, Done, News, RestorePlan, RestoreRequest, Trouble, Work,
};
use crate::machine::{DisksSeen, End, Look};
use crate::tool::{Facts, Tool};

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
    /// A [`Command::PlanBackup`] has come back.
    BackupPlanned(Box<BackupRequest>, Box<Result<BackupPlan, Trouble>>),
    /// A [`Command::PlanRestore`] has come back.
    RestorePlanned(Box<RestoreRequest>, Box<Result<RestorePlan, Trouble>>),
    /// The work goes on.
    News(News),
    /// The work has ended.
    Ended(Box<Result<Done, Trouble>>),
    /// A [`Command::Use`] has come back.
    Used(Tool, Result<String, String>),
    /// A [`Command::AskFacts`] has come back.
    Facts(Box<Facts>),
    /// A [`Command::End`] was not obeyed, and why.
    EndFailed(End, String),
    /// A [`Command::End`] was not obeyed: this is at work in other processes, a sentence for each.
    AtWorkElsewhere(End, Vec<String>),
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
    /// Say what a backup would do.
    PlanBackup(Box<BackupRequest>),
    /// Nobody waits any more for what a backup would do: the disks are let go.
    ForgetPlan,
    /// Say what a restore would do.
    PlanRestore(Box<RestoreRequest>),
    /// Begin a piece of work. None other goes on.
    Begin(Work),
    /// Stop the work that goes on, at the next chunk.
    Stop,
    /// Use a tool.
    Use(Tool),
    /// Say what there is to know about the computer.
    AskFacts,
    /// End or restart the computer, in spite of this work in other processes, but of no other: see
    /// [`Machine::at_work_elsewhere`](crate::Machine::at_work_elsewhere).
    End(End, Vec<String>),
    /// A shell on this terminal, until it ends.
    Shell,
    /// Draw all of the screen again.
    Redraw,
    /// Leave the program.
    Quit,
}
