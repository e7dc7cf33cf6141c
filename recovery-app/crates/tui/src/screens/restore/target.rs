//! Whether a disk can take a backup, and what that would mean for it.

use hardware::{Disk, Verdict};
use report::{content, size};

use super::backup::Backup;
use super::contents;
use crate::disks::{Condition, Known};
use crate::machine::Look;
use crate::state::Shared;
use crate::widgets::list::Row;
use crate::widgets::{card, entry};

/// What has to be known of a disk that is like another one.
pub const HAS_DOUBLE: &str = "another disk here has the same name or number: only what is on them \
                              tells them apart";

/// The disk as something to choose.
pub fn row(known: &Known, backup: &Backup, shared: &Shared) -> Row {
    let refusal = refusal(known, backup, shared);
    let told = known.look().map(|look| contents::in_a_row(&entry::contents(look)));
    let is_choosable = refusal.is_none();
    let mut row = Row { refusal, ..Row::new(card::identity(&known.disk)) };
    match known.look() {
        Some(look) if is_choosable => {
            let contents = entry::contents(look);
            if content::is_empty(&contents) {
                row.more.extend(told);
            } else {
                row.warnings.push(format!("would be lost: {}", contents::in_a_row(&contents)));
            }
            row.warnings.extend(warnings(&known.disk, look, backup));
        }
        _ => row.more.extend(told),
    }
    row
}

/// Whether nothing that is known would be lost.
pub fn is_empty(known: &Known) -> bool {
    known.look().is_some_and(|look| {
        look.report.problem.is_none() && content::is_empty(&entry::contents(look))
    })
}

/// Why the disk cannot be chosen.
pub fn refusal(known: &Known, backup: &Backup, shared: &Shared) -> Option<String> {
    let disk = &known.disk;
    if disk.nodes().contains(&backup.id().device) {
        return Some("the backup lies on this drive".to_owned());
    }
    let look = match known.condition(shared.now) {
        Condition::Asked => return Some("it is still being looked at".to_owned()),
        Condition::NotAnswering => return Some("it does not answer".to_owned()),
        Condition::Occupied(occupation, _) => {
            return Some(format!("it {}", occupation.in_words()));
        }
        Condition::Told(look) => look,
    };
    if look.is_boot_medium {
        return Some("Remetal itself was started from it".to_owned());
    }
    if let Some(protected) = &look.protected {
        return Some(protected.trim_end_matches('.').to_owned());
    }
    if disk.read_only || look.report.read_only {
        return Some("it is write-protected".to_owned());
    }
    if !look.report.in_use.is_empty() {
        return Some(use_in_words(disk).to_owned());
    }
    sector_refusal(disk, backup).or_else(|| size_refusal(disk, backup))
}

/// What uses a disk. The names of devices are left to the details of the disk.
fn use_in_words(disk: &Disk) -> &'static str {
    let parts = &disk.partitions;
    if !disk.mounted_at.is_empty() || parts.iter().any(|part| !part.mounted_at.is_empty()) {
        "its files are open in the system that runs now"
    } else if disk.swap || parts.iter().any(|part| part.swap) {
        "the system that runs now uses it as memory"
    } else if !disk.holders.is_empty() || parts.iter().any(|part| !part.holders.is_empty()) {
        "it is a part of an array or of another disk that is in use"
    } else {
        "another program uses it"
    }
}

fn sector_refusal(disk: &Disk, backup: &Backup) -> Option<String> {
    let (has, needed) = (disk.logical_sector, backup.entry.logical_sector);
    (has != needed).then(|| {
        format!(
            "its sectors have {has} bytes, those of the saved disk {needed}; restoring between \
             the two is not possible yet"
        )
    })
}

fn size_refusal(disk: &Disk, backup: &Backup) -> Option<String> {
    let short = backup.entry.disk_size.checked_sub(disk.size).filter(|short| *short > 0)?;
    Some(format!(
        "too small by {}: the saved disk has {}",
        size::on_label(short),
        size::on_label(backup.entry.disk_size)
    ))
}

/// What has to be read before the disk is overwritten, beside what is on it.
pub fn warnings(disk: &Disk, look: &Look, backup: &Backup) -> Vec<String> {
    let mut warnings = Vec::new();
    match look.backups() {
        None | Some(0) => {}
        Some(1) => warnings.push("1 backup on it would be lost".to_owned()),
        Some(count) => warnings.push(format!("{count} backups on it would be lost")),
    }
    if look.places.iter().any(|place| place.is_cut) {
        warnings.push("not all folders on it were looked through for backups".to_owned());
    }
    warnings.extend(condition_warnings(disk, look));
    if is_source(disk, backup) {
        warnings.push(
            "this looks like the disk that the backup was made of: what has changed on it since \
             would be lost"
                .to_owned(),
        );
    }
    warnings
}

/// What is the matter with the disk itself.
pub fn condition_warnings(disk: &Disk, look: &Look) -> Vec<String> {
    let mut warnings = Vec::new();
    if disk.has_double {
        warnings.push(HAS_DOUBLE.to_owned());
    }
    if let Some(health) = &look.report.health {
        if health.verdict == Verdict::Failing {
            warnings.push("this disk is failing: what is put on it may soon be lost".to_owned());
        } else if let Some(first) = health.warnings.first() {
            warnings.push(format!("its health: {first}"));
        }
    }
    if look.report.problem.is_some() {
        warnings.push("it cannot be read: what would be lost is not known".to_owned());
    }
    if look.report.unfinished_restore.is_some() {
        warnings.push("an earlier restore onto it was not finished: it does not start".to_owned());
    }
    warnings
}

/// The backup tells its disk in words: the end of the serial number and the size must agree.
fn is_source(disk: &Disk, backup: &Backup) -> bool {
    let Some(tail) = disk.serial_tail() else { return false };
    backup.entry.disk_size == disk.size
        && backup.entry.source.to_lowercase().contains(&tail.to_lowercase())
}
