//! Proves a backup.

use std::time::Instant;

use engine::{Cancel, DamagedRange, EngineError, verify};
use report::backup::losses;
use report::size::in_words;
use tui::job::{BackupId, CheckDone, Damaged, News, Trouble};

use super::drives::Mounted;
use super::gate::Use;
use super::teller::Teller;
use super::trouble::{OrTrouble, by_disk, leaving};
use super::volume::Volume;
use super::{ThisComputer, opening};
use crate::culprit::Used;
use crate::failure::Failure;

/// See [`tui::job::Work::Check`].
pub fn check(
    computer: &ThisComputer,
    backup: &BackupId,
    told: &(dyn Fn(News) + Sync),
    cancel: &Cancel,
) -> Result<CheckDone, Trouble> {
    let begun = Instant::now();
    let only_read = |trouble| leaving(trouble, "The backup was only read.");
    let _claim = computer.claim(&[&backup.device], Use::Plan)?;
    let (volume, drive) = Volume::at(&backup.device).or_trouble()?;
    let mounted = Mounted::reading(&volume).map_err(|problem| Trouble::refused(&problem))?;
    let folder = mounted.folder().join(&backup.folder);
    let used = [Used::drive(&drive, mounted.folder())];
    let fail =
        |error: EngineError| only_read(by_disk(Failure::from(error).before_writing(), &used));
    let image = opening::open(&folder, backup, &used).map_err(only_read)?;
    let lost = losses(&image.manifest().unreadable);
    drop(image);
    let found = verify::verify(&folder, &Teller(told), cancel).map_err(fail)?;
    Ok(CheckDone {
        name: super::backups::name_of(&backup.folder),
        fingerprint: found.fingerprint,
        content: found.content,
        stored: found.stored,
        seconds: begun.elapsed().as_secs(),
        damage: found.damage.into_iter().map(damaged).collect(),
        unlisted: found.damaged.unlisted,
        lost,
    })
}

fn damaged(range: DamagedRange) -> Damaged {
    let (start, length) = (in_words(range.disk.start), in_words(range.disk.length));
    let place = match range.disk.is_empty() {
        true => range.reason,
        false => format!("{length} at {start} of the disk: {}", range.reason),
    };
    Damaged { place, volumes: range.volumes, files: range.files }
}
