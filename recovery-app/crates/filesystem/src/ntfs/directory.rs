//! Finding files by path.
//!
//! A directory's index is a tree of blocks. All blocks are read in their order on the volume,
//! without following the tree: that reads each block once whatever the tree claims. Blocks that
//! the tree has given up may hold stale entries; those refer to a file record by a sequence
//! number that it has no more.
//!
//! Format: `fs/ntfs3/ntfs.h`, `struct INDEX_ROOT`, `INDEX_BUFFER`, `NTFS_DE`, `ATTR_FILE_NAME`.

use super::attribute::kind;
use super::record::{REFERENCE_MASK, Record, undo_update_sequence};
use super::volume::{DIRECTORY_INDEX, Volume, number};
use crate::MapError;
use crate::bytes::Bytes;

/// Largest directory index that is searched, in bytes.
const MOST_INDEX: u64 = 64 << 20;

/// The entry behind the last of a node.
const LAST_ENTRY: u16 = 2;

/// UTF-16 as text; what is not a character becomes a replacement mark.
pub(super) fn text(utf16: &[u8]) -> String {
    let units = utf16.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// The number of the file record of `path`, parts separated by slashes, case ignored.
pub(super) fn find(volume: &Volume<'_>, path: &str) -> Result<Option<u64>, MapError> {
    let mut at = number::ROOT;
    for name in path.split('/').filter(|name| !name.is_empty()) {
        match find_in(volume, at, &name.to_uppercase())? {
            Some(next) => at = next,
            None => return Ok(None),
        }
    }
    Ok(Some(at))
}

/// Looks for the file with the upper-case name `name` in directory `directory`.
fn find_in(volume: &Volume<'_>, directory: u64, name: &str) -> Result<Option<u64>, MapError> {
    let root = volume.stream(directory, kind::INDEX_ROOT, DIRECTORY_INDEX)?;
    let Some(root) = root else { return Ok(None) };
    let root = root.read_start(volume, volume.boot.record)?;
    let header = Bytes::new(&root, "$INDEX_ROOT");
    if let Some(found) = search_node(volume, header, 0x10, name)? {
        return Ok(Some(found));
    }
    let block = header.le32(8)? as usize;
    let blocks = volume.stream(directory, kind::INDEX_ALLOCATION, DIRECTORY_INDEX)?;
    let Some(blocks) = blocks else { return Ok(None) };
    if !block.is_power_of_two() || !(512..=65_536).contains(&block) || blocks.size() > MOST_INDEX {
        return Err(MapError::damaged(format!("directory {directory}: impossible index")));
    }
    let mut buffer = vec![0; block];
    for at in (0..blocks.size() / block as u64).map(|index| index * block as u64) {
        blocks.read_at(volume, &mut buffer, at)?;
        if buffer.starts_with(b"INDX") && undo_update_sequence(&mut buffer) {
            let node = Bytes::new(&buffer, "index block");
            if let Some(found) = search_node(volume, node, 0x18, name)? {
                return Ok(Some(found));
            }
        }
    }
    Ok(None)
}

/// Searches the entries of the node whose header is at byte `header`.
fn search_node(
    volume: &Volume<'_>,
    node: Bytes<'_>,
    header: usize,
    name: &str,
) -> Result<Option<u64>, MapError> {
    let mut at = header.saturating_add(node.le32(header)? as usize);
    loop {
        let length = usize::from(node.le16(at + 8)?);
        if node.le16(at + 12)? & LAST_ENTRY != 0 {
            return Ok(None);
        }
        if length < 0x52 {
            return Err(MapError::damaged("directory: an entry is too short"));
        }
        let entry = node.slice(at, length)?;
        let characters = Bytes::new(entry, "index entry");
        let key = characters.slice(0x52, usize::from(entry[0x50]) * 2)?;
        let reference = characters.le64(0)?;
        if text(key).to_uppercase() == name && is_current(volume, reference)? {
            return Ok(Some(reference & REFERENCE_MASK));
        }
        at += length;
    }
}

/// True when the file record still belongs to the file that the reference was made for.
fn is_current(volume: &Volume<'_>, reference: u64) -> Result<bool, MapError> {
    let Ok(block) = volume.record(reference & REFERENCE_MASK) else { return Ok(false) };
    let record = Record::parse(&block)?;
    Ok(record.in_use() && u64::from(record.sequence()) == reference >> 48)
}
