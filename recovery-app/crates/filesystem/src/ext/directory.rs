//! Names: directory blocks and paths (Linux `Documentation/filesystems/ext4/directory.rst`).
//!
//! Hashed directories need no reader of their own: their index blocks look empty to one that
//! reads entry after entry.

use std::ops::ControlFlow;

use crate::MapError;
use crate::bytes::Bytes;

use super::features::incompat;
use super::inode::{Inode, ROOT, Type};
use super::mapping::{self, Budget};
use super::volume::Volume;

/// Most runs of one file or directory that are held in memory.
const MOST_RUNS: usize = 1 << 18;
/// The part of an entry in front of its name, in bytes.
const ENTRY: usize = 8;
const TYPE_UNKNOWN: u8 = 0;
const TYPE_DIRECTORY: u8 = 2;
/// Symbolic links followed on the way to a file, as in the kernel.
const MOST_LINKS: u32 = 40;
/// Longest path that a symbolic link may hold, in bytes.
const MOST_TARGET: usize = 4096;
/// The number of the parent in front of inline entries, in bytes.
const INLINE_PARENT: usize = 4;

/// A name in a directory.
#[derive(Clone, Copy)]
pub(super) struct Name<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) inode: u32,
    /// Whether it names a directory, where entries tell.
    pub(super) is_directory: Option<bool>,
}

type Visit<'f> = dyn FnMut(Name<'_>) -> ControlFlow<()> + 'f;

