//! One file for each command.

mod capture;
mod capture_text;
mod disks;
mod info;
mod plan;
mod restore;
mod screens;
mod verify;

use std::sync::Arc;

use crate::answer::End;
use crate::cli::Command;
use crate::terminal::Terminal;

/// Runs what was asked for.
pub fn run(command: &Command, json: bool) -> End {
    let terminal = Arc::new(Terminal::new(json));
    End(match command {
        Command::Screens(arguments) => screens::run(arguments),
        Command::Disks => disks::run(),
        Command::Info(arguments) => info::run(arguments),
        Command::Capture(arguments) => capture::run(arguments, &terminal),
        Command::Verify(arguments) => verify::run(arguments, &terminal),
        Command::Plan(arguments) => plan::run(arguments),
        Command::Restore(arguments) => restore::run(arguments, &terminal),
    })
}
