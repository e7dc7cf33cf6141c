use super::boot::Layout;
use crate::MapError;
use crate::bytes::Bytes;
use crate::clusters::{Content, Directories, Node};

const FILE: u8 = 0x85;
const STREAM: u8 = 0xc0;
const NAME: u8 = 0xc1;
/// From here on, an entry belongs to the file before it.
const SECONDARY: u8 = 0xc0;
const VENDOR: u8 = 0xe0;
/// The attribute of directories.
const DIRECTORY: u16 = 0x10;
/// A directory has at most 256 MiB (specification section 7.4).
pub(super) const MOST_BYTES: u64 = 256 << 20;

/// The directories of an exFAT volume.
pub(super) struct Tree {
    root: Content,
}

impl Tree {
    pub(super) fn new(layout: &Layout) -> Self {
        Self { root: layout.root }
    }
}

impl Directories for Tree {
    type Entries = Entries;

    fn root(&self) -> Node {
        Node { name: String::new(), is_directory: true, content: self.root, length: None }
    }

    fn entries(&self) -> Entries {
        Entries { file: None, has_ended: false }
    }

    fn most_bytes(&self) -> u64 {
        MOST_BYTES
    }
}

/// Where the clusters of an entry are and how many bytes they hold: the fields that all entries
/// with clusters share (specification section 6.4).
pub(super) fn content_of(entry: &Bytes<'_>) -> Result<(Content, u64), MapError> {
    let (flags, first) = (entry.u8(1)?, entry.le32(20)?);
    let content = match (first, flags & 2 != 0) {
        (0, _) => Content::Empty,
        (first, true) => Content::Contiguous(first),
        (first, false) => Content::Chain(first),
    };
    Ok((content, entry.le64(24)?))
}

/// Reads the entries of one directory.
pub(super) struct Entries {
    /// The file whose entries are being read.
    file: Option<File>,
    has_ended: bool,
}

struct File {
    is_directory: bool,
    content: Content,
    length: u64,
    name: Vec<u16>,
    /// Characters in the name.
    name_length: usize,
    /// Entries that are still to come.
    left: u8,
}

impl crate::clusters::Entries for Entries {
    fn take(&mut self, entry: &[u8]) -> Result<Vec<Node>, MapError> {
        let bytes = Bytes::new(entry, "exFAT directory entry");
        match bytes.u8(0)? {
            0 => {
                self.has_ended = true;
                Ok(Vec::new())
            }
            FILE => {
                self.file = Some(File {
                    is_directory: bytes.le16(4)? & DIRECTORY != 0,
                    content: Content::Empty,
                    length: 0,
                    name: Vec::new(),
                    name_length: 0,
                    left: bytes.u8(1)?,
                });
                Ok(Vec::new())
            }
            kind if kind >= SECONDARY => self.take_secondary(kind, &bytes),
            _ => {
                self.file = None;
                Ok(Vec::new())
            }
        }
    }

    fn have_ended(&self) -> bool {
        self.has_ended
    }
}

impl Entries {
    fn take_secondary(&mut self, kind: u8, entry: &Bytes<'_>) -> Result<Vec<Node>, MapError> {
        let Some(file) = &mut self.file else {
            return Ok(Vec::new());
        };
        let mut complete = Vec::new();
        match kind {
            STREAM => {
                (file.content, file.length) = content_of(entry)?;
                file.name_length = entry.u8(3)?.into();
            }
            NAME => {
                let units = entry.slice(2, 30)?.chunks_exact(2);
                file.name.extend(units.map(|unit| u16::from_le_bytes([unit[0], unit[1]])));
            }
            VENDOR => {}
            // Any other kind may have clusters of its own; the first flag says whether it does.
            _ if entry.u8(1)? & 1 != 0 => {
                let (content, length) = content_of(entry)?;
                let name = "(data of a vendor's extension)".to_owned();
                complete.push(Node { name, is_directory: false, content, length: Some(length) });
            }
            _ => {}
        }
        file.left = file.left.saturating_sub(1);
        if file.left == 0 {
            complete.extend(self.finish());
        }
        Ok(complete)
    }

    fn finish(&mut self) -> Option<Node> {
        let file = self.file.take()?;
        let name = &file.name[..file.name_length.min(file.name.len())];
        Some(Node {
            name: String::from_utf16_lossy(name),
            is_directory: file.is_directory,
            content: file.content,
            length: Some(file.length),
        })
    }
}
