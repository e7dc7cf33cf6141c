//! `remetal-iso`: builds the bootable ISO from Debian packages and writes it to a stick.

mod cli;

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use image_builder::{Order, Report, StickError, build, stick};

use crate::cli::{BuildArgs, Cli, Command, WriteArgs};

/// The exit codes are those of `remetal`.
const FAILED: u8 = 1;
const REFUSED: u8 = 3;

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Build(arguments) => run_build(arguments),
        Command::Write(arguments) => run_write(&arguments),
    }
}

fn run_build(arguments: BuildArgs) -> ExitCode {
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
        Err(error) => fail("failed", &error, &error.guidance(), FAILED),
    }
}

fn run_write(arguments: &WriteArgs) -> ExitCode {
    let Some(word) = &arguments.confirm else {
        return match stick::look(&arguments.iso, &arguments.disk) {
            Ok(plan) => {
                say(&plan);
                ExitCode::from(REFUSED)
            }
            Err(error) => fail_write(&error),
        };
    };
    let plan = stick::look(&arguments.iso, &arguments.disk);
    let confirmed = plan.and_then(|plan| plan.confirm(word));
    match confirmed.and_then(|confirmed| stick::write(&confirmed, &Report::default())) {
        Ok(written) => {
            say(&format!("verified: {} bytes were written and read back", written.bytes));
            ExitCode::SUCCESS
        }
        Err(error) => fail_write(&error),
    }
}

fn fail_write(error: &StickError) -> ExitCode {
    match error {
        StickError::Refused { .. } => fail("refused", error, &error.guidance(), REFUSED),
        _ => fail("failed", error, &error.guidance(), FAILED),
    }
}

/// Prints lines. Nobody may be reading them: the exit code still tells.
fn say(text: &dyn Display) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn fail(verdict: &str, error: &dyn Display, guidance: &str, code: u8) -> ExitCode {
    let text = format!("remetal-iso: {verdict}: {error}\n  {guidance}");
    let _ = writeln!(std::io::stderr(), "{}", text.trim_end());
    ExitCode::from(code)
}
