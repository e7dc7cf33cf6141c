//! What writing would do, and whether it may.

use std::fmt::{self, Display, Formatter};
use std::path::Path;

use block::{Access, Caching, FileDevice};
use hardware::{Disk, Roots};

use super::StickError;
use super::iso::Iso;

/// The sectors that the partition table in the ISO counts in, in bytes.
const SECTOR: u32 = 512;

/// What writing an ISO to a disk would do. Nothing has been written.
#[derive(Debug)]
pub struct Plan {
    iso: Iso,
    disk: Disk,
    /// What is lost, a line each.
    content: Vec<String>,
    /// Why it must not be done.
    refusals: Vec<String>,
}

/// A plan that a person has agreed to.
#[derive(Debug)]
pub struct Confirmed(Plan);

/// Looks at the ISO and at the disk at `path`.
///
/// # Errors
///
/// [`StickError::Refused`] for what is no ISO or no whole disk.
pub fn look(iso: &Path, path: &Path) -> Result<Plan, StickError> {
    let iso = Iso::open(iso)?;
    let roots = Roots::default();
    let disk = hardware::disk_at(&roots, path)?;
    let node = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if disk.partitions.iter().any(|partition| partition.path == node) {
        return Err(StickError::refused(
            format!("{} is a partition; the ISO brings its own", path.display()),
            format!("Name the whole disk, {}.", disk.path.display()),
        ));
    }
    let mut refusals: Vec<String> =
        hardware::usage(&roots, &disk.path)?.reasons.iter().map(ToString::to_string).collect();
    if hardware::location_of(&roots, &iso.path)?.is_on(&disk.path) {
        refusals.push(format!("{} holds the ISO itself", disk.path.display()));
    }
    if disk.size < iso.size {
        let missing = iso.size - disk.size;
        refusals.push(format!("{} is too small: {missing} bytes are missing", disk.path.display()));
    }
    if disk.logical_sector != SECTOR {
        refusals.push(format!(
            "{} has sectors of {} bytes; the partition table of the ISO is for {SECTOR}, and no \
             firmware would start from it",
            disk.path.display(),
            disk.logical_sector
        ));
    }
    let reader = FileDevice::open(&disk.path, Access::Read, Caching::Cached)?;
    let content = engine::restore::content_of(&reader);
    Ok(Plan { iso, disk, content, refusals })
}

impl Plan {
    /// The word that confirms it.
    #[must_use]
    pub fn word(&self) -> String {
        self.disk.confirmation_word()
    }

    /// The plan, agreed to by typing the disk's confirmation word (in any case).
    ///
    /// # Errors
    ///
    /// [`StickError::Refused`] when it must not be done, or the word is another one.
    pub fn confirm(self, word: &str) -> Result<Confirmed, StickError> {
        if !self.refusals.is_empty() {
            let guidance = "Choose another disk. Nothing was written.";
            return Err(StickError::refused(self.refusals.join("; "), guidance));
        }
        if !word.trim().eq_ignore_ascii_case(&self.word()) {
            let path = self.disk.path.display();
            return Err(StickError::refused(
                format!("`{word}` is not the confirmation word of {path}"),
                "The same command without --confirm shows it. Nothing was written.",
            ));
        }
        Ok(Confirmed(self))
    }
}

impl Confirmed {
    pub(super) fn iso(&self) -> &Iso {
        &self.0.iso
    }

    pub(super) fn disk(&self) -> &Disk {
        &self.0.disk
    }
}

impl Display for Plan {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        let Self { iso, disk, content, refusals } = self;
        writeln!(to, "{} ({} bytes) would be written to", iso.path.display(), iso.size)?;
        writeln!(to, "  {}: {}", disk.path.display(), disk.identity())?;
        if content.is_empty() {
            writeln!(to, "Nothing known is on it.")?;
        } else {
            writeln!(to, "What is on it now is lost:")?;
        }
        content.iter().try_for_each(|line| writeln!(to, "  {line}"))?;
        refusals.iter().try_for_each(|reason| writeln!(to, "It is refused: {reason}."))?;
        if refusals.is_empty() {
            let word = self.word();
            writeln!(to, "To do it, run the same command with --confirm {word}")?;
        }
        write!(to, "Nothing was written.")
    }
}
