//! The manifest: what was captured, in words and numbers, as JSON.
//!
//! Plain data, so that this crate needs to know neither partition tables nor filesystems. Sizes
//! and offsets are bytes. Fields are only ever added within a format version; readers ignore what
//! they do not know.

use block::Extent;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::skippable::{self, LARGEST_STRUCTURE};
use crate::{FORMAT_VERSION, Header, json};

/// All that is known about a captured disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Format version of the image.
    pub format_version: u32,
    /// The image's id, as in its header.
    pub image_id: Uuid,
    /// Program and version.
    pub tool: String,
    /// When the capture began, RFC 3339, UTC.
    pub created: String,
    /// The disk.
    pub disk: DiskRecord,
    /// The partition table as it was understood.
    pub table: TableRecord,
    /// Everything that was looked at as a volume of its own.
    pub volumes: Vec<VolumeRecord>,
    /// How the capture was asked for.
    pub options: OptionsRecord,
    /// What was captured, in numbers.
    pub totals: TotalsRecord,
    /// Ranges of the disk that could not be read, in the order of the disk. What is lost of them
    /// is zeros in the image.
    pub unreadable: Vec<UnreadableRecord>,
}

/// The identity and geometry of a disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskRecord {
    /// The device or file it was read from, as named then; no part of its identity.
    pub path: String,
    /// Model.
    pub model: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// World-wide name.
    pub wwn: Option<String>,
    /// Bus, in words.
    pub bus: Option<String>,
    /// Size in bytes.
    pub size: u64,
    /// Logical sector size in bytes.
    pub logical_sector: u32,
    /// Physical sector size in bytes.
    pub physical_sector: u32,
}

/// A partition table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRecord {
    /// "gpt", "mbr" or "none".
    pub kind: String,
    /// GUID of a GPT disk, signature of an MBR disk.
    pub id: Option<String>,
    /// The partitions.
    pub partitions: Vec<PartitionRecord>,
    /// What is unusual about it, in words.
    pub notes: Vec<String>,
    /// The sectors of the table, byte for byte.
    pub verbatim: Vec<VerbatimRecord>,
}

/// One partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionRecord {
    /// Its number, as Linux counts.
    pub number: u32,
    /// Where it lies on the disk.
    pub extent: Extent,
    /// Its type in words.
    pub type_name: String,
    /// Its type as GUID or `0x..`.
    pub type_id: String,
    /// GPT name.
    pub name: Option<String>,
    /// GPT partition GUID.
    pub guid: Option<String>,
    /// Marked as the one to boot from.
    pub bootable: bool,
    /// A logical partition within an extended one.
    pub logical: bool,
}

/// Bytes of a disk as hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerbatimRecord {
    /// First byte on the disk.
    pub offset: u64,
    /// The bytes, two digits each; trailing zero bytes are left out.
    pub hex: String,
}

/// One volume: a partition, a logical volume or a whole disk without a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeRecord {
    /// What it is called: "partition 2", "volume vg/root", "the whole disk".
    pub place: String,
    /// Partition number, if it lies in one.
    pub partition: Option<u32>,
    /// Where its bytes lie on the disk, in the order of the volume.
    pub extents: Vec<Extent>,
    /// Filesystem or what else it is, for programs: "ntfs", "ext4", "luks".
    pub kind: String,
    /// The same for people.
    pub title: String,
    /// Label.
    pub label: Option<String>,
    /// UUID or serial number as `blkid` prints it.
    pub uuid: Option<String>,
    /// Bytes that the filesystem covers.
    pub size: Option<u64>,
    /// Bytes in use by its own count.
    pub used: Option<u64>,
    /// Its condition in words: "clean", "dirty: ...".
    pub state: String,
    /// The operating system on it.
    pub system: Option<String>,
    /// How it was captured.
    pub capture: CaptureRecord,
}

