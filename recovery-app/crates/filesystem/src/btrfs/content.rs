//! Content of small files.

use std::io::Read;
use std::ops::ControlFlow;

use block::Extent;

use super::file_extent::{self, Compression, FileExtent, OnDisk};
use super::node::Key;
use super::path::{self, Inode};
use super::roots::TOP_SUBVOLUME;
use super::tree;
use super::volume::Btrfs;
use crate::MapError;

/// Most bytes of a compressed extent, packed or not (kernel: `BTRFS_MAX_COMPRESSED`).
const MOST_PACKED: u64 = 128 << 10;

/// Names of subvolumes in which installers put the root of a system.
const SYSTEM_SUBVOLUMES: [&str; 5] = ["@", "root", "@rootfs", "@root", "rootfs"];

/// See [`super::read_file`].
pub(super) fn read_file(
    btrfs: &Btrfs<'_>,
    path: &str,
    most: usize,
) -> Result<Option<Vec<u8>>, MapError> {
    let top = path::top(btrfs, TOP_SUBVOLUME)?;
    let mut starts = vec![path::top(btrfs, path::default_subvolume(btrfs)?)?, top];
    if let Some(top) = top {
        for name in SYSTEM_SUBVOLUMES {
            starts.push(path::find(btrfs, top, name)?);
        }
    }
    for start in starts.into_iter().flatten() {
        if let Some(inode) = path::find(btrfs, start, path)?
            && let Some(content) = read(btrfs, inode, most)?
        {
            return Ok(Some(content));
        }
    }
    Ok(None)
}

/// The first `most` bytes of a file or link; `None` for anything else, and for what cannot be
/// unpacked.
pub(super) fn read(
    btrfs: &Btrfs<'_>,
    inode: Inode,
    most: usize,
) -> Result<Option<Vec<u8>>, MapError> {
    let Some(size) = path::size_of_content(btrfs, inode)? else {
        return Ok(None);
    };
    let mut content = vec![0; usize::try_from(size).unwrap_or(usize::MAX).min(most)];
    let mut understood = true;
    let range = (
        Key::new(inode.number, file_extent::ITEM, 0),
        Key::new(inode.number, file_extent::ITEM, u64::MAX),
    );
    tree::items_between(btrfs, inode.tree, range, &mut |key, data| {
        let rest = usize::try_from(key.offset).ok().and_then(|at| content.get_mut(at..));
        let Some(rest) = rest.filter(|rest| !rest.is_empty()) else {
            return Ok(ControlFlow::Break(()));
        };
        understood = fill(btrfs, file_extent::parse(data)?, rest)?;
        Ok(if understood { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    Ok(understood.then_some(content))
}

/// Copies a piece of a file to the start of `target`, which holds zeros; false when it cannot be
/// unpacked.
fn fill(btrfs: &Btrfs<'_>, extent: FileExtent<'_>, target: &mut [u8]) -> Result<bool, MapError> {
    match extent {
        FileExtent::Hole { .. } => Ok(true),
        FileExtent::OnDisk(piece) if piece.preallocated => Ok(true),
        FileExtent::OnDisk(piece) => fill_from_disk(btrfs, &piece, target),
        FileExtent::Inline { content, compression: Compression::None, .. } => {
            copy(content, target);
            Ok(true)
        }
        FileExtent::Inline { content, length, compression } => {
            Ok(unpack(content, length, compression).is_some_and(|content| {
                copy(&content, target);
                true
            }))
        }
    }
}

fn fill_from_disk(btrfs: &Btrfs<'_>, piece: &OnDisk, target: &mut [u8]) -> Result<bool, MapError> {
    let wanted = piece.length.min(target.len() as u64);
    let target = &mut target[..usize::try_from(wanted).unwrap_or(0)];
    if piece.compression == Compression::None {
        let sector = u64::from(btrfs.superblock.sector);
        let start = piece.disk.start.saturating_add(piece.offset);
        copy(&read_logical(btrfs, Extent::new(start, wanted).aligned_out(sector))?, target);
        return Ok(true);
    }
    if piece.disk.length > MOST_PACKED {
        return Err(MapError::damaged("btrfs compressed extent is too long"));
    }
    let packed = read_logical(btrfs, piece.disk)?;
    let Some(content) = unpack(&packed, piece.unpacked, piece.compression) else {
        return Ok(false);
    };
    let offset = usize::try_from(piece.offset).unwrap_or(usize::MAX);
    copy(content.get(offset..).unwrap_or_default(), target);
    Ok(true)
}

fn read_logical(btrfs: &Btrfs<'_>, logical: Extent) -> Result<Vec<u8>, MapError> {
    let (_, chunk) = btrfs.chunks.holding(logical)?;
    let place = chunk.physical(logical).next();
    let place = place.ok_or_else(|| MapError::damaged("btrfs chunk without a place"))?;
    Ok(btrfs.read(place)?.to_vec())
}

fn copy(content: &[u8], target: &mut [u8]) {
    let length = content.len().min(target.len());
    target[..length].copy_from_slice(&content[..length]);
}

/// The first `length` bytes of what is packed in `packed`, which may be followed by zeros.
fn unpack(packed: &[u8], length: u64, compression: Compression) -> Option<Vec<u8>> {
    let length = length.min(MOST_PACKED);
    let mut content = Vec::new();
    match compression {
        Compression::None => return Some(packed.to_vec()),
        Compression::Lzo => return None,
        Compression::Zlib => {
            flate2::read::ZlibDecoder::new(packed).take(length).read_to_end(&mut content)
        }
        Compression::Zstd => zstd::Decoder::with_buffer(packed)
            .and_then(|decoder| decoder.single_frame().take(length).read_to_end(&mut content)),
    }
    .ok()?;
    Some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unpacks_what_is_followed_by_zeros() {
        let content = b"remetal ".repeat(100);
        let mut packed = zstd::encode_all(&content[..], 3).unwrap();
        packed.resize(4096, 0);
        assert_eq!(unpack(&packed, 800, Compression::Zstd).as_deref(), Some(&content[..]));
        assert_eq!(unpack(&[1; 64], 800, Compression::Zlib), None);
        assert_eq!(unpack(&packed, 800, Compression::Lzo), None);
    }
}
