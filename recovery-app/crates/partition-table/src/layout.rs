use block::{Extent, ExtentSet};
use serde::{Deserialize, Serialize};

use crate::type_names::dynamic_types;

/// What the first sectors of a disk say about the rest. All extents are bytes of the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// The table itself.
    pub table: Table,
    /// The partitions, by number. They may overlap or reach beyond the disk; notes say so.
    pub partitions: Vec<Partition>,
    /// The unit in which the table is written, in bytes. It differs from the logical sector of
    /// the device when the disk was partitioned behind an adapter; a note says so then.
    pub sector_size: u32,
    /// Size of the disk in bytes.
    pub disk_size: u64,
    /// Bytes that some structure speaks of without being trusted: they count as used. Such are
    /// the rest of an extended partition with a broken chain, partitions that only a differing
    /// backup GPT names, and entries of a hybrid MBR that match no partition.
    pub uncertain: Vec<Extent>,
    /// What a person should know: damaged copies, hybrid MBR, overlaps, partitions that reach
    /// beyond the end of the disk.
    pub notes: Vec<String>,
}

impl Layout {
    /// The partitions that hold data: all but the extended ones, which only contain others.
    pub fn volumes(&self) -> impl Iterator<Item = &Partition> {
        self.partitions.iter().filter(|partition| partition.role != PartitionRole::Extended)
    }

    /// True when a partition is of a type that only Windows dynamic disks have. Such a partition
    /// holds many volumes or pieces of them (Linux `Documentation/admin-guide/ldm.rst`).
    #[must_use]
    pub fn is_dynamic_disk(&self) -> bool {
        let types = dynamic_types();
        self.partitions.iter().any(|partition| types.contains(&partition.type_id))
    }

    /// The bytes of [`Self::volumes`], cut to the disk.
    #[must_use]
    pub fn volume_bytes(&self) -> ExtentSet {
        let all: ExtentSet = self.volumes().map(|volume| volume.extent).collect();
        all.clipped(Extent::new(0, self.disk_size))
    }
}

/// The kind of table on a disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Table {
    /// GUID partition table, with its protective or hybrid MBR.
    Gpt(GptTable),
    /// MBR partition table ("DOS"), with its chain of extended boot records.
    Mbr(MbrTable),
    /// No table: the disk is one volume (a filesystem straight on it), or blank.
    None,
    /// Bytes that look like a table but are damaged or contradict what else is on the disk.
    /// There are no partitions in the layout, the disk must be captured whole, and nothing that
    /// looks like a filesystem may decide which of its bytes are in use.
    Doubtful,
}

/// A GUID partition table (UEFI specification, section 5.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GptTable {
    /// GUID of the disk.
    pub disk_guid: String,
    /// Number of entries there is room for.
    pub entry_count: u32,
    /// Bytes in an entry: 128 on all common disks.
    pub entry_size: u32,
    /// First sector that partitions may use.
    pub first_usable_lba: u64,
    /// Last sector that partitions may use.
    pub last_usable_lba: u64,
    /// The copy at the start of the disk.
    pub primary: GptCopy,
    /// The copy that belongs at the end of the disk; elsewhere when the disk has grown.
    pub backup: GptCopy,
    /// Sectors with further GPT headers that belong to neither copy, left over from a former
    /// size of the disk.
    pub stale: Vec<Extent>,
    /// True when the MBR has partitions besides the protective one.
    pub hybrid: bool,
}

/// One of the two copies of a GPT, and the bytes it lies in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GptCopy {
    /// Whether it can be used.
    pub state: CopyState,
    /// The sector of the header.
    pub header: Extent,
    /// The whole sectors of the entries. Where the copy is damaged this is where they belong.
    pub entries: Extent,
}

/// The condition of one copy of a GPT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CopyState {
    /// Both checksums are right and the fields make sense.
    Intact,
    /// Intact in itself, but it says something else than the copy that is used.
    Differs,
    /// There is no header.
    Missing,
    /// There is a header, but a checksum or a field of it is wrong.
    Damaged,
    /// The device failed to read it.
    Unreadable,
}

/// An MBR partition table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MbrTable {
    /// The disk signature as Linux prints it: eight hexadecimal digits.
    pub disk_signature: String,
    /// The extended boot records, in the order of the chain.
    pub extended_boot_records: Vec<Extent>,
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partition {
    /// The number that Linux gives it: index of the entry plus one in a GPT; 1 to 4 for the
    /// entries of the MBR, 5 and up for logical partitions in the order of the chain.
    pub number: u32,
    /// Where it stands in the table.
    pub role: PartitionRole,
    /// Its bytes as the table says, so possibly beyond the end of the disk.
    pub extent: Extent,
    /// What the type stands for, in words; the type itself when it is not known.
    pub type_name: String,
    /// The type: a GUID in capitals, or two hexadecimal digits behind `0x`.
    pub type_id: String,
    /// The name a GPT gives it, if there is one.
    pub name: Option<String>,
    /// Its GUID in a GPT; in an MBR what Linux calls PARTUUID (`SIGNATURE-NN`).
    pub guid: Option<String>,
    /// Marked active (MBR) or bootable by a legacy BIOS (GPT).
    pub bootable: bool,
    /// Further attributes of a GPT entry, in words.
    pub flags: Vec<String>,
}

/// Where a partition stands in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartitionRole {
    /// An entry of the GPT or of the MBR.
    Primary,
    /// An entry of the MBR that contains logical partitions and holds no data itself.
    Extended,
    /// A partition within an extended one.
    Logical,
}
