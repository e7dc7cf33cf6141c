use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use block::{BlockDevice, Extent, ExtentSet};
use image::{Damage, FrameKind, ImageReader, Record};
use partition_table::{SavedTable, Table};
use serde::Serialize;

use super::ConfirmedPlan;
use super::kept::kept;
use super::tables::{HoldBack, LastPieces};
use super::wipe::{is_marked, mark, wipe};
use crate::damage::describe;
use crate::records::{Bench, Walk};
use crate::{
    Bottleneck, Cancel, EngineError, Event, Observer, Phase, backup, path_text, seek_table, verify,
};

/// What a restore needs beside the plan.
pub struct RestoreJob<'a> {
    /// The target, open for writing, past the page cache where possible.
    pub device: &'a dyn BlockDevice,
    /// The target, open for reading at any alignment.
    pub structures: &'a dyn BlockDevice,
    /// The target, open for reading. It is told to forget what it keeps in memory before that is
    /// compared.
    pub read_back: &'a dyn BlockDevice,
    /// Called right before the first write: fails when the target is not what it was.
    pub identity_check: &'a dyn Fn() -> Result<(), EngineError>,
    /// Read everything back and compare.
    pub compare: bool,
    /// Save the target's old partition table beside the image.
    pub saves_old_table: bool,
}

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RestoreOutcome {
    /// SHA-256 over the image's index, hexadecimal.
    pub fingerprint: String,
    /// Bytes written whose hashes agreed with the image.
    pub written: u64,
    /// Everything was read back from the target and agrees.
    pub compared: bool,
    /// Ranges that the backup never had, because the old disk could not be read.
    pub lost: Vec<image::manifest::UnreadableRecord>,
    /// Where the target's old partition table was saved.
    #[serde(serialize_with = "path_text::lossy_or_null")]
    pub old_table: Option<PathBuf>,
}

impl RestoreOutcome {
    /// The final state: "verified", "finished with named damage", or "finished, not verified".
    #[must_use]
    pub fn in_words(&self) -> &'static str {
        match (self.compared, self.lost.is_empty()) {
            (true, true) => "verified: everything was read back from the target and agrees",
            (false, true) => "finished, not read back: every hash of the image agreed",
            (true, false) => {
                "finished with named damage: the backup lacks what the old disk could not give"
            }
            (false, false) => {
                "finished with named damage: the backup lacks what the old disk could not give; not read back"
            }
        }
    }
}

/// Does what the plan says.
///
/// First the whole image is checked as stored, then the target's identity; until then nothing is
/// written. Then the target's old signatures are wiped, and from there on until the last write of
/// the first sector it plainly does not boot. Where that write fails or is not proven, it is undone;
/// [`EngineError::Unmarked`] says that it could not be.
pub fn restore(
    plan: &ConfirmedPlan,
    job: &RestoreJob<'_>,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<RestoreOutcome, EngineError> {
    let image = &plan.image;
    check(image, observer, cancel)?;
    let (old, new) = (plan.old_layout.as_ref(), &plan.relocation.layout);
    let kept = kept(image, old, new)?;
    let relocation = plan.relocation.sparing(&kept);
    (job.identity_check)()?;
    let old_table =
        job.saves_old_table.then(|| save_old_table(plan, job.structures, observer)).flatten();
    let layouts = old.into_iter().chain([new]);
    wipe(job.device, layouts, &kept, &plan.backup)?;
    let started = Instant::now();
    let hold_back = HoldBack::new(&relocation);
    let (held, written) = write_content(plan, job, &hold_back, &kept, observer, cancel)?;
    job.device.flush()?;
    if job.compare {
        compare_content(plan, job, &hold_back, &kept, observer, cancel)?;
    }
    let last = LastPieces::new(held, &relocation);
    last.write_all_but_first_sector(job.device)?;
    finish(&last, job).map_err(|error| mark_again(plan, job, error))?;
    observer.event(&Event::Note {
        text: format!("written and checked in {:.1} seconds", started.elapsed().as_secs_f64()),
    });
    Ok(RestoreOutcome {
        fingerprint: backup::hex(&image.fingerprint()),
        written,
        compared: job.compare,
        lost: image.manifest().unreadable.clone(),
        old_table,
    })
}

/// Writes the first sector, and proves what was written last.
fn finish(last: &LastPieces, job: &RestoreJob<'_>) -> Result<(), EngineError> {
    last.write_first_sector(job.device)?;
    if job.compare {
        last.compare(job.read_back)?;
    }
    Ok(())
}

/// Makes a disk that may boot by now, and is not proven, say again that it is not finished.
fn mark_again(plan: &ConfirmedPlan, job: &RestoreJob<'_>, error: EngineError) -> EngineError {
    let marked =
        mark(job.device, &plan.backup).and_then(|()| is_marked(job.read_back, &plan.backup));
    if matches!(marked, Ok(true)) { error } else { EngineError::Unmarked(Box::new(error)) }
}

/// Checks the whole image as stored. Frames that stand for free space hold nothing that would be
/// written, and the seek table is not used: a disk is not left without its backup for them.
fn check(image: &ImageReader, observer: &dyn Observer, cancel: &Cancel) -> Result<(), EngineError> {
    let damage = verify::check_stored(image, observer, cancel)?;
    if damage.totals().lost > 0 {
        return Err(EngineError::DamagedImage(damage));
    }
    for found in describe(image, &damage, cancel)? {
        let Extent { start, length } = found.disk;
        let text = format!("{length} bytes from byte {start} of the disk: {}", found.reason);
        observer.event(&Event::Note { text });
    }
    if damage.totals().unlisted > 0 {
        let text = format!("and {} more such places", damage.totals().unlisted);
        observer.event(&Event::Note { text });
    }
    if let Some(found) = seek_table::fault_in(image, cancel)? {
        observer.event(&Event::Note { text: found.reason });
    }
    Ok(())
}

