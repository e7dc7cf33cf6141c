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
    #[arg(long, value_name = "OPTIONS", allow_hyphen_values = true, value_parser = for_grub)]
    pub append: Vec<String>,
    /// Ask for new package lists even if those here are of today
    #[arg(long)]
    pub update: bool,
}

/// Options that GRUB's script language hands on as they are (GNU GRUB manual, "Quoting"): one that
/// does not would spoil the whole menu.
fn for_grub(options: &str) -> Result<String, String> {
    let special = |letter: char| letter.is_control() || "'\\;&|<>{}$".contains(letter);
    let lone_quote = (options.matches('"').count() % 2 == 1).then_some('"');
    match options.chars().find(|letter| special(*letter)).or(lone_quote) {
        Some(letter) => Err(format!(
            "GRUB does not take {letter:?} as it is; in remetal.run= it can be written as %{:02X}",
            u32::from(letter)
        )),
        None => Ok(options.to_owned()),
    }
}

/// A place in the source tree that this program was built from, wherever it is run.
fn place(path: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    root.unwrap_or(Path::new(".")).join(path)
}

#[cfg(test)]
mod tests {
    use super::for_grub;

    #[test]
    fn options_that_would_spoil_the_menu_are_refused() {
        for good in ["remetal.keymap=de", "remetal.run=\"remetal disks\" a", "x=%27,y"] {
            assert_eq!(for_grub(good).as_deref(), Ok(good));
        }
        for bad in ["it's", "a;b", "a|b", "}", "x=\"a", "a\nb", "$HOME"] {
            assert!(for_grub(bad).is_err(), "{bad}");
        }
    }
}
