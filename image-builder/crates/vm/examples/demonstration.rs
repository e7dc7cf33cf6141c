//! A computer to try the ISO on: a Debian on an NVMe disk, an empty replacement disk, and a USB
//! drive. Captures the one to the drive, restores it onto the other, and starts what was
//! restored; or leaves the computer to the person. `scripts/run` builds the ISO and calls this.

#![expect(clippy::print_stdout, reason = "it talks to the person who started it")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use vm::assets::debian::{Debian, boot, debian};
use vm::assets::disk::make_empty;
use vm::assets::drive::{DriveKind, make_drive};
use vm::{After, Builder, Bus, Console, Disk, Firmware, Machine, Outcome, sh, target_directory};

/// The replacement disk and the drive, in MiB. The Debian has 1300.
const REPLACEMENT: u64 = 2048;
const DRIVE: u64 = 4096;
/// A capture and a restore on an emulated processor.
const PATIENCE: Duration = Duration::from_secs(1800);

/// What is done in the computer, step by step. The word that confirms the restore is the end of
/// the replacement disk's serial number.
const SCRIPT: &str = "\
say() { printf '\\n== %s\\n' \"$*\"; }
set -e
say 'The disks of this computer'
remetal disks
mkdir -p /mnt/drive
mount -t ntfs3,ntfs /dev/sda1 /mnt/drive
say 'Capturing the Debian disk to the USB drive'
remetal capture /dev/nvme0n1 /mnt/drive --name demonstration
say 'What restoring it onto the replacement disk would do'
remetal plan /mnt/drive/demonstration /dev/vda
say 'Restoring it'
remetal restore /mnt/drive/demonstration /dev/vda --confirm 7f3a
umount /mnt/drive
";

/// Boots the ISO on a computer made for trying it.
#[derive(Debug, Parser)]
struct Options {
    /// The ISO.
    #[arg(long)]
    iso: PathBuf,
    /// SeaBIOS (the default).
    #[arg(long, group = "firmware")]
    bios: bool,
    /// UEFI.
    #[arg(long, group = "firmware")]
    uefi: bool,
    /// UEFI that starts only what is signed.
    #[arg(long, group = "firmware")]
    secure_boot: bool,
    /// The computer's screen in a window, for playing by hand.
    #[arg(long, conflicts_with = "serial")]
    window: bool,
    /// The computer's serial line in this terminal, for playing by hand. Ctrl-A X ends it.
    #[arg(long)]
    serial: bool,
    /// Do the demonstration, in the window if there is one. It is done by itself without
    /// --window and --serial.
    #[arg(long, conflicts_with = "serial")]
    demo: bool,
    /// Memory of the computer in MiB.
    #[arg(long, default_value_t = 512)]
    memory: u32,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let debian = debian()?;
    let by_hand = options.serial || (options.window && !options.demo);
    let disks = Disks::make(&debian.disk)?;
    let computer = options.computer(&disks);
    if by_hand {
        return play(computer, options.serial);
    }
    demonstrate(computer, &debian, &disks, options.firmware())
}

impl Options {
    fn firmware(&self) -> Firmware {
        match (self.uefi, self.secure_boot) {
            (true, _) => Firmware::Uefi,
            (_, true) => Firmware::SecureBoot,
            _ => Firmware::Bios,
        }
    }

    fn computer(&self, disks: &Disks) -> Builder {
        let console = match (self.serial, self.window) {
            (true, _) => Console::Terminal,
            (_, true) => Console::Window,
            _ => Console::Hidden,
        };
        Machine::builder("demonstration")
            .firmware(self.firmware())
            .memory(self.memory)
            .console(console)
            .disk(Disk::new(Bus::Cd, &self.iso))
            .disk(Disk::new(Bus::Nvme, &disks.debian).serial("DEBIAN-C0DE"))
            .disk(Disk::new(Bus::VirtioBlk, &disks.replacement).serial("EMPTY-7F3A"))
            .disk(Disk::new(Bus::Usb, &disks.drive).serial("BACKUPS-0001"))
    }
}

/// The files of the computer's disks.
struct Disks {
    debian: PathBuf,
    replacement: PathBuf,
    drive: PathBuf,
}

impl Disks {
    /// Makes all of them anew in `target/demonstration`.
    fn make(debian: &Path) -> Result<Disks, Box<dyn Error>> {
        let folder = target_directory().join("demonstration");
        fs::create_dir_all(&folder)?;
        let file = |name: &str| folder.join(name);
        let disks = Disks {
            debian: file("debian.img"),
            replacement: file("replacement.img"),
            drive: file("drive.img"),
        };
        sh(&format!("cp --sparse=always {} {}", debian.display(), disks.debian.display()))?;
        make_empty(&disks.replacement, REPLACEMENT)?;
        make_drive(&disks.drive, DriveKind::Ntfs, DRIVE)?;
        Ok(disks)
    }
}

/// Leaves the computer to the person until it is off.
fn play(computer: Builder, serial: bool) -> Result<(), Box<dyn Error>> {
    if serial {
        println!("Ctrl+A X switches the computer off.");
    }
    let mut machine = computer.start()?;
    while machine.is_on() {
        thread::sleep(Duration::from_secs(1));
    }
    Ok(())
}

fn demonstrate(
    computer: Builder,
    debian: &Debian,
    disks: &Disks,
    firmware: Firmware,
) -> Result<(), Box<dyn Error>> {
    println!("== Starting the ISO by {firmware}, which takes a while on an emulated processor");
    let outcome = follow(computer.script(SCRIPT, After::PowerOff))?;
    if outcome.exit_code != 0 {
        return Err(format!("the demonstration ended with code {}", outcome.exit_code).into());
    }
    println!("\n== Taking out the old disk, and starting the computer from the new one");
    let line = boot(Disk::new(Bus::VirtioBlk, &disks.replacement), plain(firmware))?;
    println!("It says: {line}");
    if line != debian.marker {
        return Err(format!("the old disk said: {}", debian.marker).into());
    }
    println!("\nThe restored system has started, and found all of its files as they were.");
    Ok(())
}

/// The Debian has a GRUB of its own that nobody signed.
fn plain(firmware: Firmware) -> Firmware {
    if firmware == Firmware::SecureBoot { Firmware::Uefi } else { firmware }
}

/// Prints what the script prints, until its end. What comes before it is the firmware, GRUB and
/// the kernel.
fn follow(computer: Builder) -> Result<Outcome, Box<dyn Error>> {
    let start = Instant::now();
    let mut machine = computer.start()?;
    let mut begun = false;
    let outcome = machine.outcome_line_by_line(PATIENCE, |line| {
        if !begun && line.starts_with("== ") {
            begun = true;
            println!("(up after {} s)\n", start.elapsed().as_secs());
        }
        if begun {
            println!("{line}");
        }
    })?;
    machine.wait_off(PATIENCE)?;
    Ok(outcome)
}
