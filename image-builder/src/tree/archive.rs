//! Trees as archives: `tar` for the tools that make images of it, `cpio` for the kernel.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use cpio::newc::{Builder, ModeFileType, trailer};
use tar::{EntryType, Header};

use super::{Content, Node, Tree};
use crate::error::{Doing, Result};

const FOLDER_MODE: u32 = 0o755;
const LINK_MODE: u32 = 0o777;
const DEVICE_MODE: u32 = 0o600;

/// A node of a character device, which only the kernel's own format can have here: no other step
/// of a build could make one without being root.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Device {
    pub(crate) path: &'static str,
    pub(crate) major: u32,
    pub(crate) minor: u32,
}

fn file_mode(runs: bool) -> u32 {
    if runs { 0o755 } else { 0o644 }
}

impl Content {
    /// Size in bytes, and the bytes.
    pub(crate) fn open(&self) -> Result<(u64, Box<dyn Read + '_>)> {
        match self {
            Self::Bytes(bytes) => Ok((bytes.len() as u64, Box::new(bytes.as_slice()))),
            Self::File(path) => {
                let file = File::open(path).doing("opening", path)?;
                let size = file.metadata().doing("reading", path)?.len();
                Ok((size, Box::new(file)))
            }
        }
    }
}

/// Writes a tree as a `tar` stream; `epoch` is the time of everything in it, in seconds.
pub(crate) fn write_tar(tree: &Tree, epoch: u32, output: &mut dyn Write) -> Result<()> {
    let mut archive = tar::Builder::new(output);
    for (path, node) in tree.iter() {
        let place = Path::new(path);
        let mut header = Header::new_gnu();
        header.set_mtime(u64::from(epoch));
        let (kind, mode) = match node {
            Node::Folder => (EntryType::Directory, FOLDER_MODE),
            Node::Link(_) => (EntryType::Symlink, LINK_MODE),
            Node::File(_, runs) => (EntryType::Regular, file_mode(*runs)),
        };
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(0);
        let added = match node {
            Node::Folder => archive.append_data(&mut header, path, io::empty()),
            Node::Link(target) => archive.append_link(&mut header, path, target),
            Node::File(content, _) => {
                let (size, bytes) = content.open()?;
                header.set_size(size);
                archive.append_data(&mut header, path, bytes)
            }
        };
        added.doing("packing", place)?;
    }
    archive.finish().doing("packing", Path::new("the tree"))
}

/// Writes a tree, and devices in its folders, as a `cpio` in the format that the kernel unpacks
/// (`newc`).
pub(crate) fn write_cpio(
    tree: &Tree,
    devices: &[Device],
    epoch: u32,
    mut output: impl Write,
) -> Result<()> {
    for (number, (path, node)) in (1..).zip(tree.iter()) {
        let place = Path::new(path);
        let entry = Builder::new(path).ino(number).uid(0).gid(0).mtime(epoch);
        output = match node {
            Node::Folder => {
                let entry =
                    entry.nlink(2).mode(FOLDER_MODE).set_mode_file_type(ModeFileType::Directory);
                add(entry, 0, &mut io::empty(), output)
            }
            Node::Link(target) => {
                let entry =
                    entry.nlink(1).mode(LINK_MODE).set_mode_file_type(ModeFileType::Symlink);
                add(entry, target.len() as u64, &mut target.as_bytes(), output)
            }
            Node::File(content, runs) => {
                let (size, mut bytes) = content.open()?;
                let entry = entry.nlink(1).mode(file_mode(*runs));
                add(entry.set_mode_file_type(ModeFileType::Regular), size, &mut bytes, output)
            }
        }
        .doing("packing", place)?;
    }
    // Numbers of links to the same file are equal; a device's are never a file's.
    for (number, device) in (1_u32..).zip(devices) {
        let entry = Builder::new(device.path).ino(u32::MAX - number).uid(0).gid(0).mtime(epoch);
        let entry = entry.nlink(1).mode(DEVICE_MODE).set_mode_file_type(ModeFileType::Char);
        let entry = entry.rdev_major(device.major).rdev_minor(device.minor);
        output = add(entry, 0, &mut io::empty(), output).doing("packing", device.path.as_ref())?;
    }
    trailer(output).and_then(|mut output| output.flush()).doing("packing", Path::new("the tree"))
}

fn add<W: Write>(entry: Builder, size: u64, bytes: &mut dyn Read, output: W) -> io::Result<W> {
    let size = u32::try_from(size).map_err(|_| io::Error::other("larger than 4 GiB"))?;
    let mut writer = entry.write(output, size);
    io::copy(bytes, &mut writer)?;
    writer.finish()
}

#[cfg(test)]
mod tests {
    use cpio::NewcReader;

    use super::*;

    #[test]
    fn devices_have_their_numbers() {
        let mut tree = Tree::default();
        tree.put_bytes("dev/note", "text");
        let null = Device { path: "dev/null", major: 1, minor: 3 };
        let mut bytes = Vec::new();
        write_cpio(&tree, &[null], 7, &mut bytes).unwrap();

        let mut rest = bytes.as_slice();
        let mut found = Vec::new();
        loop {
            let reader = NewcReader::new(rest).unwrap();
            let entry = reader.entry().clone();
            if entry.is_trailer() {
                break;
            }
            found.push((
                entry.name().to_owned(),
                entry.mode(),
                entry.rdev_major(),
                entry.rdev_minor(),
            ));
            rest = reader.finish().unwrap();
        }
        let expected = [
            ("dev".to_owned(), 0o040_755, 0, 0),
            ("dev/note".to_owned(), 0o100_644, 0, 0),
            ("dev/null".to_owned(), 0o020_600, 1, 3),
        ];
        assert_eq!(found, expected);
    }
}
