//! How a backup is made and put back with commands, for the disks that are attached.

use std::cmp::Reverse;

use hardware::{Bus, Disk};
use report::content::Role;
use report::disk::VolumeReport;

use super::page::Piece;
use crate::disks::Known;
use crate::machine::Surroundings;
use crate::state::Shared;
use crate::widgets::card;
use crate::widgets::entry;

/// Where the drive with the backups is made visible.
const PLACE: &str = "/mnt/backup";

/// Which disk is which, as far as a guess can be made. The page says that it is one.
struct Guess<'a> {
    /// The disk to be saved.
    source: Option<&'a Known>,
    /// The drive for the backup, the device with its files, and where these can be seen already.
    drive: Option<Drive<'a>>,
}

struct Drive<'a> {
    known: &'a Known,
    device: String,
    folder: Option<String>,
}

pub fn back_up(shared: &Shared) -> Vec<Piece> {
    let guess = Guess::new(shared.disks.known());
    let mut steps = Steps::new();
    steps.text(
        "These screens do not make the backup by themselves yet. The commands below do; they only \
         read the disk that is saved.",
    );
    steps.drive(&guess, "Attach a drive with room for the backup. This page then names it.");
    steps.shell(shared);
    steps.step("Type these lines, each with Enter at its end:");
    let folder = steps.show_files(&guess);
    let source = guess.source.map_or("DISK".to_owned(), device);
    steps.command(format!("remetal capture {source} {folder} --name my-computer"));
    steps.hide_files(&guess);
    steps
        .step("The backup is good when the last line says 'verified'. Anything else is explained.");
    steps.disks(shared);
    steps.pieces
}

pub fn restore(shared: &Shared) -> Vec<Piece> {
    let known = shared.disks.known();
    let guess = Guess::new(known);
    let mut steps = Steps::new();
    steps.text("These screens do not put a backup back by themselves yet. The commands below do.");
    steps.warning("Everything on the disk that is restored onto is overwritten.");
    steps.drive(&guess, "Attach the drive with the backup. This page then names it.");
    steps.shell(shared);
    steps.step("Show the backups, and what a restore would do. This writes nothing:");
    let folder = steps.show_files(&guess);
    steps.command(format!("ls {folder}"));
    let target = target(known, &guess);
    steps.command(format!("remetal plan {folder}/NAME {target}"));
    steps.step(
        "NAME is what ls shows. Read what the plan says: what will be lost, and from which disk. \
         At its end it prints a word. Only if all of it is right:",
    );
    steps.command(format!("remetal restore {folder}/NAME {target} --confirm WORD"));
    steps.step(
        "The disk is good when the last line says 'verified'. Then shut down, take out the \
                backup drive and the old disk, and start the computer.",
    );
    steps.disks(shared);
    steps.pieces
}

/// A target is named only where there is no choice: a wrong guess would be believed.
fn target(known: &[Known], guess: &Guess<'_>) -> String {
    let drive = guess.drive.as_ref().map(|drive| &drive.known.disk.path);
    let mut others = known.iter().filter(|known| Some(&known.disk.path) != drive);
    match (others.next(), others.next()) {
        (Some(only), None) => device(only),
        _ => "DISK".to_owned(),
    }
}

fn device(known: &Known) -> String {
    known.disk.path.display().to_string()
}

impl<'a> Guess<'a> {
    fn new(known: &'a [Known]) -> Self {
        let source = known
            .iter()
            .filter(|known| !is_external(&known.disk))
            .max_by_key(|known| (has_system(known), Reverse(&known.disk.name)))
            .or(known.first());
        let drives = known
            .iter()
            .filter(|known| source.is_none_or(|source| source.disk.path != known.disk.path));
        let drive = drives
            .filter_map(|known| Some((known, files(known)?)))
            .max_by_key(|(known, volume)| (is_external(&known.disk), volume.length))
            .map(|(known, volume)| Drive {
                known,
                device: volume_device(&known.disk, volume),
                folder: volume.mounted_at.first().cloned(),
            });
        Self { source, drive }
    }
}

