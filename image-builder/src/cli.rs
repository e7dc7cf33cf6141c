//! The command line of `remetal-iso`.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "remetal-iso",
    version,
    about = "Builds the bootable ISO and writes it to a stick"
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Builds the ISO from Debian packages
    Build(BuildArgs),
    /// Writes the ISO to a stick; everything on the stick is lost
    Write(WriteArgs),
}

#[derive(Args)]
pub struct WriteArgs {
    /// The stick, as a whole disk such as /dev/sdb
    pub disk: PathBuf,
    /// The ISO
    #[arg(long, value_name = "FILE", default_value_os_t = place("target/iso/remetal.iso"))]
    pub iso: PathBuf,
    /// The word that the same command prints without this option
    #[arg(long, value_name = "WORD")]
    pub confirm: Option<String>,
}

#[derive(Args)]
pub struct BuildArgs {
    /// The ISO
    #[arg(long, value_name = "FILE", default_value_os_t = place("target/iso/remetal.iso"))]
    pub output: PathBuf,
    /// Where packages and finished steps are kept
    #[arg(long, value_name = "FOLDER", default_value_os_t = place("target/iso/cache"))]
    pub cache: PathBuf,
    /// The lists of modules, tools and firmware
    #[arg(long, value_name = "FOLDER", default_value_os_t = place("initramfs/lists"))]
    pub lists: PathBuf,
    /// Leave out firmware that is not free software
    #[arg(long)]
    pub without_firmware: bool,
    /// Add to the kernel's options in every entry of the menu
    #[arg(long, value_name = "OPTIONS", allow_hyphen_values = true)]
    pub append: Vec<String>,
    /// Ask for new package lists even if those here are of today
    #[arg(long)]
    pub update: bool,
}

/// A place in the source tree that this program was built from, wherever it is run.
fn place(path: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    root.unwrap_or(Path::new(".")).join(path)
}
