use super::boot::Layout;
use crate::MapError;
use crate::bytes::Bytes;
use crate::clusters::{Content, Directories, EntryWidth, Node};

const VOLUME_LABEL: u8 = 0x08;
const DIRECTORY: u8 = 0x10;
/// Read-only, hidden, system and label together mark a part of a long name.
const LONG_NAME: u8 = 0x0f;
/// A directory holds at most 65,536 entries (kernel `FAT_MAX_DIR_SIZE`).
pub(super) const MOST_BYTES: u64 = 65_536 * 32;

/// The directories of a FAT volume.
pub(super) struct Tree {
    root: Content,
    width: EntryWidth,
}

impl Tree {
    pub(super) fn new(layout: &Layout) -> Self {
        Self { root: layout.root, width: layout.width }
    }
}

impl Directories for Tree {
    type Entries = Entries;

    fn root(&self) -> Node {
        Node { name: String::new(), is_directory: true, content: self.root, length: None }
    }

    fn entries(&self) -> Entries {
        Entries { width: self.width, long_name: LongName::default(), label: None }
    }

    fn most_bytes(&self) -> u64 {
        MOST_BYTES
    }
}

/// Reads the entries of one directory (specification sections 6 and 7).
pub(super) struct Entries {
    width: EntryWidth,
    long_name: LongName,
    /// The volume label, once it has been met.
    pub label: Option<[u8; 11]>,
}

impl crate::clusters::Entries for Entries {
    fn take(&mut self, entry: &[u8]) -> Result<Vec<Node>, MapError> {
        let bytes = Bytes::new(entry, "FAT directory entry");
        let first = bytes.u8(0)?;
        let attributes = bytes.u8(11)?;
        if matches!(first, 0 | 0xe5) {
            self.long_name = LongName::default();
            return Ok(Vec::new());
        }
        if attributes & 0x3f == LONG_NAME {
            self.long_name.take(first, bytes.slice(0, 32)?);
            return Ok(Vec::new());
        }
        let long_name = std::mem::take(&mut self.long_name);
        let mut short = [0; 11];
        short.copy_from_slice(bytes.slice(0, 11)?);
        if attributes & VOLUME_LABEL != 0 {
            self.label.get_or_insert(short);
            return Ok(Vec::new());
        }
        if short[0] == b'.' {
            return Ok(Vec::new());
        }
        let high = if self.width == EntryWidth::Bits28 { bytes.le16(20)? } else { 0 };
        let cluster = u32::from(high) << 16 | u32::from(bytes.le16(26)?);
        let is_directory = attributes & DIRECTORY != 0;
        Ok(vec![Node {
            name: long_name.finish(&short).unwrap_or_else(|| short_name(&short, entry[12])),
            is_directory,
            content: if cluster == 0 { Content::Empty } else { Content::Chain(cluster) },
            length: if is_directory { None } else { Some(bytes.le32(28)?.into()) },
        }])
    }

    /// Never before the last cluster: the kernel reads on behind a zero.
    fn have_ended(&self) -> bool {
        false
    }
}

/// "README  TXT" as "README.TXT"; the flags of Windows NT say which half is in lower case.
fn short_name(raw: &[u8; 11], flags: u8) -> String {
    let part = |bytes: &[u8], is_lower: bool| {
        let text = String::from_utf8_lossy(bytes).trim_end().to_owned();
        if is_lower { text.to_lowercase() } else { text }
    };
    let mut name = *raw;
    // 0xE5 as the first character is stored as 5, because it marks free entries.
    if name[0] == 5 {
        name[0] = 0xe5;
    }
    let base = part(&name[..8], flags & 0x08 != 0);
    let extension = part(&name[8..], flags & 0x10 != 0);
    if extension.is_empty() { base } else { format!("{base}.{extension}") }
}

/// The parts of a long name, which come last part first before the entry they name.
#[derive(Default)]
struct LongName {
    /// UTF-16 of the parts, in the order in which they were met.
    parts: Vec<[u16; 13]>,
    checksum: u8,
    /// Number of the part that must come next.
    expected: u8,
}

impl LongName {
    fn take(&mut self, order: u8, entry: &[u8]) {
        let number = order & 0x3f;
        if order & 0x40 != 0 {
            *self = Self { parts: Vec::new(), checksum: entry[13], expected: number };
        }
        if number == 0 || number > 20 || number != self.expected || self.checksum != entry[13] {
            *self = Self::default();
            return;
        }
        let mut part = [0; 13];
        let places = (1..11).step_by(2).chain((14..26).step_by(2)).chain([28, 30]);
        for (unit, at) in part.iter_mut().zip(places) {
            *unit = u16::from_le_bytes([entry[at], entry[at + 1]]);
        }
        self.parts.push(part);
        self.expected -= 1;
    }

    /// The name, if it is complete and belongs to the entry with this short name.
    fn finish(self, short: &[u8; 11]) -> Option<String> {
        let sum = short.iter().fold(0_u8, |sum, byte| sum.rotate_right(1).wrapping_add(*byte));
        if self.parts.is_empty() || self.expected != 0 || self.checksum != sum {
            return None;
        }
        let units: Vec<u16> = self.parts.iter().rev().flatten().copied().collect();
        let length = units.iter().position(|unit| *unit == 0).unwrap_or(units.len());
        Some(String::from_utf16_lossy(&units[..length]))
    }
}
