use block::{BlockDevice, Extent};

use super::boot::{Layout, damaged};
use super::directory::content_of;
use crate::MapError;
use crate::bytes::Bytes;
use crate::clusters::{Content, Table, content_extents};

const BITMAP: u8 = 0x81;
const UPCASE: u8 = 0x82;
const LABEL: u8 = 0x83;
const FILE: u8 = 0x85;
/// Entries from here to `0x9f` matter to whoever reads the volume: one that is not known may
/// change what the others mean (specification section 6.2.1.3).
const CRITICAL: std::ops::RangeInclusive<u8> = 0x80..=0x9f;
/// Bytes of the root directory that are searched; formatters put these entries first.
const ROOT_BYTES: u64 = 1 << 20;
/// Bytes of it read at a time.
const PIECE: u64 = 1 << 12;

/// A file of the filesystem itself: its first cluster and its bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stored {
    pub content: Content,
    pub length: u64,
}

/// What the root directory says of the volume.
#[derive(Debug, Default)]
pub(super) struct System {
    /// The allocation bitmap, and the second one of TexFAT.
    pub bitmaps: Vec<Stored>,
    /// The table of upper-case letters and its checksum.
    pub upcase: Option<(Stored, u32)>,
    pub label: Option<String>,
}

impl System {
    pub(super) fn read(
        volume: &dyn BlockDevice,
        layout: &Layout,
        table: &mut Table<'_>,
    ) -> Result<Self, MapError> {
        let mut system = Self::default();
        let mut left = ROOT_BYTES;
        let mut has_ended = false;
        content_extents(table, layout.root, Some(left), |extent| {
            let extent = Extent::new(extent.start, extent.length.min(left));
            left -= extent.length;
            for piece in extent.pieces(PIECE) {
                if has_ended {
                    break;
                }
                match volume.read_vec(piece.start, usize::try_from(piece.length).unwrap_or(0)) {
                    Ok(bytes) => has_ended = system.take_all(&bytes)?,
                    // All that is behind its own files are other files.
                    Err(_) if system.is_complete(layout) => has_ended = true,
                    Err(error) => return Err(error.into()),
                }
            }
            Ok(())
        })?;
        Ok(system)
    }

    fn is_complete(&self, layout: &Layout) -> bool {
        self.bitmaps.len() >= layout.bitmaps() && self.upcase.is_some()
    }

    /// Takes whole entries; true when the directory ends with them.
    fn take_all(&mut self, entries: &[u8]) -> Result<bool, MapError> {
        for entry in entries.chunks_exact(32) {
            if entry[0] == 0 {
                return Ok(true);
            }
            self.take(&Bytes::new(entry, "exFAT root directory"))?;
        }
        Ok(false)
    }

    fn take(&mut self, entry: &Bytes<'_>) -> Result<(), MapError> {
        match entry.u8(0)? {
            BITMAP => self.bitmaps.push(stored(entry)?),
            UPCASE => self.upcase = Some((stored(entry)?, entry.le32(4)?)),
            LABEL => {
                let length = usize::from(entry.u8(1)?.min(11));
                let units = entry.slice(2, length * 2)?.chunks_exact(2);
                let units: Vec<u16> =
                    units.map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
                let label = String::from_utf16_lossy(&units);
                self.label = (!label.is_empty()).then_some(label);
            }
            FILE => {}
            kind if CRITICAL.contains(&kind) => {
                return Err(MapError::unsupported(format!(
                    "exFAT: the root directory has an entry of the unknown kind {kind:#04x}"
                )));
            }
            _ => {}
        }
        Ok(())
    }
}

/// These files always have a chain in the table, whatever the flags say, which mean other things
/// in their entries.
fn stored(entry: &Bytes<'_>) -> Result<Stored, MapError> {
    let (_, length) = content_of(entry)?;
    let first = entry.le32(20)?;
    if first == 0 {
        return Err(damaged("a file of the filesystem itself has no cluster"));
    }
    Ok(Stored { content: Content::Chain(first), length })
}
