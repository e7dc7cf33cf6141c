//! Makes a drive ready for backups: all of it becomes one volume.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use engine::{Cancel, EngineError};
use filesystem::Kind;
use hardware::{Disk, Roots};
use report::content;
use tui::Holdings;
use tui::job::{ConfirmedFormat, Ending, FormatDone, FormatRequest, NewFilesystem, News, Trouble};

use super::drives::Mounted;
use super::gate::Use;
use super::teller::Teller;
use super::trouble::{OrTrouble, before_writing, refused};
use super::volume::Volume;
use super::{ThisComputer, places, still_there};
use crate::run::run;
use crate::{boot_medium, target};

/// What the volume is called.
const LABEL: &str = "Backups";
/// How long the kernel may take to show the new partition.
const APPEARS_WITHIN: Duration = Duration::from_secs(10);

/// See [`tui::job::Work::Format`].
pub fn format(
    computer: &ThisComputer,
    confirmed: &ConfirmedFormat,
    told: &(dyn Fn(News) + Sync),
    cancel: &Cancel,
) -> Result<FormatDone, Trouble> {
    let request = confirmed.request();
    let _claim = computer.claim(&[&request.disk.path], Use::Work)?;
    let disk = still_there(&request.disk)?;
    check_unused(&disk)?;
    check_unchanged(&disk, request)?;
    if cancel.is_cancelled() {
        return Err(before_writing(EngineError::Cancelled));
    }
    let disk = still_there(&disk)?;
    write(&disk, request.filesystem, Teller(told)).map_err(half_made)?;
    Ok(FormatDone { disk, filesystem: request.filesystem })
}

/// The same refusals as for a restore onto it.
fn check_unused(disk: &Disk) -> Result<(), Trouble> {
    if boot_medium::at(&disk.path).is_some() {
        let words = format!("This drive is {}.", boot_medium::IN_WORDS);
        return Err(refused(&words, disk.path.display().to_string()));
    }
    let usage = hardware::usage(&Roots::default(), &disk.path).or_trouble()?;
    let Some(first) = usage.reasons.first() else { return Ok(()) };
    let details = usage.reasons.iter().map(ToString::to_string).collect();
    Err(Trouble { details, ..Trouble::refused(&target::in_plain_words(first)) })
}

/// What is on the drive must be what the person was shown, to the byte and with each backup.
fn check_unchanged(disk: &Disk, request: &FormatRequest) -> Result<(), Trouble> {
    let (report, now) = places::holdings(disk);
    if now == request.held {
        return Ok(());
    }
    let words: Vec<String> =
        content::of_disk(&report).into_iter().map(|content| content.words).collect();
    let details = vec![
        format!("now there is: {}", words.join(", ")),
        format!("backups: {}", listed(&now)),
        format!("backups when you agreed: {}", listed(&request.held)),
    ];
    let what = "What is on the drive is not what it was when you agreed.";
    let next = "Go back, look at what is on it now, and decide again.".to_owned();
    Err(Trouble { next, details, ..Trouble::refused(what) })
}

