//! What a restore would overwrite: a whole disk, or a file.

mod open;
mod place;
mod room;
mod write;

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use block::{Access, Caching, FileDevice};
use engine::restore::Target;
use hardware::{Disk, FileId, Roots, UseReason};
use image::manifest::DiskRecord;
use image::{ImageReader, folder_of};

pub use self::open::OpenTarget;
use self::place::{check_name, check_new_file, end_of_name, is_part, lies_in};
pub use self::write::{Extras, write};
use crate::boot_medium;
use crate::failure::Failure;
use crate::source::Source;
use report::size::in_words;

/// A target that was looked at. Nothing is written to it by anything here but
/// [`Chosen::open`], which makes a file that does not exist yet.
pub struct Chosen {
    /// What the plan needs to know of it.
    pub target: Target,
    /// Its present content; `None` when it is a file that does not exist yet.
    pub reader: Option<FileDevice>,
    /// [`Target::forbidden`] without names of devices, in whole sentences.
    pub forbidden_in_words: Vec<String>,
    path: PathBuf,
    disk: Option<Disk>,
    /// Which file it is, when it is one.
    file: Option<FileId>,
    /// Files take the sector size of the captured disk.
    sector_size: u32,
}

impl Chosen {
    /// Looks at `path` as a target for the backup at `backup`, and collects why it must not be
    /// written. Fails for what is neither a whole disk nor a file.
    pub fn find(path: &Path, backup: &Path) -> Result<Self, Failure> {
        let image = engine::open_backup(backup, Caching::Cached)?;
        check_name(path)?;
        match fs::metadata(path) {
            Ok(metadata) if metadata.file_type().is_block_device() => Self::disk(path, &image),
            Ok(metadata) if metadata.is_file() => Self::file(path, &image, Some(&metadata)),
            Ok(_) => Err(Failure::refused(
                format!("{} is neither a disk nor a file", path.display()),
                "Name a disk such as /dev/sda; `remetal disks` lists them.",
            )),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                check_new_file(path)?;
                Self::file(path, &image, None)
            }
            Err(error) => Err(Failure::opening(path, error)),
        }
    }

    fn disk(path: &Path, image: &ImageReader) -> Result<Self, Failure> {
        let source = Source::find(path, None)?;
        if let Some(partition) = &source.partition {
            return Err(Failure::refused(
                format!("{} is a partition; a backup is of a whole disk", partition.path.display()),
                "Name the whole disk: the partitions on it are written too.",
            ));
        }
        let reader = source.open(Caching::Cached)?;
        let disk = hardware::disk_at(&Roots::default(), path)?;
        let word = disk.confirmation_word();
        let target = Target { disk: source.record(&reader), word, forbidden: Vec::new() };
        let mut chosen = Self {
            target,
            reader: Some(reader),
            forbidden_in_words: Vec::new(),
            path: path.to_owned(),
            disk: None,
            file: None,
            sector_size: disk.logical_sector,
        };
        if chosen.reader.as_ref().is_some_and(|reader| boot_medium::of(reader).is_some()) {
            let reason = format!("{} is {}", disk.path.display(), boot_medium::IN_WORDS);
            chosen.forbid(reason, &format!("It is {}.", boot_medium::IN_WORDS));
        }
        chosen.forbid_uses()?;
        let location = hardware::location_of(&Roots::default(), folder_of(image.path()))?;
        if location.is_on(&disk.path) {
            let words = "The backup itself lies on this disk.";
            chosen.forbid(format!("{} holds the backup", disk.path.display()), words);
        }
        let behind = hardware::location_of(&Roots::default(), path)?.backing_ids;
        if behind.iter().any(|file| is_part(image, *file)) {
            let words = "It is made of a file of the backup itself.";
            let reason = format!("{} shows a file of the backup itself", disk.path.display());
            chosen.forbid(reason, words);
        }
        chosen.disk = Some(disk);
        Ok(chosen)
    }

    fn file(
        path: &Path,
        image: &ImageReader,
        metadata: Option<&fs::Metadata>,
    ) -> Result<Self, Failure> {
        let sector_size = image.header().logical_sector;
        let disk = DiskRecord {
            path: path.display().to_string(),
            bus: Some("file".to_owned()),
            size: metadata.map_or(image.header().disk_size, fs::Metadata::len),
            logical_sector: sector_size,
            physical_sector: sector_size,
            ..DiskRecord::default()
        };
        let reader = metadata
            .map(|_| FileDevice::open(path, Access::Read, Caching::Cached))
            .transpose()?
            .map(|device| device.with_logical_sector(sector_size));
        let mut chosen = Self {
            target: Target { disk, word: end_of_name(path), forbidden: Vec::new() },
            reader,
            forbidden_in_words: Vec::new(),
            path: path.to_owned(),
            disk: None,
            file: metadata.map(FileId::of),
            sector_size,
        };
        let location = hardware::location_of(&Roots::default(), folder_of(image.path()))?;
        if chosen.file.is_some_and(|file| is_part(image, file)) {
            chosen.forbid_file(format!("{} is a file of the backup itself", path.display()));
        } else if chosen.file.is_some_and(|file| location.backing_ids.contains(&file)) {
            chosen.forbid_file(format!("{} holds the backup", path.display()));
        } else if lies_in(path, folder_of(image.path())) {
            chosen.forbid_file(format!("{} lies in the folder of the backup", path.display()));
        }
        if metadata.is_some() {
            chosen.forbid_uses()?;
        }
        chosen.forbid_without_room(image, metadata)?;
        Ok(chosen)
    }

    /// What has to be known of a disk that its serial number alone does not tell from others, in
    /// a sentence without full stop.
    pub fn doubt(&self) -> Option<String> {
        let disk = self.disk.as_ref()?;
        let path = disk.path.display();
        match disk.serial_tail() {
            None => Some(format!(
                "{path} tells no serial number: the word is the name that the kernel gives it today"
            )),
            Some(_) if disk.has_double => Some(format!(
                "another disk here has the same name or number as {path}: only what is on them \
                 tells them apart"
            )),
            Some(_) => None,
        }
    }

    /// True when this is the end of the name of a disk without a serial number, which does as well as
    /// the whole name, as it does for a file.
    pub fn is_end_of_name(&self, typed: &str) -> bool {
        let unnumbered = self.disk.as_ref().filter(|disk| disk.serial_tail().is_none());
        unnumbered.is_some_and(|disk| end_of_name(&disk.path).eq_ignore_ascii_case(typed.trim()))
    }

    fn forbid(&mut self, reason: String, words: &str) {
        if !self.target.forbidden.contains(&reason) {
            self.target.forbidden.push(reason);
        }
        if !self.forbidden_in_words.iter().any(|known| known == words) {
            self.forbidden_in_words.push(words.to_owned());
        }
    }

    fn forbid_file(&mut self, reason: String) {
        let words = format!("{reason}.");
        self.forbid(reason, &words);
    }

    fn forbid_uses(&mut self) -> Result<(), Failure> {
        let usage = hardware::usage(&Roots::default(), &self.path)?;
        for reason in &usage.reasons {
            self.forbid(reason.to_string(), &in_plain_words(reason));
        }
        Ok(())
    }

    /// A file needs room for what will be written, less what it has already.
    fn forbid_without_room(
        &mut self,
        image: &ImageReader,
        metadata: Option<&fs::Metadata>,
    ) -> Result<(), Failure> {
        let filesystem = hardware::filesystem_of(&Roots::default(), &self.path)?;
        if filesystem.read_only {
            self.forbid_file(format!("{} is on a read-only filesystem", self.path.display()));
        }
        let room = filesystem.free + metadata.map_or(0, |metadata| metadata.blocks() * 512);
        let size = self.target.disk.size;
        let needed = room::needed(&filesystem.kind, size, &image.manifest().totals);
        if needed > room {
            self.forbid_file(format!(
                "there is no room for {}: {} bytes are missing ({} are needed, {} are free)",
                self.path.display(),
                needed - room,
                in_words(needed),
                in_words(filesystem.free)
            ));
        }
        if filesystem.largest_file.is_some_and(|largest| largest < size) {
            self.forbid_file(format!("a file on {} cannot have {size} bytes", filesystem.kind));
        }
        Ok(())
    }
}

/// Why a disk must not be overwritten, in a sentence for somebody who does not know devices by
/// their names.
pub fn in_plain_words(reason: &UseReason) -> String {
    match reason {
        UseReason::Mounted { mount_point, .. } => {
            format!(
                "It is in use: its files are open on this computer, in {}.",
                mount_point.display()
            )
        }
        UseReason::Swap { .. } => "It is in use as memory of the running system (swap).".to_owned(),
        UseReason::Held { holder, .. } => format!("It is in use as a part of {}.", holder.name),
        UseReason::LoopFile { .. } => "A file on it is in use as a disk.".to_owned(),
        UseReason::Busy { .. } => "Another program is using it.".to_owned(),
        UseReason::ReadOnly { .. } => {
            "It is write-protected. A disk that was saved stays so until \
                                       the computer is started again."
                .to_owned()
        }
    }
}
