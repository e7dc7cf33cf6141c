//! A second, naive look at the raw structures of small unfragmented volumes.

use block::Extent;

use super::Volume;

/// Sizes in bytes.
pub struct Layout {
    pub cluster: u64,
    pub mft: u64,
    pub record: u64,
    pub clusters: u64,
}

impl Volume {
    pub fn layout(&self) -> Layout {
        let boot = self.bytes(Extent::new(0, 512));
        let sector = u64::from(u16::from_le_bytes([boot[11], boot[12]]));
        let per_cluster = u64::from(boot[13]);
        let cluster =
            if per_cluster > 128 { sector << (256 - per_cluster) } else { sector * per_cluster };
        let sectors = u64::from_le_bytes(boot[0x28..0x30].try_into().unwrap());
        let mft = u64::from_le_bytes(boot[0x30..0x38].try_into().unwrap()) * cluster;
        Layout { cluster, mft, record: 1024, clusters: sectors * sector / cluster }
    }

    /// Where file record `number` lies, for an `$MFT` in one piece.
    pub fn record_place(&self, number: u64) -> Extent {
        let layout = self.layout();
        Extent::new(layout.mft + number * layout.record, layout.record)
    }

    /// Where an attribute lies in its record, and the record.
    pub fn attribute(&self, number: u64, kind: u32) -> (usize, Vec<u8>) {
        let record = self.bytes(self.record_place(number));
        let field = |at: usize| u32::from_le_bytes(record[at..at + 4].try_into().unwrap());
        let mut at = usize::from(u16::from_le_bytes([record[0x14], record[0x15]]));
        while field(at) != kind {
            assert_ne!(field(at), u32::MAX, "file record {number} has no attribute {kind:#x}");
            at += field(at + 4) as usize;
        }
        (at, record)
    }

    /// The first run of the content of file `number`.
    pub fn content(&self, number: u64) -> Extent {
        let (at, record) = self.attribute(number, 0x80);
        assert_eq!(record[at + 8], 1, "is in clusters");
        let pairs = &record[at + usize::from(record[at + 0x20])..];
        let (length, offset) = (usize::from(pairs[0] & 15), usize::from(pairs[0] >> 4));
        let value =
            |bytes: &[u8]| bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let cluster = self.layout().cluster;
        let (length, offset) = (value(&pairs[1..=length]), value(&pairs[1 + length..][..offset]));
        Extent::new(offset * cluster, length * cluster)
    }

    /// Changes a byte of the value of a resident attribute; not for the last two of a sector.
    pub fn set_resident(&self, number: u64, kind: u32, at: usize, value: u8) {
        let (attribute, record) = self.attribute(number, kind);
        let start = attribute + usize::from(record[attribute + 0x14]) + at;
        self.write(&[value], self.record_place(number).start + start as u64);
    }

    /// Sets `$Volume`'s flag that it was not unmounted.
    pub fn mark_dirty(&self) {
        self.set_resident(3, 0x70, 10, 1);
        let layout = self.layout();
        // The mirror holds the same records.
        let mirror = self.content(1);
        let records = self.bytes(Extent::new(layout.mft, layout.record * 4));
        self.write(&records, mirror.start);
    }

    /// Sets or clears the bits of the clusters in `extent`.
    pub fn set_bitmap(&self, extent: Extent, used: bool) {
        let (bitmap, cluster) = (self.content(6), self.layout().cluster);
        let mut bytes = self.bytes(bitmap);
        for lcn in extent.start / cluster..extent.end() / cluster {
            let (byte, bit) = (usize::try_from(lcn / 8).unwrap(), lcn % 8);
            bytes[byte] = bytes[byte] & !(1 << bit) | u8::from(used) << bit;
        }
        self.write(&bytes, bitmap.start);
    }

    /// File record number of a file, by ntfs-3g.
    pub fn number(&self, path: &str) -> u64 {
        self.run(&format!("stat -c %i {path}")).trim().parse().unwrap()
    }
}