fn is_external(disk: &Disk) -> bool {
    disk.removable || disk.bus == Bus::Usb
}

fn has_system(known: &Known) -> bool {
    known.look().is_some_and(|look| {
        entry::contents(look).iter().any(|content| content.role == Role::System)
    })
}

/// The largest volume with files on it.
fn files(known: &Known) -> Option<&VolumeReport> {
    let look = known.look()?;
    let contents = entry::contents(look);
    let holds_files = |volume: &&VolumeReport| {
        contents.iter().any(|content| content.role == Role::Files && content.start == volume.start)
    };
    look.report.volumes.iter().filter(holds_files).max_by_key(|volume| volume.length)
}

fn volume_device(disk: &Disk, volume: &VolumeReport) -> String {
    let partition = disk.partitions.iter().find(|known| Some(known.number) == volume.partition);
    partition.map_or(&disk.path, |known| &known.path).display().to_string()
}

/// A page that is being written.
struct Steps {
    pieces: Vec<Piece>,
    count: usize,
}

impl Steps {
    fn new() -> Self {
        Self { pieces: Vec::new(), count: 0 }
    }

    fn text(&mut self, words: &str) {
        self.pieces.extend([Piece::Text(words.to_owned()), Piece::Gap]);
    }

    fn warning(&mut self, words: &str) {
        self.pieces.extend([Piece::Warning(words.to_owned()), Piece::Gap]);
    }

    fn step(&mut self, words: &str) {
        if matches!(self.pieces.last(), Some(Piece::Command(_))) {
            self.pieces.push(Piece::Gap);
        }
        self.count += 1;
        self.pieces.push(Piece::Step(self.count, words.to_owned()));
    }

    fn command(&mut self, command: String) {
        self.pieces.push(Piece::Command(command));
    }

    fn drive(&mut self, guess: &Guess<'_>, otherwise: &str) {
        match &guess.drive {
            None => self.step(otherwise),
            Some(drive) => self.step(&format!(
                "The drive for backups is taken to be: {}.",
                card::identity(&drive.known.disk)
            )),
        }
    }

    fn shell(&mut self, shared: &Shared) {
        self.step(match shared.surroundings {
            Surroundings::Screen => "Press Alt+F2 for the shell. Alt+F1 comes back to this page.",
            Surroundings::Serial => "Go back and choose Shell. Type exit to return.",
            Surroundings::Guest => "Open a shell, as root.",
        });
    }

    /// Makes the files of the drive visible, and gives the folder where they are.
    fn show_files(&mut self, guess: &Guess<'_>) -> String {
        if let Some(folder) = guess.drive.as_ref().and_then(|drive| drive.folder.clone()) {
            return folder;
        }
        let device = guess.drive.as_ref().map_or("DRIVE", |drive| &drive.device);
        self.command(format!("mkdir -p {PLACE}"));
        self.command(format!("mount {device} {PLACE}"));
        PLACE.to_owned()
    }

    /// The drive can be unplugged after that.
    fn hide_files(&mut self, guess: &Guess<'_>) {
        if guess.drive.as_ref().is_none_or(|drive| drive.folder.is_none()) {
            self.command(format!("umount {PLACE}"));
        }
    }

    fn disks(&mut self, shared: &Shared) {
        let known = shared.disks.known();
        if known.is_empty() {
            return;
        }
        self.pieces.push(Piece::Gap);
        self.pieces.push(Piece::Text("If another disk is meant, use its name instead:".to_owned()));
        let widest = known.iter().map(|known| device(known).len()).max().unwrap_or(0);
        for known in known {
            self.pieces.push(Piece::Entry(format!(
                "{:widest$}  {}",
                device(known),
                card::identity(&known.disk)
            )));
        }
    }
}