/// Tells `visit` each name in directory `inode`.
pub(super) fn entries(
    volume: &Volume<'_>,
    inode: &Inode,
    budget: &mut Budget,
    visit: &mut Visit<'_>,
) -> Result<(), MapError> {
    if inode.has_inline_data() {
        let (first, rest) = inode.inline_content();
        if entries_of(volume, &first[INLINE_PARENT..], visit).is_continue() {
            let _stopped = entries_of(volume, rest, visit);
        }
        return Ok(());
    }
    for mapped in data_runs(volume, inode, inode.size, budget)? {
        for block in mapped.physical..mapped.physical + mapped.count {
            budget.spend(1)?;
            if entries_of(volume, &volume.read_blocks(block, 1)?, visit).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The written runs that hold the first `length` bytes.
fn data_runs(
    volume: &Volume<'_>,
    inode: &Inode,
    length: u64,
    budget: &mut Budget,
) -> Result<Vec<mapping::Mapped>, MapError> {
    let blocks = length.div_ceil(volume.superblock.block_size);
    let mut runs = Vec::new();
    mapping::walk(volume, inode, budget, &mut |mapped| {
        match mapped.logical {
            Some(logical) if logical >= blocks => return ControlFlow::Break(()),
            Some(_) if mapped.written => runs.push(mapped),
            _ => {}
        }
        match runs.len() {
            0..=MOST_RUNS => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    })?;
    if runs.len() > MOST_RUNS {
        return Err(MapError::damaged("ext4: a file or directory in more pieces than can be held"));
    }
    Ok(runs)
}

/// The entries of one block; ends where they stop making sense.
fn entries_of(volume: &Volume<'_>, bytes: &[u8], visit: &mut Visit<'_>) -> ControlFlow<()> {
    let has_types = volume.superblock.features.has_incompat(incompat::FILETYPE);
    let mut at = 0;
    while let Some((entry, length)) = entry_at(bytes, at, has_types) {
        if let Some(name) = entry {
            visit(name)?;
        }
        at += length;
    }
    ControlFlow::Continue(())
}

fn entry_at(bytes: &[u8], at: usize, has_types: bool) -> Option<(Option<Name<'_>>, usize)> {
    let field = Bytes::new(bytes, "ext4 directory");
    let inode = field.le32(at).ok()?;
    let length = entry_length(field.le16(at + 4).ok()?, bytes.len());
    let name_length = match has_types {
        true => field.u8(at + 6).ok()?.into(),
        false => usize::from(field.le16(at + 6).ok()?),
    };
    if length < ENTRY || at.checked_add(length)? > bytes.len() {
        return None;
    }
    let in_use = inode != 0 && name_length > 0 && name_length <= length - ENTRY;
    if !in_use {
        return Some((None, length));
    }
    let bytes = field.slice(at + ENTRY, name_length).ok()?;
    let kind = field.u8(at + 7).ok()?;
    let is_directory = (has_types && kind != TYPE_UNKNOWN).then_some(kind == TYPE_DIRECTORY);
    Some((Some(Name { bytes, inode, is_directory }), length))
}

/// The length field, which cannot hold 65536 and so keeps two high bits at the bottom.
fn entry_length(field: u16, block: usize) -> usize {
    match usize::from(field) {
        0 | 0xffff if block >= 1 << 16 => 1 << 16,
        length => length & 0xfffc | (length & 3) << 16,
    }
}

/// See [`super::read_file`].
pub(super) fn file(
    volume: &Volume<'_>,
    path: &str,
    most: usize,
    budget: &mut Budget,
) -> Result<Option<Vec<u8>>, MapError> {
    match find(volume, path, budget)? {
        Some(inode) if inode.kind == Type::File && !inode.is_encrypted() => {
            content(volume, &inode, most, budget).map(Some)
        }
        _ => Ok(None),
    }
}

/// The inode of the file at `path`, following symbolic links inside the volume.
fn find(volume: &Volume<'_>, path: &str, budget: &mut Budget) -> Result<Option<Inode>, MapError> {
    let mut names = split(path.as_bytes());
    let mut parents = vec![ROOT];
    let mut links = 0;
    while let Some(name) = names.pop() {
        let directory = *parents.last().unwrap_or(&ROOT);
        match &name[..] {
            b"." => continue,
            b".." => {
                parents.truncate(parents.len().saturating_sub(1).max(1));
                continue;
            }
            _ => {}
        }
        let Some(number) = lookup(volume, directory, &name, budget)? else { return Ok(None) };
        let inode = Inode::read(volume, number)?;
        match inode.kind {
            Type::Symlink => {
                links += 1;
                let Some(target) =
                    link_target(volume, &inode, budget)?.filter(|_| links <= MOST_LINKS)
                else {
                    return Ok(None);
                };
                if target.starts_with(b"/") {
                    parents.truncate(1);
                }
                names.extend(split(&target));
            }
            Type::Directory => parents.push(number),
            _ if names.is_empty() => return Ok(Some(inode)),
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// The names of a path, last first.
fn split(path: &[u8]) -> Vec<Vec<u8>> {
    let names = path.split(|byte| *byte == b'/').filter(|name| !name.is_empty());
    names.rev().map(<[u8]>::to_vec).collect()
}

fn lookup(
    volume: &Volume<'_>,
    directory: u32,
    name: &[u8],
    budget: &mut Budget,
) -> Result<Option<u32>, MapError> {
    let mut found = None;
    let inode = Inode::read(volume, directory)?;
    if inode.kind != Type::Directory {
        return Ok(None);
    }
    entries(volume, &inode, budget, &mut |entry| {
        if entry.bytes == name {
            found = Some(entry.inode);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

fn link_target(
    volume: &Volume<'_>,
    inode: &Inode,
    budget: &mut Budget,
) -> Result<Option<Vec<u8>>, MapError> {
    if inode.is_encrypted() {
        return Ok(None);
    }
    content(volume, inode, MOST_TARGET, budget).map(Some)
}

/// The first `most` bytes of a file or symbolic link.
fn content(
    volume: &Volume<'_>,
    inode: &Inode,
    most: usize,
    budget: &mut Budget,
) -> Result<Vec<u8>, MapError> {
    let length = usize::try_from(inode.size).unwrap_or(usize::MAX).min(most);
    if !inode.has_blocks() {
        let (first, rest) = inode.inline_content();
        let mut bytes = [first, rest].concat();
        bytes.truncate(length);
        return Ok(bytes);
    }
    let mut bytes = vec![0; length];
    let size = volume.superblock.block_size;
    for mapped in data_runs(volume, inode, length as u64, budget)? {
        for index in 0..mapped.count {
            let logical = mapped.logical.unwrap_or(0) + index;
            let start = usize::try_from(logical * size).unwrap_or(usize::MAX);
            if start >= length {
                break;
            }
            budget.spend(1)?;
            let block = volume.read_blocks(mapped.physical + index, 1)?;
            let end = length.min(start + block.len());
            bytes[start..end].copy_from_slice(&block[..end - start]);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_lengths_of_large_blocks() {
        assert_eq!(entry_length(12, 4096), 12);
        assert_eq!(entry_length(0, 4096), 0);
        assert_eq!(entry_length(0, 1 << 16), 1 << 16);
        assert_eq!(entry_length(0xffff, 1 << 16), 1 << 16);
    }
}