/// The names of the backups, for technicians.
fn listed(held: &Holdings) -> String {
    let names = held.backups();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn half_made(reason: String) -> Trouble {
    Trouble {
        end: Ending::Failed,
        what: "The drive could not be made ready.".to_owned(),
        unharmed: "No other disk was written to. What was on this drive is lost, as you agreed."
            .to_owned(),
        next: "Take it out, put it in again, and try once more. If that fails too, take another \
               drive."
            .to_owned(),
        details: vec![reason],
    }
}

/// Writes the drive. The error is for technicians.
fn write(disk: &Disk, filesystem: NewFilesystem, teller: Teller<'_>) -> Result<(), String> {
    teller.note("Removing what is on the drive");
    wipe(disk)?;
    // Names of disks that have gone are given to the next ones.
    still_there(disk).map_err(|trouble| trouble.what)?;
    teller.note("Writing a new partition table");
    make_table(&disk.path, filesystem)?;
    let partition = wait_for_partition(&disk.path)?;
    teller.note("Making an empty filesystem");
    make_filesystem(&partition, filesystem)?;
    teller.note("Trying it out");
    try_out(&partition, filesystem)
}

fn wipe(disk: &Disk) -> Result<(), String> {
    let partitions = disk.partitions.iter().map(|partition| partition.path.as_path());
    for node in partitions.chain([disk.path.as_path()]) {
        run("wipefs", &["--all", "--force", "--quiet", &text(node)?], "")
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// A GPT with one partition from 1 MiB to the end.
fn make_table(node: &Path, filesystem: NewFilesystem) -> Result<(), String> {
    let kind = match filesystem {
        // Microsoft basic data; Linux filesystem.
        NewFilesystem::ExFat => "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7",
        NewFilesystem::Ext4 => "0FC63DAF-8483-4772-8E79-3D69D8477DE4",
    };
    let script = format!("label: gpt\nstart=1MiB, type={kind}, name={LABEL}\n");
    let arguments = ["--quiet", "--wipe", "always", "--wipe-partitions", "always", &text(node)?];
    run("sfdisk", &arguments, &script).map(drop).map_err(|error| error.to_string())
}

/// The node of the only partition, once the kernel shows it.
fn wait_for_partition(node: &Path) -> Result<PathBuf, String> {
    let until = Instant::now() + APPEARS_WITHIN;
    loop {
        let disk = hardware::disk_at(&Roots::default(), node).map_err(|error| error.to_string())?;
        if let [partition] = disk.partitions.as_slice()
            && partition.path.exists()
        {
            return Ok(partition.path.clone());
        }
        if Instant::now() >= until {
            return Err(format!(
                "the kernel does not show the new partition of {}",
                node.display()
            ));
        }
        thread::sleep(Duration::from_millis(100));
    }
}

fn make_filesystem(node: &Path, filesystem: NewFilesystem) -> Result<(), String> {
    let node = text(node)?;
    let made = match filesystem {
        NewFilesystem::ExFat => run("mkfs.exfat", &["-L", LABEL, &node], ""),
        // No part of it is kept back for the administrator.
        NewFilesystem::Ext4 => run("mkfs.ext4", &["-q", "-F", "-m", "0", "-L", LABEL, &node], ""),
    };
    made.map(drop).map_err(|error| error.to_string())
}

fn try_out(partition: &Path, filesystem: NewFilesystem) -> Result<(), String> {
    let expected = match filesystem {
        NewFilesystem::ExFat => Kind::ExFat,
        NewFilesystem::Ext4 => Kind::Ext4,
    };
    let (volume, _) = Volume::at(partition).map_err(|failure| failure.message)?;
    if volume.kind != expected || volume.label.as_deref() != Some(LABEL) {
        return Err(format!("{} holds {} now", partition.display(), volume.kind));
    }
    let mounted = Mounted::writing(&volume)?;
    mounted.finish().map_err(|error| format!("unmounting {}: {error}", partition.display()))
}

fn text(node: &Path) -> Result<String, String> {
    let text = node.to_str().ok_or_else(|| format!("{} is no text", node.display()))?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Partitions of files shown as disks have no nodes here: the volume is the whole disk.
    #[test]
    fn a_filesystem_that_was_made_can_be_used() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("drive");
        let make = format!("truncate -s 64M {0}; losetup --find --show {0}", file.display());
        let node = PathBuf::from(vm::sh(&make).unwrap().trim());
        let ext4 = make_filesystem(&node, NewFilesystem::Ext4)
            .and_then(|()| try_out(&node, NewFilesystem::Ext4));
        let other = try_out(&node, NewFilesystem::ExFat);
        let exfat = make_filesystem(&node, NewFilesystem::ExFat);
        let volume = Volume::at(&node);
        vm::sh(&format!("losetup --detach {}", node.display())).unwrap();
        ext4.unwrap();
        exfat.unwrap();
        assert!(other.unwrap_err().ends_with("holds ext4 now"));
        let volume = volume.unwrap().0;
        assert_eq!((volume.kind, volume.label.as_deref()), (Kind::ExFat, Some(LABEL)));
    }
}
