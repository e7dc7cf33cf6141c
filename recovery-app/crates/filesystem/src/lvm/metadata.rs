use block::{BlockDevice, Extent};

use super::config::{self, Section};
use super::crc::crc;
use super::label::Label;
use crate::MapError;
use crate::bytes::Bytes;

const MAGIC: &[u8; 16] = b" LVM2 x[5A%r0N*>";
const HEADER: u64 = 512;
/// Places of descriptions in the header of an area: the valid one, then the one being written.
const VALID: usize = 40;
const PENDING: usize = 64;
/// The flag of an area that is kept but not written any more.
const IGNORED: u32 = 1;
/// Largest description that is read, in bytes; LVM2's default area has 1 MiB.
const MOST_BYTES: u64 = 16 << 20;

/// The newest description of the volume group, parsed.
pub(super) fn read(volume: &dyn BlockDevice, label: &Label) -> Result<Section, MapError> {
    let mut newest: Option<(u64, Section)> = None;
    for area in &label.metadata_areas {
        let Some(text) = read_area(volume, *area)? else {
            continue;
        };
        let description = config::parse(&text)?;
        let number = description
            .sections()
            .find_map(|(_, group)| group.number("seqno"))
            .ok_or_else(|| MapError::damaged("LVM2: the metadata has no sequence number"))?;
        if newest.as_ref().is_none_or(|(newest, _)| number > *newest) {
            newest = Some((number, description));
        }
    }
    newest.map(|(_, description)| description).ok_or_else(|| {
        MapError::unsupported("LVM2: this physical volume does not describe a volume group")
    })
}

/// The text in one area; `None` when the area is not in use.
///
/// An area that is damaged may have held newer metadata than the others, so it is an error.
fn read_area(volume: &dyn BlockDevice, area: Extent) -> Result<Option<Vec<u8>>, MapError> {
    let damaged = |what: &str| MapError::damaged(format!("LVM2: {what}"));
    let header = volume.read_vec(area.start, 512)?;
    let fields = Bytes::new(&header, "LVM2 metadata area");
    let is_sound = fields.slice(4, 16)? == MAGIC
        && fields.le32(0)? == crc(&header[4..])
        && fields.le32(20)? == 1
        && fields.le64(24)? == area.start;
    if !is_sound {
        return Err(damaged("the header of a metadata area is damaged"));
    }
    let size = fields.le64(32)?;
    let (offset, length) = (fields.le64(VALID)?, fields.le64(VALID + 8)?);
    if fields.le32(VALID + 20)? & IGNORED != 0 || offset == 0 || length == 0 {
        return Ok(None);
    }
    if fields.le64(PENDING)? != 0 && fields.le64(PENDING + 8)? != 0 {
        return Err(damaged("an update of its metadata was not finished"));
    }
    if offset < HEADER || offset >= size || length > (size - HEADER).min(MOST_BYTES) {
        return Err(damaged("the metadata lies outside its area"));
    }
    // The area is written in circles; what does not fit goes on behind the header.
    let first = length.min(size - offset);
    let read = |at: u64, length: u64| {
        let start = area.start.checked_add(at).ok_or_else(|| damaged("an offset is impossible"))?;
        Ok::<_, MapError>(volume.read_vec(start, usize::try_from(length).unwrap_or(usize::MAX))?)
    };
    let mut text = read(offset, first)?;
    text.extend(read(HEADER, length - first)?);
    if crc(&text) != fields.le32(VALID + 16)? {
        return Err(damaged("the checksum of its metadata is wrong"));
    }
    Ok(Some(text))
}
