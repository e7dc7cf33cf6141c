//! Whether the volume was unmounted in order.

use std::fmt;

use super::attribute::kind;
use super::boot::{Boot, FIRST_RECORDS};
use super::directory;
use super::log::{self, LogState};
use super::record::{Record, undo_update_sequence};
use super::volume::{Volume, number};
use crate::bytes::Bytes;
use crate::{MapError, State};

/// `VOLUME_FLAG_DIRTY` in `$VOLUME_INFORMATION`.
const DIRTY: u16 = 1;

/// Most bytes of a value of `$Volume` that are read; a label has up to 128 characters.
const MOST_VALUE: usize = 4096;

/// Signs that the structures on the volume may lag behind what was promised to programs.
pub(super) struct Condition {
    /// Windows or Linux had it mounted and did not unmount it.
    pub flagged: bool,
    /// What the first pages of `$LogFile` say.
    pub log: LogState,
    /// `$MFTMirr` does not repeat the first records of `$MFT`.
    pub mirror_differs: bool,
    /// `hiberfil.sys` holds a suspended system, which keeps its volumes mounted.
    ///
    /// They are mapped all the same, as after a crash: Windows flushes its volumes before it
    /// hibernates, and what `$Bitmap` lacks even so is in the run lists and in the log, which is
    /// then not closed.
    pub hibernated: bool,
}

impl Condition {
    pub(super) fn read(volume: &Volume<'_>) -> Result<Self, MapError> {
        Ok(Self {
            flagged: volume_flags(volume)? & DIRTY != 0,
            log: log::state(volume)?,
            mirror_differs: mirror_differs(volume)?,
            // A directory that cannot be searched does not spoil the map.
            hibernated: is_hibernated(volume).unwrap_or(false),
        })
    }

    /// True when nothing is in flight.
    pub(super) fn is_clean(&self) -> bool {
        !self.flagged && !self.mirror_differs && !self.hibernated && !self.log.needs_replay()
    }

    /// The condition in words for people.
    pub(super) fn state(&self) -> State {
        if self.hibernated {
            return State::Hibernated(
                "Windows is hibernated or shut down with Fast Startup".into(),
            );
        }
        match self.is_clean() {
            true => State::Clean,
            false => State::Dirty(self.to_string()),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reasons = [
            (self.hibernated, "hibernated"),
            (self.log.needs_replay(), "the log was not closed"),
            (self.flagged, "marked as not unmounted"),
            (self.mirror_differs, "$MFTMirr differs from $MFT"),
        ];
        let words: Vec<&str> =
            reasons.iter().filter(|(holds, _)| *holds).map(|(_, words)| *words).collect();
        formatter.write_str(&words.join(", "))
    }
}

/// The flags of the `$Volume` file.
fn volume_flags(volume: &Volume<'_>) -> Result<u16, MapError> {
    let content = resident(volume, kind::VOLUME_INFORMATION)?
        .ok_or_else(|| MapError::damaged("$Volume has no flags"))?;
    Bytes::new(&content, "$VOLUME_INFORMATION").le16(10)
}

/// The label in the `$Volume` file.
pub(super) fn label(volume: &Volume<'_>) -> Result<Option<String>, MapError> {
    let name = resident(volume, kind::VOLUME_NAME)?.map(|name| directory::text(&name));
    Ok(name.filter(|name| !name.is_empty()))
}

fn resident(volume: &Volume<'_>, kind: u32) -> Result<Option<Vec<u8>>, MapError> {
    let stream = volume.stream(number::VOLUME, kind, &[])?;
    stream.map(|stream| stream.read_start(volume, MOST_VALUE)).transpose()
}

/// Compares the records that both `$MFT` and `$MFTMirr` hold, without their update sequences.
fn mirror_differs(volume: &Volume<'_>) -> Result<bool, MapError> {
    let Boot { mirror, cluster, record, .. } = volume.boot;
    for number in 0..FIRST_RECORDS {
        let place = mirror * cluster + number * record as u64;
        let mut copy = volume.device.read_vec(place, record)?;
        let original = volume.record(number)?;
        let whole = undo_update_sequence(&mut copy);
        if !whole || content(&copy).ok() != Some(content(&original)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What a record holds from its first attribute on.
fn content(block: &[u8]) -> Result<&[u8], MapError> {
    Record::parse(block)?.content()
}

/// The signatures of a suspended system: "hibr", as `ntfs_volume_check_hiberfile` in ntfs-3g's
/// `libntfs-3g/volume.c` takes it, and "rstr", a resume that did not finish. Any other ("wake",
/// or zeros) is left over from a system that went on.
fn is_hibernated(volume: &Volume<'_>) -> Result<bool, MapError> {
    let Some(file) = directory::find(volume, "hiberfil.sys")? else { return Ok(false) };
    let Some(stream) = volume.stream(file, kind::DATA, &[])? else { return Ok(false) };
    let magic = stream.read_start(volume, 4)?.to_ascii_lowercase();
    Ok(magic == b"hibr" || magic == b"rstr")
}