/// How a volume was captured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum CaptureRecord {
    /// Only what is in use.
    Mapped {
        /// Where the map comes from.
        source: String,
        /// Bytes in use by that map.
        used: u64,
    },
    /// Every byte.
    Whole {
        /// Why, in one line.
        reason: String,
    },
    /// As part of the physical volume that it lies in.
    Inside,
    /// Not at all: it was not chosen.
    Excluded,
}

/// How a capture was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionsRecord {
    /// Chosen partitions; all when `None`.
    pub partitions: Option<Vec<u32>>,
    /// Every sector was captured, used or not.
    pub all_sectors: bool,
    /// Zstandard level, or "auto".
    pub level: String,
}

/// What was captured, in bytes of the disk unless said otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotalsRecord {
    /// Bytes in use, by all maps together.
    pub used: u64,
    /// Bytes of data frames.
    pub data: u64,
    /// Bytes of chunks in use that are all zero.
    pub zero: u64,
    /// Bytes of holes.
    pub holes: u64,
    /// Bytes of partitions that were not chosen.
    pub excluded: u64,
    /// Bytes of the image's frames before the manifest.
    pub stored: u64,
}

/// A range that could not be read, or several near each other where there were too many to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadableRecord {
    /// The range on the disk; of several, from the first to the last.
    pub extent: Extent,
    /// Bytes between several ranges, which are not lost; 0 for one range.
    #[serde(default)]
    pub intact: u64,
    /// The volume it lies in.
    pub volume: Option<String>,
    /// Files that lose data by it, as far as they can be found.
    pub files: Vec<String>,
    /// What the kernel said, of several ranges about the first.
    pub reason: String,
}

impl UnreadableRecord {
    /// Bytes that are lost.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.extent.length.saturating_sub(self.intact)
    }

    /// What is lost and where: "512 bytes from byte 4096", "1024 of the 4096 bytes from byte 8192".
    #[must_use]
    pub fn in_words(&self) -> String {
        let Extent { start, length } = self.extent;
        match self.lost() {
            lost if lost == length => format!("{length} bytes from byte {start}"),
            lost => format!("{lost} of the {length} bytes from byte {start}"),
        }
    }
}

impl Manifest {
    /// The manifest as JSON without blanks: a badly damaged disk has a long one.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// True when it is no larger, and has no more values, than a reader takes.
    #[must_use]
    pub fn fits(&self) -> bool {
        let text = self.to_json();
        skippable::tagged_size(text.len()) <= LARGEST_STRUCTURE && !json::has_too_many_values(&text)
    }

    /// Reads what [`Self::to_json`] wrote; the error says where it is not that. Takes no more
    /// memory than the largest that is written, whatever the text says.
    pub fn from_json(text: &[u8]) -> Result<Self, String> {
        json::from_slice(text)
    }

    /// That the manifest is about the image and the disk of the header, and has lost no byte beyond
    /// its end. (Its volumes may end there: damaged tables say such things.)
    pub(crate) fn check(&self, header: &Header) -> Result<(), &'static str> {
        let Header { image_id, disk_size, logical_sector, .. } = *header;
        let mut lost = self.unreadable.iter().map(|range| range.extent);
        if self.format_version != FORMAT_VERSION {
            return Err("it has another version than the header");
        }
        if self.image_id != image_id {
            return Err("it belongs to another image");
        }
        if (self.disk.size, self.disk.logical_sector) != (disk_size, logical_sector) {
            return Err("it has other sizes than the header");
        }
        if lost.any(|extent| extent.end() > disk_size) {
            return Err("it names lost bytes beyond the end of the disk");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_between_joined_ranges_is_not_called_lost() {
        let lost = |intact| {
            let extent = Extent::new(8192, 4096);
            let (volume, files, reason) = (None, Vec::new(), String::new());
            UnreadableRecord { extent, intact, volume, files, reason }.in_words()
        };
        assert_eq!(lost(0), "4096 bytes from byte 8192");
        assert_eq!(lost(3072), "1024 of the 4096 bytes from byte 8192");
    }
}
