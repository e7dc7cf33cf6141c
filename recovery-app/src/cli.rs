//! The command line.

use std::io::{IsTerminal, stdin, stdout};
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use engine::capture::Level;

use crate::answer::EXIT_CODES;
use report::size;

/// Captures whole-disk images of offline computers and restores them.
#[derive(Debug, Parser)]
#[command(name = "remetal", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// One JSON document on standard output; progress as JSON lines on standard error.
    #[arg(long, global = true)]
    pub json: bool,
    /// Without a command: screens.
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The screens, on this terminal. What `remetal` without a command does.
    #[command(after_help = EXIT_CODES)]
    Screens(ScreensArgs),
    /// List the disks of this computer and what is on them.
    #[command(after_help = EXIT_CODES)]
    Disks,
    /// Show one disk, raw disk image or backup.
    #[command(after_help = EXIT_CODES)]
    Info(InfoArgs),
    /// Make a backup of a disk: a new folder in DEST_DIR.
    #[command(after_help = EXIT_CODES)]
    Capture(CaptureArgs),
    /// Read a backup and check everything in it.
    #[command(after_help = EXIT_CODES)]
    Verify(VerifyArgs),
    /// Show what a restore would do, and the word that confirms it. Writes nothing.
    #[command(after_help = EXIT_CODES)]
    Plan(PlanArgs),
    /// Overwrite a disk with a backup.
    #[command(after_help = EXIT_CODES)]
    Restore(RestoreArgs),
}

#[derive(Debug, Default, Args)]
pub struct ScreensArgs {
    /// Nothing but ASCII, for terminals that show no lines and blocks.
    #[arg(long)]
    pub ascii: bool,
    /// The terminal is at the other end of a serial line: it is asked for its size.
    #[arg(long)]
    pub serial: bool,
    /// Something to be told on the first screen.
    #[arg(long, value_name = "TEXT")]
    pub notice: Option<String>,
}

#[derive(Debug, Args)]
pub struct InfoArgs {
    /// A block device, a raw disk image, or a backup (its folder or image).
    #[arg(value_name = "DISK|BACKUP")]
    pub subject: PathBuf,
    /// Logical sector size of a raw disk image, where its partition table does not tell.
    #[arg(long, value_name = "BYTES", value_parser = sector_size)]
    pub sector_size: Option<u32>,
}

#[derive(Debug, Args)]
pub struct CaptureArgs {
    /// A block device or a raw disk image. A disk and all its partitions are set read-only in
    /// the kernel first, and stay so.
    pub source: PathBuf,
    /// An existing folder on another disk.
    pub dest_dir: PathBuf,
    /// Name of the backup's folder [default: model or file name, and today's date].
    #[arg(long)]
    pub name: Option<String>,
    /// Only these partitions, by number, and outside of partitions only tables and boot code.
    #[arg(long, value_name = "N,N,...", value_delimiter = ',')]
    pub partitions: Option<Vec<u32>>,
    /// Every sector, used or not.
    #[arg(long)]
    pub all_sectors: bool,
    /// Zstandard level from 1 to 19, or `auto`: as hard as time allows.
    #[arg(long, value_name = "N|auto", default_value_t = Level::DEFAULT)]
    pub level: Level,
    /// Cut the image into files of this size, such as 700M or 4GiB [default: what the
    /// destination can hold in one file].
    #[arg(long, value_name = "SIZE", value_parser = part_size)]
    pub part_size: Option<u64>,
    /// Do not read the backup back at the end.
    #[arg(long)]
    pub no_verify: bool,
    /// Logical sector size of a raw disk image, where its partition table does not tell.
    #[arg(long, value_name = "BYTES", value_parser = sector_size)]
    pub sector_size: Option<u32>,
}

#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The folder of a backup, its image, or a part of it.
    pub backup: PathBuf,
}

#[derive(Debug, Args)]
pub struct PlanArgs {
    /// The folder of a backup, its image, or a part of it.
    pub backup: PathBuf,
    /// A whole disk, or a file; a file that does not exist gets the size of the captured disk.
    pub target: PathBuf,
}

#[derive(Debug, Args)]
pub struct RestoreArgs {
    #[command(flatten)]
    pub plan: PlanArgs,
    /// The word that `remetal plan` shows: the last four characters of the target's serial
    /// number, with the kernel's name where another disk has the same (`5678-sdd`); that name
    /// alone where there is no number; of a file, the end of its name.
    #[arg(long, value_name = "WORD")]
    pub confirm: String,
    /// Do not read the target back at the end.
    #[arg(long)]
    pub no_verify: bool,
}

/// What was asked for, and whether the answer is to be JSON. Without a command that is the
/// screens, where there is a terminal; a script that forgot the command is told so.
pub fn parse() -> Result<(Command, bool), clap::Error> {
    let Cli { json, command } = Cli::try_parse()?;
    let is_seen = !json && stdin().is_terminal() && stdout().is_terminal();
    match command {
        Some(command) => Ok((command, json)),
        None if is_seen => Ok((Command::Screens(ScreensArgs::default()), json)),
        None => {
            let message = "a command is needed where there is no terminal for the screens";
            Err(Cli::command().error(ErrorKind::MissingSubcommand, message))
        }
    }
}

/// Smaller parts than this, in bytes, are a slip of the pen.
const SMALLEST_PART: u64 = 1 << 20;

fn part_size(text: &str) -> Result<u64, String> {
    let size = size::parse(text)?;
    if size < SMALLEST_PART {
        return Err("a part has at least 1MiB".to_owned());
    }
    Ok(size)
}

fn sector_size(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(size @ (512 | 1024 | 2048 | 4096)) => Ok(size),
        _ => Err("a sector has 512, 1024, 2048 or 4096 bytes".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
