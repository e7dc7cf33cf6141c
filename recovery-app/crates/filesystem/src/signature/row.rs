use block::{BlockDevice, BlockError};

use crate::{Kind, State, VolumeInfo, identity};

/// Where a signature is, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// From the start of the volume.
    Start(u64),
    /// From a sector counted back from the end (1 is the last one), and from its start.
    End(u64, u64),
}

/// A label or identity; the place is that of its first byte from the start of the volume, the
/// length is bytes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Field {
    /// Not there, or not cheap to read.
    None,
    /// Text up to the first zero byte.
    Text(u64, usize),
    /// UTF-16, little endian, up to the first zero.
    Utf16(u64, usize),
    /// A UUID of 16 bytes.
    Uuid(u64),
}

/// What a signature says of the state.
#[derive(Debug, Clone, Copy)]
pub(super) enum Condition {
    Unknown,
    Encrypted,
    /// One part of what these words name.
    Member(&'static str),
}

/// More than a signature: whether the bytes around it make sense.
pub(super) type Check = fn(&dyn BlockDevice) -> Result<bool, BlockError>;

/// One signature.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub kind: Kind,
    pub title: &'static str,
    pub condition: Condition,
    pub place: Place,
    pub magic: &'static [u8],
    pub label: Field,
    pub uuid: Field,
    pub check: Option<Check>,
}

impl Row {
    /// A signature at byte `at` and nothing more.
    pub(super) const fn new(
        kind: Kind,
        title: &'static str,
        at: u64,
        magic: &'static [u8],
    ) -> Self {
        Self {
            kind,
            title,
            condition: Condition::Unknown,
            place: Place::Start(at),
            magic,
            label: Field::None,
            uuid: Field::None,
            check: None,
        }
    }

    /// A signature of which only the name is told.
    pub(super) const fn other(title: &'static str, at: u64, magic: &'static [u8]) -> Self {
        Self::new(Kind::Other, title, at, magic)
    }

    /// A member of a RAID by the firmware, with its signature in the sector `sector` from the end.
    pub(super) const fn firmware(
        title: &'static str,
        sector: u64,
        at: u64,
        magic: &'static [u8],
    ) -> Self {
        Self {
            place: Place::End(sector, at),
            ..Self::new(Kind::FirmwareRaid, title, 0, magic)
                .condition(Condition::Member("a RAID of the firmware"))
        }
    }

    pub(super) const fn condition(self, condition: Condition) -> Self {
        Self { condition, ..self }
    }

    pub(super) const fn label(self, label: Field) -> Self {
        Self { label, ..self }
    }

    pub(super) const fn uuid(self, uuid: Field) -> Self {
        Self { uuid, ..self }
    }

    pub(super) const fn check(self, check: Check) -> Self {
        Self { check: Some(check), ..self }
    }

    pub(super) fn probe(&self, volume: &dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError> {
        let at = match self.place {
            Place::Start(at) => Some(at),
            Place::End(sector, at) => sector_from_end(volume, sector).map(|start| start + at),
        };
        let is_there = match at {
            Some(at) => {
                read(volume, at, self.magic.len())?.is_some_and(|found| found == self.magic)
            }
            None => false,
        };
        if !is_there || !self.check.map_or(Ok(true), |check| check(volume))? {
            return Ok(None);
        }
        Ok(Some(VolumeInfo {
            label: self.label.read(volume),
            uuid: self.uuid.read(volume),
            state: match self.condition {
                Condition::Unknown => State::Unknown,
                Condition::Encrypted => State::Encrypted,
                Condition::Member(of) => State::Member(of.to_owned()),
            },
            ..VolumeInfo::named(self.kind, self.title)
        }))
    }
}

impl Field {
    /// A field that cannot be read is only missing.
    fn read(self, volume: &dyn BlockDevice) -> Option<String> {
        match self {
            Self::None => None,
            Self::Text(at, length) => identity::label(&read(volume, at, length).ok()??),
            Self::Uuid(at) => identity::uuid(&read(volume, at, 16).ok()??),
            Self::Utf16(at, length) => {
                let bytes = read(volume, at, length).ok()??;
                let units: Vec<u16> = bytes
                    .chunks_exact(2)
                    .map(|unit| u16::from_le_bytes([unit[0], unit[1]]))
                    .take_while(|unit| *unit != 0)
                    .collect();
                let text = String::from_utf16_lossy(&units);
                (!text.is_empty()).then_some(text)
            }
        }
    }
}

/// `length` bytes from byte `at`; `None` when the volume is too small.
pub(super) fn read(
    volume: &dyn BlockDevice,
    at: u64,
    length: usize,
) -> Result<Option<Vec<u8>>, BlockError> {
    if at.checked_add(length as u64).is_none_or(|end| end > volume.size()) {
        return Ok(None);
    }
    volume.read_vec(at, length).map(Some)
}

/// First byte of the sector `number` from the end, where 1 is the last.
pub(super) fn sector_from_end(volume: &dyn BlockDevice, number: u64) -> Option<u64> {
    let sector = u64::from(volume.geometry().logical_sector.max(512));
    (volume.size() / sector).checked_sub(number).map(|index| index * sector)
}
