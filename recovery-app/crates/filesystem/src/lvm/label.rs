use block::{BlockDevice, BlockError, Extent};

use super::crc::crc;
use crate::MapError;
use crate::bytes::Bytes;

const SECTOR: usize = 512;
/// The label is in one of the first four sectors.
const LABEL_SECTORS: usize = 4;
/// Most areas in each of the lists; real volumes have one or two.
const MOST_AREAS: usize = 16;

/// The label and header of a physical volume.
#[derive(Debug)]
pub(super) struct Label {
    /// 32 letters and digits.
    pub id: String,
    /// Size of the physical volume, in bytes.
    pub size: u64,
    pub metadata_areas: Vec<Extent>,
    /// Kept free for a boot loader.
    pub boot_areas: Vec<Extent>,
}

impl Label {
    /// `None` when no sector has a label; damage when none of the labels is sound.
    pub(super) fn read(
        volume: &dyn BlockDevice,
    ) -> Result<Option<Result<Self, MapError>>, BlockError> {
        if volume.size() < (LABEL_SECTORS * SECTOR) as u64 {
            return Ok(None);
        }
        let bytes = volume.read_vec(0, LABEL_SECTORS * SECTOR)?;
        let sectors = bytes.chunks_exact(SECTOR).enumerate();
        let mut labels = sectors
            .filter(|(_, sector)| sector.starts_with(b"LABELONE") && &sector[24..32] == b"LVM2 001")
            .map(|(number, sector)| Self::parse(number, sector));
        Ok(labels.next())
    }

    /// The layout of `label_header`, `pv_header` and `pv_header_extension`.
    fn parse(number: usize, sector: &[u8]) -> Result<Self, MapError> {
        let label = Bytes::new(sector, "LVM2 label");
        if label.le32(16)? != crc(&sector[20..]) || label.le64(8)? != number as u64 {
            return Err(MapError::damaged("LVM2: the checksum of its label is wrong"));
        }
        let header = usize::try_from(label.le32(20)?).unwrap_or(SECTOR);
        let id = label.slice(header, 32)?;
        if !id.iter().all(u8::is_ascii_graphic) {
            return Err(MapError::damaged("LVM2: the physical volume has no valid id"));
        }
        let mut at = header + 40;
        let _data_areas = areas(&label, &mut at)?;
        let metadata_areas = areas(&label, &mut at)?;
        let has_boot_areas = label.le32(at).is_ok_and(|version| version > 0);
        at += 8;
        Ok(Self {
            id: String::from_utf8_lossy(id).into_owned(),
            size: label.le64(header + 32)?,
            metadata_areas,
            boot_areas: if has_boot_areas { areas(&label, &mut at)? } else { Vec::new() },
        })
    }

    /// The id as LVM2 shows it: "6-4-4-4-4-4-6".
    pub(super) fn uuid(&self) -> String {
        let mut at = 0;
        let parts = [6, 4, 4, 4, 4, 4, 6].map(|length| {
            at += length;
            self.id.get(at - length..at).unwrap_or_default()
        });
        parts.join("-")
    }
}

/// Offsets and sizes up to a pair of zeros; `at` is moved behind them.
fn areas(label: &Bytes<'_>, at: &mut usize) -> Result<Vec<Extent>, MapError> {
    let mut areas = Vec::new();
    loop {
        let (offset, size) = (label.le64(*at)?, label.le64(*at + 8)?);
        *at += 16;
        if offset == 0 {
            return Ok(areas);
        }
        if areas.len() == MOST_AREAS {
            return Err(MapError::damaged("LVM2: the label lists too many areas"));
        }
        areas.push(Extent::new(offset, size));
    }
}
