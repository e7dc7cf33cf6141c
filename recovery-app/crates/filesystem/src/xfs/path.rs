//! Files by path.

use std::ops::ControlFlow;

use block::BlockDevice;

use super::directory;
use super::fork::Piece;
use super::inode::Inode;
use super::limited::Limited;
use super::superblock::Superblock;
use crate::MapError;

/// Reads for one file: its content is short, but directories on the way may be large.
const MOST_READS: u64 = 1 << 16;
/// Links followed on the way to one file.
const MOST_LINKS: usize = 8;
/// Components of a path, links included.
const MOST_STEPS: usize = 256;

/// Up to `most` bytes of the regular file at `path`, which is relative to the root of the volume;
/// `None` when there is none. Links within the volume are followed.
///
/// The volume is read as it is on the disk, without its log.
///
/// # Errors
/// When the way to the file is damaged, unreadable or not understood.
pub fn read_file(
    volume: &dyn BlockDevice,
    path: &str,
    most: usize,
) -> Result<Option<Vec<u8>>, MapError> {
    let volume = &Limited::new(volume, MOST_READS);
    let Some(sb) = Superblock::read(volume)? else { return Ok(None) };
    sb.features.check()?;
    match find(volume, &sb, path)? {
        Some(inode) if inode.is_regular() => content(volume, &sb, &inode, most).map(Some),
        _ => Ok(None),
    }
}

fn find(volume: &dyn BlockDevice, sb: &Superblock, path: &str) -> Result<Option<Inode>, MapError> {
    // Components still to walk, the next one last; the directories walked through, the root first.
    let mut rest: Vec<Vec<u8>> = components(path.as_bytes());
    let mut trail = vec![Inode::read(volume, sb, sb.root_inode)?];
    let mut links = 0;
    for _ in 0..MOST_STEPS {
        let Some(inode) = trail.last() else { return Ok(None) };
        let Some(name) = rest.pop() else { return Ok(trail.pop()) };
        if name == b".." {
            if trail.len() > 1 {
                trail.pop();
            }
            continue;
        }
        let Some(number) = lookup(volume, sb, inode, &name)? else { return Ok(None) };
        let next = Inode::read(volume, sb, number)?;
        if !next.is_link() {
            trail.push(next);
            continue;
        }
        links += 1;
        let Some(target) = next.inside().filter(|_| links <= MOST_LINKS) else { return Ok(None) };
        if target.starts_with(b"/") {
            trail.truncate(1);
        }
        rest.extend(components(target));
    }
    Ok(None)
}

/// The parts of a path, the first one last.
fn components(path: &[u8]) -> Vec<Vec<u8>> {
    let parts = path.split(|byte| *byte == b'/');
    parts.filter(|part| !part.is_empty() && *part != b".").rev().map(<[u8]>::to_vec).collect()
}

fn lookup(
    volume: &dyn BlockDevice,
    sb: &Superblock,
    inode: &Inode,
    wanted: &[u8],
) -> Result<Option<u64>, MapError> {
    let mut found = None;
    if inode.is_directory() {
        directory::entries(volume, sb, inode, &mut |entry| {
            if entry.name != wanted {
                return ControlFlow::Continue(());
            }
            found = Some(entry.inode);
            ControlFlow::Break(())
        })?;
    }
    Ok(found)
}

/// The first bytes of a file, holes as zeros.
fn content(
    volume: &dyn BlockDevice,
    sb: &Superblock,
    inode: &Inode,
    most: usize,
) -> Result<Vec<u8>, MapError> {
    let wanted = usize::try_from(inode.size).unwrap_or(usize::MAX).min(most);
    let mut content = vec![0; wanted];
    let mut failure = None;
    inode.data().visit(volume, sb, &mut |piece| {
        let Piece::Content(record) = piece else { return ControlFlow::Continue(()) };
        let start = record.offset.saturating_mul(u64::from(sb.block_size));
        let Some(place) = usize::try_from(start).ok().and_then(|start| content.get_mut(start..))
        else {
            return ControlFlow::Break(());
        };
        if record.unwritten || place.is_empty() {
            return ControlFlow::Continue(());
        }
        let Some(extent) = sb.extent_of(record.start, record.count) else {
            failure = Some(MapError::damaged("XFS file lies outside the volume"));
            return ControlFlow::Break(());
        };
        let length = place.len().min(usize::try_from(extent.length).unwrap_or(usize::MAX));
        if let Err(error) = volume.read_at(&mut place[..length], extent.start) {
            failure = Some(error.into());
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    failure.map_or(Ok(content), Err)
}
