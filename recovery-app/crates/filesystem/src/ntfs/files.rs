//! Files by name, and names by place.

use std::collections::BTreeSet;

use block::{BlockDevice, Extent, ExtentSet};

use super::attribute::kind;
use super::boot::{self, Boot};
use super::directory;
use super::record::{REFERENCE_MASK, Record};
use super::table::{Entry, visit_records};
use super::volume::{Volume, number};
use crate::MapError;
use crate::bytes::Bytes;

/// Deepest path that is spelled out.
const MOST_PARENTS: usize = 256;

/// Name space of names that exist for DOS programs only.
const DOS: u8 = 2;

/// The volume by its boot sector, or the copy of it.
fn open(device: &dyn BlockDevice) -> Result<Volume<'_>, MapError> {
    let sector = boot::primary(device)?.unwrap_or_default();
    let boot = match Boot::parse(&sector) {
        Some(Ok(boot)) => boot,
        _ => boot::backup(device).ok_or_else(|| MapError::damaged("no NTFS boot sector"))?,
    };
    Volume::open(device, boot)
}

/// The first `most` bytes of the file at `path`; `None` when there is no such file.
///
/// Content that is compressed, encrypted or elsewhere (a link, or Windows' "compact" files) is an
/// error.
pub fn read_file(
    device: &dyn BlockDevice,
    path: &str,
    most: usize,
) -> Result<Option<Vec<u8>>, MapError> {
    let volume = open(device)?;
    let Some(file) = directory::find(&volume, path)? else { return Ok(None) };
    if volume.stream(file, kind::REPARSE_POINT, &[])?.is_some() {
        return Err(MapError::unsupported("the content of the file is elsewhere"));
    }
    let stream = volume.stream(file, kind::DATA, &[])?;
    stream.map(|stream| stream.read_start(&volume, most)).transpose()
}

/// Paths of at most `most` files whose content or file record lies in `extents`.
///
/// Records that are damaged are passed over: this is asked when there is damage.
pub fn files_on(
    device: &dyn BlockDevice,
    extents: &ExtentSet,
    most: usize,
) -> Result<Vec<String>, MapError> {
    let volume = open(device)?;
    let mut files = BTreeSet::new();
    visit_records(&volume, |number, entry| {
        if let Entry::Whole(record) = entry
            && record.in_use()
            && files.len() < most
            && (lies_on(&volume, record, extents) || stands_on(&volume, number, extents))
        {
            files.insert(record.base().unwrap_or(number));
        }
        Ok(())
    })?;
    Ok(files.into_iter().map(|file| path(&volume, file)).collect())
}

/// True when content of the record's file lies in `extents`.
fn lies_on(volume: &Volume<'_>, record: Record<'_>, extents: &ExtentSet) -> bool {
    record.attributes().map_while(Result::ok).any(|attribute| {
        let runs = attribute.runs(volume.boot.clusters).unwrap_or_default();
        runs.iter()
            .filter_map(|run| volume.boot.extent(run.lcn?, run.clusters))
            .any(|extent| extents.intersects(extent))
    })
}

/// True when the record itself lies in `extents`.
fn stands_on(volume: &Volume<'_>, number: u64, extents: &ExtentSet) -> bool {
    let start = number.saturating_mul(volume.boot.record as u64);
    (0..volume.boot.record as u64)
        .step_by(512)
        .filter_map(|within| volume.mft.place(volume, start.saturating_add(within)))
        .any(|place| extents.intersects(Extent::new(place, 512)))
}

/// The path of a file from the root, parts separated by slashes.
fn path(volume: &Volume<'_>, file: u64) -> String {
    let mut names = Vec::new();
    let mut at = file;
    for _ in 0..MOST_PARENTS {
        if at == number::ROOT {
            break;
        }
        let Some((parent, name)) = name(volume, at) else {
            names.push(format!("(file record {at})"));
            break;
        };
        names.push(name);
        at = parent;
    }
    names.reverse();
    names.join("/")
}

/// Parent directory and name of a file; the long name where it has a short one too.
fn name(volume: &Volume<'_>, file: u64) -> Option<(u64, String)> {
    let block = volume.record(file).ok()?;
    let record = Record::parse(&block).ok()?;
    let list = record
        .attributes()
        .map_while(Result::ok)
        .find(|attribute| attribute.kind == kind::ATTRIBUTE_LIST);
    let elsewhere =
        list.and_then(|list| volume.holders(&list, kind::FILE_NAME).ok()).unwrap_or_default();
    let own = name_in(record).into_iter();
    let others = elsewhere.into_iter().filter_map(|number| {
        let block = volume.record(number).ok()?;
        name_in(Record::parse(&block).ok()?)
    });
    let name = own.chain(others).min_by_key(|name| name.space == DOS)?;
    Some((name.parent, name.text))
}

/// A name of a file.
struct Name {
    parent: u64,
    space: u8,
    text: String,
}

/// The best name that one record holds.
fn name_in(record: Record<'_>) -> Option<Name> {
    record
        .attributes()
        .map_while(Result::ok)
        .filter(|attribute| attribute.kind == kind::FILE_NAME)
        .filter_map(|attribute| {
            let bytes = Bytes::new(attribute.resident()?, "$FILE_NAME");
            let length = usize::from(bytes.u8(0x40).ok()?) * 2;
            Some(Name {
                parent: bytes.le64(0).ok()? & REFERENCE_MASK,
                space: bytes.u8(0x41).ok()?,
                text: directory::text(bytes.slice(0x42, length).ok()?),
            })
        })
        .min_by_key(|name| name.space == DOS)
}
