//! Index segments: the records of up to [`RECORDS_PER_SEGMENT`] frames, stored behind them.

use uuid::Uuid;

use crate::record::{RECORD_SIZE, Record, le32};
use crate::skippable::{self, Tag};

/// Records in a full segment: 16 GiB of data in 4 MiB chunks, 320 KiB of index.
pub(crate) const RECORDS_PER_SEGMENT: usize = 4096;

/// Bytes of a segment's body before its records: image id, segment number, record count.
const BODY_PREFIX: usize = 16 + 4 + 4;

/// Bytes of a segment frame that holds `records` records.
pub(crate) fn frame_size(records: u64) -> u64 {
    (skippable::PREFIX + 8 + BODY_PREFIX) as u64 + records * RECORD_SIZE as u64
}

pub(crate) fn encode(image_id: Uuid, number: u32, records: &[Record]) -> Vec<u8> {
    let mut body = Vec::with_capacity(BODY_PREFIX + records.len() * RECORD_SIZE);
    body.extend(image_id.as_bytes());
    body.extend(number.to_le_bytes());
    body.extend(u32::try_from(records.len()).unwrap_or(u32::MAX).to_le_bytes());
    for record in records {
        record.encode(&mut body);
    }
    skippable::tagged(Tag::Segment, &body)
}

pub(crate) fn decode(image_id: Uuid, number: u32, frame: &[u8]) -> Result<Vec<Record>, String> {
    let body = skippable::untag(Tag::Segment, frame)?;
    let (prefix, records) =
        body.split_at_checked(BODY_PREFIX).ok_or_else(|| "it is too short".to_owned())?;
    if &prefix[..16] != image_id.as_bytes() {
        return Err("it belongs to another image".to_owned());
    }
    let count = le32(prefix, 20) as usize;
    let (records, rest) = records.as_chunks::<RECORD_SIZE>();
    if le32(prefix, 16) != number || count != records.len() || !rest.is_empty() {
        return Err("its counts are wrong".to_owned());
    }
    records
        .iter()
        .map(|bytes| Record::decode(bytes).ok_or_else(|| "it names an unknown frame kind".into()))
        .collect()
}
