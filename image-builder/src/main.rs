//! `remetal-iso`: builds the bootable ISO from Debian packages and writes it to a stick.

mod cli;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use image_builder::{Order, Report, build};

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let Command::Build(arguments) = Cli::parse().command;
    let order = Order {
        output: arguments.output,
        cache: arguments.cache,
        lists: arguments.lists,
        firmware: !arguments.without_firmware,
        append: arguments.append.join(" "),
        update: arguments.update,
    };
    match build(&order, &Report::default()) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            let guidance = error.guidance();
            // Standard error may be closed; the exit code still tells.
            let _ = writeln!(std::io::stderr(), "remetal-iso: {error}\n  {guidance}");
            ExitCode::FAILURE
        }
    }
}
