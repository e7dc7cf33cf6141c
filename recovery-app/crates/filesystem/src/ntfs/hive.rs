//! Values out of a registry hive.
//!
//! The crates that read hives load them whole (the one needed here has 100 MB and more) and bring
//! a dozen dependencies for a walk along one path, so this is hand-written.
//!
//! Format: a header of 4096 bytes, then cells at offsets that count from its end. A cell starts
//! with its size (negative when in use). Keys (`nk`) list their subkeys in index cells (`lf`,
//! `lh`, `li`, or `ri` for lists of lists) and their values (`vk`) in a plain array.

use super::directory::text;
use super::stream::Stream;
use super::volume::Volume;
use crate::MapError;
use crate::bytes::Bytes;

/// Bytes in front of the first cell.
const HEADER: u64 = 4096;

/// Most subkeys or values of one key that are looked at.
const MOST_ENTRIES: usize = 16_384;

/// Most lists of subkeys of one key that are looked at.
const MOST_LISTS: usize = 1024;

/// Longest name of a key or value that is read, in bytes: 255 characters is the limit for keys.
const MOST_NAME: usize = 512;

/// Most bytes of one value that are read.
const MOST_VALUE: usize = 4096;

/// Name of key or value is in Latin-1, not UTF-16.
const KEY_NAME_IS_LATIN: u16 = 0x20;
const VALUE_NAME_IS_LATIN: u16 = 1;

/// A registry hive in a file.
pub(super) struct Hive<'a> {
    volume: &'a Volume<'a>,
    content: Stream,
}

/// A key, by the offset of its cell.
#[derive(Clone, Copy)]
pub(super) struct Key(u32);

impl<'a> Hive<'a> {
    /// The hive in `content`, and its root key.
    pub(super) fn open(volume: &'a Volume<'a>, content: Stream) -> Result<(Self, Key), MapError> {
        let start = content.read_start(volume, 0x28)?;
        let header = Bytes::new(&start, "registry hive");
        if header.slice(0, 4)? != b"regf" {
            return Err(MapError::damaged("registry hive: bad header"));
        }
        let root = header.le32(0x24)?;
        Ok((Self { volume, content }, Key(root)))
    }

    /// The first `length` bytes in the cell at `offset`.
    fn cell(&self, offset: u32, length: usize) -> Result<Vec<u8>, MapError> {
        let mut bytes = vec![0; length];
        self.content.read_at(self.volume, &mut bytes, HEADER + u64::from(offset) + 4)?;
        Ok(bytes)
    }

    /// The subkey of `key` with this name, case ignored.
    pub(super) fn subkey(&self, key: Key, name: &str) -> Result<Option<Key>, MapError> {
        let cell = self.cell(key.0, 0x4c)?;
        let fields = key_fields(&cell)?;
        if fields.le32(0x14)? == 0 {
            return Ok(None);
        }
        for list in self.lists(fields.le32(0x1c)?)? {
            for offset in list {
                if self.key_name(offset)?.eq_ignore_ascii_case(name) {
                    return Ok(Some(Key(offset)));
                }
            }
        }
        Ok(None)
    }

    /// The subkey offsets in an index cell, or in those that it lists.
    fn lists(&self, offset: u32) -> Result<Vec<Vec<u32>>, MapError> {
        let (kind, entries) = self.list(offset)?;
        if &kind != b"ri" {
            return Ok(vec![entries]);
        }
        let mut left = MOST_ENTRIES;
        let mut lists = Vec::new();
        for offset in entries.into_iter().take(MOST_LISTS) {
            let (kind, entries) = self.list(offset)?;
            if &kind == b"ri" || entries.len() > left {
                return Err(MapError::damaged("registry hive: impossible index"));
            }
            left -= entries.len();
            lists.push(entries);
        }
        Ok(lists)
    }

    fn list(&self, offset: u32) -> Result<([u8; 2], Vec<u32>), MapError> {
        let start = self.cell(offset, 4)?;
        let count = usize::from(Bytes::new(&start, "index cell").le16(2)?);
        let kind = [start[0], start[1]];
        let stride = match &kind {
            b"lf" | b"lh" => 8,
            b"li" | b"ri" => 4,
            _ => return Err(MapError::damaged("registry hive: bad index")),
        };
        let cell = self.cell(offset, 4 + count.min(MOST_ENTRIES) * stride)?;
        let bytes = Bytes::new(&cell, "index cell");
        let entries = (4..cell.len()).step_by(stride).map(|at| bytes.le32(at));
        Ok((kind, entries.collect::<Result<_, _>>()?))
    }

    fn key_name(&self, offset: u32) -> Result<String, MapError> {
        let cell = self.cell(offset, 0x4c)?;
        let fields = key_fields(&cell)?;
        let length = usize::from(fields.le16(0x48)?).min(MOST_NAME);
        let cell = self.cell(offset, 0x4c + length)?;
        Ok(decode(&cell[0x4c..], fields.le16(2)? & KEY_NAME_IS_LATIN != 0))
    }

    /// The text of the value `name` of `key`, case ignored.
    pub(super) fn text(&self, key: Key, name: &str) -> Result<Option<String>, MapError> {
        let cell = self.cell(key.0, 0x4c)?;
        let fields = key_fields(&cell)?;
        let count = (fields.le32(0x24)? as usize).min(MOST_ENTRIES);
        let values = self.cell(fields.le32(0x28)?, count * 4)?;
        let values = Bytes::new(&values, "value list");
        for index in 0..count {
            let offset = values.le32(index * 4)?;
            let cell = self.cell(offset, 0x14)?;
            let value = Bytes::new(&cell, "registry value");
            if value.slice(0, 2)? != b"vk" {
                return Err(MapError::damaged("registry hive: bad value"));
            }
            let length = usize::from(value.le16(2)?).min(MOST_NAME);
            let named = self.cell(offset, 0x14 + length)?;
            let is_latin = value.le16(0x10)? & VALUE_NAME_IS_LATIN != 0;
            if decode(&named[0x14..], is_latin).eq_ignore_ascii_case(name) {
                return self.value_text(value).map(Some);
            }
        }
        Ok(None)
    }

    fn value_text(&self, value: Bytes<'_>) -> Result<String, MapError> {
        // The top bit means that the data stand in place of their offset.
        let length = value.le32(4)?;
        let data = if length >> 31 != 0 {
            let length = (length & 0x7fff_ffff) as usize;
            value.slice(8, length.min(4))?.to_vec()
        } else {
            self.cell(value.le32(8)?, (length as usize).min(MOST_VALUE))?
        };
        let text = text(&data);
        Ok(text.split('\0').next().unwrap_or_default().to_owned())
    }
}

fn key_fields(cell: &[u8]) -> Result<Bytes<'_>, MapError> {
    if !cell.starts_with(b"nk") {
        return Err(MapError::damaged("registry hive: bad key"));
    }
    Ok(Bytes::new(cell, "registry key"))
}

fn decode(bytes: &[u8], is_latin: bool) -> String {
    if is_latin { bytes.iter().copied().map(char::from).collect() } else { text(bytes) }
}