fn walk<'a>(
    plan: &'a ConfirmedPlan,
    phase: Phase,
    observer: &'a dyn Observer,
    cancel: &'a Cancel,
) -> Walk<'a> {
    let (image, total, outside) = (&plan.image, plan.content, Bottleneck::Target);
    Walk { image, observer, cancel, phase, total, outside }
}

/// Pieces of chunks that are held back: the first byte on the disk, and the content.
type Held = Vec<(u64, Vec<u8>)>;

/// Writes every chunk but those held back; returns these with their places, and the bytes of all.
fn write_content(
    plan: &ConfirmedPlan,
    job: &RestoreJob<'_>,
    hold_back: &HoldBack,
    kept: &ExtentSet,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<(Held, u64), EngineError> {
    let held = Mutex::new(Vec::new());
    let written = AtomicU64::new(0);
    let work = |bench: &mut Bench, record: &Record| {
        if !record.kind.is_content() {
            return Ok(Ok(()));
        }
        written.fetch_add(kept.complement(record.disk).total(), Ordering::Relaxed);
        let hold = hold_back.includes(record);
        if record.kind == FrameKind::Zero && !hold {
            for piece in kept.complement(record.disk).iter() {
                job.device.zero(piece)?;
            }
            return Ok(Ok(()));
        }
        let raw = match bench.decode(&plan.image, record) {
            Ok(raw) => raw,
            Err(damage) => return Ok(Err(damage)),
        };
        for piece in kept.complement(record.disk).iter() {
            let bytes = part_of(raw, record, piece);
            if hold {
                let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
                held.push((piece.start, bytes.to_vec()));
            } else {
                job.device.write_at(bytes, piece.start)?;
            }
        }
        Ok(Ok(()))
    };
    let damage = walk(plan, Phase::Restore, observer, cancel).run(work)?.damage;
    if !damage.is_empty() {
        return Err(EngineError::FailedImage(damage));
    }
    let held = held.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok((held, written.into_inner()))
}

/// Reads every chunk but those held back from the target and compares its hash with the image's.
fn compare_content(
    plan: &ConfirmedPlan,
    job: &RestoreJob<'_>,
    hold_back: &HoldBack,
    kept: &ExtentSet,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<(), EngineError> {
    job.read_back.forget(Extent::new(0, job.read_back.size()));
    let work = |bench: &mut Bench, record: &Record| {
        if !record.kind.is_content() || hold_back.includes(record) {
            return Ok(Ok(()));
        }
        if kept.intersects(record.disk) {
            return compare_around(plan, job.read_back, kept, bench, record);
        }
        let buffer = bench.buffer(record);
        job.read_back.read_at(buffer, record.disk.start)?;
        if image::sha256(buffer) != record.sha256 {
            return Err(not_written(job.read_back, record.disk));
        }
        Ok(Ok(()))
    };
    let damage = walk(plan, Phase::Compare, observer, cancel).run(work)?.damage;
    if !damage.is_empty() {
        return Err(EngineError::FailedImage(damage));
    }
    Ok(())
}

/// Compares a chunk byte by byte, but for what stays as it is on the target.
fn compare_around(
    plan: &ConfirmedPlan,
    target: &dyn BlockDevice,
    kept: &ExtentSet,
    bench: &mut Bench,
    record: &Record,
) -> Result<Result<(), Damage>, EngineError> {
    let raw = match bench.decode(&plan.image, record) {
        Ok(raw) => raw,
        Err(damage) => return Ok(Err(damage)),
    };
    for piece in kept.complement(record.disk).iter() {
        let expected = part_of(raw, record, piece);
        let mut found = block::AlignedBuffer::zeroed(expected.len());
        target.read_at(&mut found, piece.start)?;
        if found[..] != *expected {
            return Err(not_written(target, piece));
        }
    }
    Ok(Ok(()))
}

/// The bytes of `piece` in the chunk of `record`.
fn part_of<'a>(raw: &'a [u8], record: &Record, piece: Extent) -> &'a [u8] {
    let index = |byte: u64| usize::try_from(byte - record.disk.start).unwrap_or(usize::MAX);
    &raw[index(piece.start)..index(piece.end())]
}

fn not_written(target: &dyn BlockDevice, extent: Extent) -> EngineError {
    EngineError::NotWritten {
        target: target.name().to_owned(),
        offset: extent.start,
        length: extent.length,
    }
}

/// Saves the target's old partition table beside the image. A backup on a medium that cannot be
/// written is no reason to refuse: the person has confirmed that the target's content is lost.
fn save_old_table(
    plan: &ConfirmedPlan,
    target: &dyn BlockDevice,
    observer: &dyn Observer,
) -> Option<PathBuf> {
    let layout = plan.old_layout.as_ref().filter(|layout| layout.table != Table::None)?;
    let saved = SavedTable::save(target, layout);
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    let name = format!("table-before-restore-{}-{now}.json", plan.target.word);
    let folder = image::folder_of(plan.image.path());
    let path = folder.join(name);
    let json = serde_json::to_vec_pretty(&saved).unwrap_or_default();
    match backup::write_file(&path, &json).and_then(|()| backup::flush_folder(folder)) {
        Ok(()) => Some(path),
        Err(error) => {
            let text = format!("the target's old partition table was not saved: {error}");
            observer.event(&Event::Note { text });
            None
        }
    }
}
