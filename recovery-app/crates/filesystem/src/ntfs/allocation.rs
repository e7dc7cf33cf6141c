//! The allocation map: `$Bitmap`, joined with what the file records and the log reach.
//!
//! Linux's ntfs3 and Windows write file records and the bitmap at different times, so after a
//! crash the bitmap on the volume may miss clusters of files that were synced. The run lists of
//! all file records are therefore always joined in, also on volumes that claim to be clean: it
//! costs one pass over a table that is read anyway. What Windows promised only in its log is
//! taken from there.

use block::{BlockDevice, Extent, ExtentSet, ExtentSetBuilder};

use super::attribute::kind;
use super::bitmap;
use super::boot::{self, Boot};
use super::condition::Condition;
use super::log;
use super::record::Record;
use super::runs::Run;
use super::shadow;
use super::stream::Stream;
use super::table::{Entry, visit_records};
use super::volume::{Volume, number};
use crate::{AllocationMap, MapError};

/// The bytes of the volume that are in use.
pub fn allocation(device: &dyn BlockDevice) -> Result<AllocationMap, MapError> {
    let sector = boot::primary(device)?.unwrap_or_default();
    let boot = Boot::parse(&sector)
        .ok_or_else(|| MapError::damaged("the boot sector is not that of NTFS"))??;
    let volume = Volume::open(device, boot)?;
    let condition = Condition::read(&volume)?;
    let bitmap = bitmap::open(&volume)?;
    let mut builder = ExtentSetBuilder::new();
    bitmap::collect(&volume, &bitmap, &mut builder)?;
    let by_bitmap = builder.build();
    check_places(&volume, &by_bitmap)?;

    let by_records = missed_by_bitmap(&volume, &by_bitmap, condition.is_clean())?;
    let mut source = "NTFS $Bitmap and run lists".to_owned();
    if !by_records.is_empty() {
        source.push_str(&format!(" ({} bytes only in run lists)", by_records.total()));
    }
    let mut used = ExtentSetBuilder::new();
    used.extend(by_bitmap.iter());
    used.extend(by_records.iter());
    if let Some(restart) = condition.log.to_replay()? {
        log::collect(&volume, restart, &bitmap, &mut used)?;
        source.push_str(", $LogFile");
    }
    if shadow::exist(device) {
        source.push_str("; restore points may lack what is free by now");
    }
    // Sectors behind the last whole cluster have no bit.
    used.add(Extent::between(boot.clusters * boot.cluster, boot.covered()));
    Ok(AllocationMap { used: used.build(), covered: boot.covered(), source })
}

/// The files that never move must lie where the boot sector says, and the bitmap must know it.
fn check_places(volume: &Volume<'_>, by_bitmap: &ExtentSet) -> Result<(), MapError> {
    let places = [
        ("$MFTMirr", number::MIRROR, Some(volume.boot.mirror)),
        ("$LogFile", number::LOG, None),
        ("$Bitmap", number::BITMAP, None),
        ("$Boot", number::BOOT, Some(0)),
    ];
    for (name, number, place) in places {
        let stream = volume
            .stream(number, kind::DATA, &[])?
            .ok_or_else(|| MapError::damaged(format!("{name} has no content")))?;
        let first = stream.runs().first().and_then(|run| run.lcn);
        if first.is_none() || place.is_some_and(|place| first != Some(place)) {
            return Err(MapError::damaged(format!("{name} is not where it belongs")));
        }
        if stream.runs().iter().any(|run| !known(volume, by_bitmap, run)) {
            return Err(MapError::damaged(format!("$Bitmap calls clusters of {name} free")));
        }
    }
    Ok(())
}

/// True when the bitmap has all clusters of the run in use; holes have none.
fn known(volume: &Volume<'_>, by_bitmap: &ExtentSet, run: &Run) -> bool {
    place(volume, run).is_none_or(|extent| by_bitmap.contains(extent))
}

fn place(volume: &Volume<'_>, run: &Run) -> Option<Extent> {
    run.lcn.and_then(|lcn| volume.boot.extent(lcn, run.clusters))
}

/// The bytes that file records in use reach and the bitmap calls free.
fn missed_by_bitmap(
    volume: &Volume<'_>,
    by_bitmap: &ExtentSet,
    clean: bool,
) -> Result<ExtentSet, MapError> {
    let records_in_use = volume
        .stream(number::MFT, kind::BITMAP, &[])?
        .ok_or_else(|| MapError::damaged("$MFT has no bitmap"))?;
    let mut missed = ExtentSetBuilder::new();
    visit_records(volume, |number, entry| match entry {
        Entry::Whole(record) if record.in_use() => {
            let result = add_missed(volume, by_bitmap, record, &mut missed);
            // Behind the end of the table lie remains that need not make sense.
            let found = if number < volume.records() { result? } else { result.unwrap_or(false) };
            if found && clean && number < number::FIRST_USER {
                return Err(MapError::damaged(format!(
                    "$Bitmap calls clusters of system file {number} free"
                )));
            }
            Ok(())
        }
        Entry::Whole(_) => Ok(()),
        Entry::Other if !is_in_use(volume, &records_in_use, number)? => Ok(()),
        Entry::Broken | Entry::Other => {
            Err(MapError::damaged(format!("file record {number} is damaged")))
        }
    })?;
    Ok(missed.build())
}

/// Adds what the record reaches and the bitmap does not know; true when there was any.
fn add_missed(
    volume: &Volume<'_>,
    by_bitmap: &ExtentSet,
    record: Record<'_>,
    missed: &mut ExtentSetBuilder,
) -> Result<bool, MapError> {
    let mut found = false;
    for attribute in record.attributes() {
        for run in attribute?.reach(volume.boot.clusters)? {
            if !known(volume, by_bitmap, &run) {
                missed.extend(place(volume, &run));
                found = true;
            }
        }
    }
    Ok(found)
}

/// What the bitmap of `$MFT` says of a record.
fn is_in_use(volume: &Volume<'_>, bitmap: &Stream, number: u64) -> Result<bool, MapError> {
    let mut byte = [0];
    bitmap.read_at(volume, &mut byte, number / 8)?;
    Ok(byte[0] >> (number % 8) & 1 != 0)
}
