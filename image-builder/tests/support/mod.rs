//! What all tests that boot the ISO share: the ISO itself, and how long its parts may take. The
//! times are for emulated processors on a busy machine; a good one needs a fraction.
#![allow(dead_code, reason = "each test file uses its own part of this")]

pub mod guest;
pub mod person;

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use vm::assets::debian::{boot, debian};
use vm::assets::disk::make_empty;
use vm::assets::drive::{DriveKind, make_drive};
use vm::assets::hash;
use vm::{After, Bus, Disk, Firmware, Machine, Writes, said, sh, target_directory};

/// From power on to the home screen, or to the end of a command that takes no time.
pub const BOOT: Duration = Duration::from_secs(240);
/// A whole disk read or written, with the proof.
pub const JOB: Duration = Duration::from_secs(900);
/// What people see happen at once.
pub const SOON: Duration = Duration::from_secs(90);

/// The two things to do, on the home screen.
pub const BACK_UP: &str = "Back up this computer";
pub const RESTORE: &str = "Restore this computer";

/// The ISO of this source tree, built if it is not up to date; or the one that the environment
/// variable `REMETAL_ISO` names.
pub fn iso() -> PathBuf {
    if let Some(iso) = env::var_os("REMETAL_ISO") {
        return PathBuf::from(iso);
    }
    let folder = target_directory().join("iso");
    fs::create_dir_all(&folder).unwrap();
    let iso = folder.join("remetal.iso");
    // Tests run in several processes: one builds, the others wait, and need not even ask whether
    // all is up to date, which takes a while too.
    let lock = File::create(folder.join("tests.lock")).unwrap();
    lock.lock().unwrap();
    let (built_in, run) = (folder.join("tests.run"), env::var("NEXTEST_RUN_ID").ok());
    if run.is_none() || fs::read_to_string(&built_in).ok() != run || !iso.exists() {
        build(&iso);
        fs::write(&built_in, run.unwrap_or_default()).unwrap();
    }
    iso
}

fn build(iso: &Path) {
    let built = Command::new(env!("CARGO_BIN_EXE_remetal-iso"))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .args(["build", "--output"])
        .arg(iso)
        .output()
        .unwrap();
    assert!(built.status.success(), "remetal-iso build: {}", said(&built));
}

/// The ISO as a disc or as a USB stick.
pub fn medium(bus: Bus) -> Disk {
    let disk = Disk::new(bus, iso()).writes(vm::Writes::Refused);
    if bus == Bus::Usb { disk.serial("REMETAL-STICK") } else { disk }
}

/// A machine that boots the ISO as a disc.
pub fn computer(name: &str, firmware: Firmware) -> vm::Builder {
    Machine::builder(name).firmware(firmware).disk(medium(Bus::Cd))
}

/// Runs a script in a machine, which must do all of it; returns what it printed.
pub fn run(builder: vm::Builder, script: &str, patience: Duration) -> String {
    let mut machine = builder.script(script, After::PowerOff).start().unwrap();
    let outcome = machine.outcome(patience).unwrap();
    assert_eq!(outcome.exit_code, 0, "{}", outcome.output);
    assert_eq!(machine.wait_off(BOOT).unwrap(), vm::End::Off);
    outcome.output
}

/// The home screen is there, and whole.
pub fn assert_home(machine: &mut Machine) {
    machine.wait_for_screen(BACK_UP, BOOT).unwrap();
    machine.wait_for_screen(RESTORE, SOON).unwrap();
}

/// The drive and the replacement disk, in MiB. The Debian's disk has 1300.
pub const DRIVE: u64 = 2048;
pub const REPLACEMENT: u64 = 1500;

/// A computer's disk, a drive that it is saved to, and the disk that takes its place.
pub struct Move {
    pub source: PathBuf,
    pub drive: PathBuf,
    pub replacement: PathBuf,
    /// The line that the system on the source prints when it starts.
    marker: String,
    before: String,
    _folder: TempDir,
}

impl Move {
    /// A Debian, a drive of this kind, and an empty disk.
    pub fn of_a_debian(kind: DriveKind) -> Self {
        let debian = debian().unwrap();
        let folder = vm::scratch().unwrap();
        let [source, drive, replacement] =
            ["source", "drive", "replacement"].map(|name| folder.path().join(name));
        sh(&format!("cp --sparse=always {} {}", debian.disk.display(), source.display())).unwrap();
        make_drive(&drive, kind, DRIVE).unwrap();
        make_empty(&replacement, REPLACEMENT).unwrap();
        let before = hash(&source).unwrap();
        Self { source, drive, replacement, marker: debian.marker, before, _folder: folder }
    }

    /// Not a byte of the source has changed.
    pub fn assert_source_as_it_was(&self) {
        assert_eq!(self.before, hash(&self.source).unwrap(), "the source has changed");
    }

    /// The system on the replacement starts and is the one that was saved.
    pub fn assert_replacement_starts(&self, firmware: Firmware) {
        let disk = Disk::new(Bus::VirtioBlk, &self.replacement).writes(Writes::Dropped);
        assert_eq!(boot(disk, firmware).unwrap(), self.marker, "{firmware:?}");
    }
}
