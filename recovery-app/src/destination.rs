//! Where a backup goes: whether it may, in how large files, and under which name.

use std::fs;
use std::path::{Path, PathBuf};

use engine::capture;
use hardware::{DestinationFilesystem, Disk, FileId, Location, Roots};
use rustix::fs::Access;

use crate::boot_medium::{self, BootMedium};
use crate::failure::Failure;
use crate::source::Source;
use report::size::in_words;

/// What is asked of a destination.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The folder in which the backup's own folder is made.
    pub folder: &'a Path,
    /// Name of the backup; made up when `None`.
    pub name: Option<&'a str>,
    /// Largest size of its files, in bytes.
    pub part_size: Option<u64>,
}

/// A folder that a backup may be written to.
pub struct Destination {
    pub folder: PathBuf,
    pub name: String,
    /// The drive that the folder lies on, where that is a single one.
    pub drive: Option<Disk>,
    pub filesystem: DestinationFilesystem,
    pub part_size: Option<u64>,
    /// What the person should know, in sentences.
    pub notes: Vec<String>,
}

impl Destination {
    /// Looks at a folder that must be writable now. Writes nothing.
    pub fn find(wanted: Wanted<'_>, source: &Source) -> Result<Self, Failure> {
        check_folder(wanted.folder)?;
        Self::judge(wanted, source)
    }

    /// The same for a folder that becomes writable later.
    pub fn judge(wanted: Wanted<'_>, source: &Source) -> Result<Self, Failure> {
        let folder = wanted.folder;
        let filesystem = hardware::filesystem_of(&Roots::default(), folder)?;
        let name = match wanted.name {
            Some(name) => name.to_owned(),
            None => unused_name(folder, &default_name(source)),
        };
        capture::check_name(&name)?;
        check_length(folder, &name)?;
        let location = hardware::location_of(&Roots::default(), folder)?;
        let mut notes = check_place(source, &location, folder, &name)?;
        if is_taken(&folder.join(&name)) {
            return Err(Failure::refused(
                format!("{} exists already", folder.join(&name).display()),
                "Choose another name with --name, or move that backup away.",
            ));
        }
        if filesystem.in_memory {
            notes.push("the destination is in memory: the backup is gone at power-off".to_owned());
        }
        let part_size = part_size(wanted.part_size, &filesystem, &mut notes);
        let drive = match &location.disks[..] {
            [disk] => hardware::disk_at(&Roots::default(), disk).ok(),
            _ => None,
        };
        Ok(Self { folder: folder.to_owned(), name, drive, filesystem, part_size, notes })
    }

    /// The folder of the backup.
    pub fn backup(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// The folder under the name that it has until the backup is proven.
    pub fn unfinished(&self) -> PathBuf {
        self.folder.join(format!("{}.partial", self.name))
    }
}

fn check_folder(folder: &Path) -> Result<(), Failure> {
    let metadata = fs::metadata(folder).map_err(|error| {
        Failure::refused(
            format!("the destination {} cannot be used: {error}", folder.display()),
            "Name an existing folder, and check that the drive is mounted.",
        )
    })?;
    if !metadata.is_dir() {
        return Err(Failure::refused(
            format!("the destination {} is not a folder", folder.display()),
            "Name an existing folder on another disk than the source.",
        ));
    }
    rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| {
        Failure::refused(
            format!("the destination {} cannot be written: {error}", folder.display()),
            "Mount the drive for writing, or choose another destination.",
        )
    })
}

/// Refuses a name that is too long for a folder while the backup is not finished.
fn check_length(folder: &Path, name: &str) -> Result<(), Failure> {
    /// Bytes that no filesystem of Linux exceeds; FAT says more, and counts letters.
    const MOST: u64 = 255;
    let most = rustix::fs::statvfs(folder).map_or(MOST, |kept| kept.f_namemax.min(MOST));
    let length = format!("{name}.partial").len() as u64;
    if length <= most {
        return Ok(());
    }
    Err(Failure::refused(
        format!("the name is too long by {} bytes", length - most),
        "Choose a shorter name with --name.",
    ))
}

