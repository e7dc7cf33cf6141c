//! `remetal`: captures whole-disk images of offline computers and restores them.
//!
//! Wiring only: each command turns its arguments into one call of the engine, and what comes back
//! into text or JSON. Nothing here decides what is read or written.

mod answer;
mod blank;
mod boot_medium;
mod cli;
mod commands;
mod culprit;
mod destination;
mod failure;
mod look;
mod machine;
mod run;
mod saved;
mod signals;
mod source;
mod target;
mod terminal;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::parse() {
        Ok((command, json)) => commands::run(&command, json).print(json),
        Err(error) => answer::usage(&error),
    }
}