/// Refuses a destination on the source; notes what could not be told.
fn check_place(
    source: &Source,
    location: &Location,
    folder: &Path,
    name: &str,
) -> Result<Vec<String>, Failure> {
    let guidance = "Choose a folder on another disk.";
    if location.disks.iter().any(|disk| boot_medium::at(disk) == Some(BootMedium::Iso)) {
        return Err(Failure::refused(
            format!("the destination {} is on {}", folder.display(), boot_medium::IN_WORDS),
            guidance,
        ));
    }
    if let Some(disk) = &source.disk
        && location.is_on(&disk.path)
    {
        let (folder, disk) = (folder.display(), disk.path.display());
        return Err(Failure::refused(
            format!("the destination {folder} is on the source disk {disk}"),
            guidance,
        ));
    }
    if source.disk.is_none() {
        let fail = |error| Failure::opening(&source.path, error);
        let id = FileId::of(&fs::metadata(&source.path).map_err(fail)?);
        let file = fs::canonicalize(&source.path).map_err(fail)?;
        let folder = fs::canonicalize(folder).map_err(|error| Failure::opening(folder, error))?;
        let inside = location.backing_ids.contains(&id)
            || [name.to_owned(), format!("{name}.partial")]
                .iter()
                .any(|name| file.starts_with(folder.join(name)));
        if inside {
            return Err(Failure::refused(
                "the source and the destination lie in each other",
                guidance,
            ));
        }
    }
    let doubt = "it cannot be told for certain on which disk the destination lies";
    Ok(if location.incomplete { vec![doubt.to_owned()] } else { Vec::new() })
}

fn part_size(
    asked: Option<u64>,
    filesystem: &DestinationFilesystem,
    notes: &mut Vec<String>,
) -> Option<u64> {
    let (Some(size), Some(largest)) = (asked, filesystem.largest_file) else {
        return asked.or(filesystem.largest_file);
    };
    if size > largest {
        let (kind, most) = (&filesystem.kind, in_words(largest));
        notes.push(format!("{kind} holds files up to {most}: the parts get that size"));
    }
    Some(size.min(largest))
}

/// `Samsung-SSD-980-2026-11-23`: model or file name, and the date.
fn default_name(source: &Source) -> String {
    let known = source.disk.as_ref().filter(|_| source.partition.is_none());
    let model = known.and_then(|disk| disk.model.clone().or_else(|| disk.serial.clone()));
    let from_path = || source.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let words = model.unwrap_or_else(from_path);
    let day = jiff::Zoned::now().date();
    format!("{}-{day}", usable(&words))
}

/// Letters and digits, and single hyphens for all else.
fn usable(words: &str) -> String {
    let keep = |letter: char| if letter.is_alphanumeric() || letter == '_' { letter } else { '-' };
    let name: String = words.chars().map(keep).take(60).collect();
    let parts: Vec<&str> = name.split('-').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { "disk".to_owned() } else { parts.join("-") }
}

/// True when there is something of that name, be it a link that leads nowhere.
fn is_taken(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// The name, with a number where it is taken, also by a backup that is not finished: another
/// capture may be at work on that one.
fn unused_name(folder: &Path, name: &str) -> String {
    let taken = |name: &str| {
        is_taken(&folder.join(name)) || is_taken(&folder.join(format!("{name}.partial")))
    };
    let numbered = (2_u32..).map(|number| format!("{name}-{number}"));
    std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_usable_everywhere() {
        assert_eq!(usable("Samsung SSD 980"), "Samsung-SSD-980");
        assert_eq!(usable(" ../a:b*  "), "a-b");
        assert_eq!(usable("///"), "disk");
    }

    #[test]
    fn taken_names_get_a_number() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(unused_name(folder.path(), "a"), "a");
        fs::create_dir(folder.path().join("a")).unwrap();
        fs::create_dir(folder.path().join("a-2.partial")).unwrap();
        assert_eq!(unused_name(folder.path(), "a"), "a-3");
    }
}
