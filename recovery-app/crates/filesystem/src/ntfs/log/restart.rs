//! The two restart pages at the start of the log: whether it was closed, and from where a replay
//! has to read.

use crate::MapError;
use crate::bytes::Bytes;
use crate::ntfs::attribute::kind;
use crate::ntfs::record::undo_update_sequence;
use crate::ntfs::stream::Stream;
use crate::ntfs::volume::{Volume, number};

/// Largest page of the system or of the log, in bytes; restart pages lie within twice that.
const MOST_PAGE: usize = 64 << 10;

/// Largest log, in bytes: Windows makes 64 MiB at most by itself.
const MOST_LOG: u64 = 1 << 30;

/// No client in the list of clients that have the log open.
const NO_CLIENT: u16 = 0xffff;

/// Flag of a restart area: the volume was unmounted in order.
const VOLUME_IS_CLEAN: u16 = 2;

/// What the restart pages say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ntfs) enum LogState {
    /// Never written, or emptied by ntfs-3g, ntfs3 or mkntfs.
    Empty,
    /// Closed in order, or settled by a check of the volume.
    Closed,
    /// To be replayed.
    Open(Restart),
    /// Not understood, and why.
    Unreadable(String),
}

/// What a replay starts from. Log sequence numbers (LSN) tell place and age of a log record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ntfs) struct Restart {
    /// 1 or 2.
    pub major: u16,
    /// Bytes in a page of the log.
    pub page: usize,
    /// Bytes of the log that are used.
    pub size: u64,
    /// Bits of an LSN that are the place in the log, in units of eight bytes.
    pub place_bits: u32,
    /// Where records start in a page.
    pub data: usize,
    /// Bytes in the header of a log record.
    pub header: usize,
    /// The oldest record that a replay may need; 0 when there is none yet.
    pub oldest: u64,
    /// The record of the last checkpoint; 0 when there is none yet.
    pub checkpoint: u64,
    /// The last record when the restart page was written.
    pub current: u64,
}

impl LogState {
    /// True when the structures on the volume may lag behind the log.
    pub(in crate::ntfs) fn needs_replay(&self) -> bool {
        matches!(self, Self::Open(_) | Self::Unreadable(_))
    }

    /// What to replay from; an error when that is needed and not understood.
    pub(in crate::ntfs) fn to_replay(&self) -> Result<Option<&Restart>, MapError> {
        match self {
            Self::Empty | Self::Closed => Ok(None),
            Self::Open(restart) => Ok(Some(restart)),
            Self::Unreadable(reason) => Err(MapError::unsupported(reason.clone())),
        }
    }
}

/// Reads the restart pages; the more recent one that is whole counts.
pub(in crate::ntfs) fn state(volume: &Volume<'_>) -> Result<LogState, MapError> {
    let unreadable = |reason: &str| Ok(LogState::Unreadable(format!("$LogFile: {reason}")));
    let Some(log) = volume.stream(number::LOG, kind::DATA, &[])? else {
        return unreadable("it has no content");
    };
    let start = log.read_start(volume, 2 * MOST_PAGE)?;
    if start.chunks(512).all(|block| block.starts_with(&[0xff; 4])) {
        return Ok(LogState::Empty);
    }
    // The second copy lies one page of the system behind the first.
    let places = std::iter::once(0).chain((9..=16).map(|power| 1_usize << power));
    let mut best: Option<(u64, LogState)> = None;
    let mut problem = None;
    for place in places {
        let newest = best.as_ref().map(|(lsn, _)| *lsn);
        match restart_page(start.get(place..).unwrap_or_default(), place, &log) {
            Some(Ok((lsn, state))) if newest.is_none_or(|newest| lsn > newest) => {
                best = Some((lsn, state));
            }
            Some(Err(error)) => problem = Some(error.to_string()),
            _ => {}
        }
    }
    match (best.map(|(_, state)| state), problem) {
        // The page that is broken might be the one that says the log is open.
        (None | Some(LogState::Closed), Some(problem)) => unreadable(&problem),
        (Some(state), _) => Ok(state),
        (None, None) => unreadable("it has no restart page"),
    }
}

/// The age and meaning of the restart page at byte `place`; `None` when there is none.
fn restart_page(
    bytes: &[u8],
    place: usize,
    log: &Stream,
) -> Option<Result<(u64, LogState), MapError>> {
    let checked = bytes.starts_with(b"CHKD");
    if !checked && !bytes.starts_with(b"RSTR") {
        return None;
    }
    Some(read_page(bytes, place, log, checked))
}

fn read_page(
    bytes: &[u8],
    place: usize,
    log: &Stream,
    checked: bool,
) -> Result<(u64, LogState), MapError> {
    let wrong = |what: &str| MapError::damaged(format!("restart page: {what}"));
    let header = Bytes::new(bytes, "restart page");
    let system_page = header.le32(0x10)? as usize;
    if !is_page_size(system_page) || (place != 0 && place != system_page) {
        return Err(wrong("impossible page size"));
    }
    let mut page = header.slice(0, system_page)?.to_vec();
    if !undo_update_sequence(&mut page) {
        return Err(wrong("written only in part"));
    }
    let page = Bytes::new(&page, "restart page");
    let (minor, major) = (page.le16(0x1a)?, page.le16(0x1c)?);
    let area = usize::from(page.le16(0x18)?);
    let current = page.le64(area)?;
    if checked {
        return Ok((page.le64(8)?.max(current), LogState::Closed));
    }
    let clients_in_use = page.le16(area + 0x0c)?;
    if clients_in_use == NO_CLIENT || page.le16(area + 0x0e)? & VOLUME_IS_CLEAN != 0 {
        return Ok((current, LogState::Closed));
    }
    if !matches!((major, minor), (1, 1) | (2, 0)) {
        let reason = format!("$LogFile: version {major}.{minor} is unknown");
        return Ok((current, LogState::Unreadable(reason)));
    }
    let restart = open_area(page, area, major, clients_in_use)?;
    if restart.size > log.size() {
        return Err(wrong("the log is shorter than it says"));
    }
    Ok((current, LogState::Open(restart)))
}

/// A restart area of a log that a client, which is always NTFS itself, has open.
fn open_area(page: Bytes<'_>, area: usize, major: u16, client: u16) -> Result<Restart, MapError> {
    let wrong = |what: &str| MapError::damaged(format!("restart page: {what}"));
    let log_page = page.le32(0x14)? as usize;
    let (size, sequence_bits) = (page.le64(area + 0x18)?, page.le32(area + 0x10)?);
    if !is_page_size(log_page) || size > MOST_LOG || size % log_page as u64 != 0 {
        return Err(wrong("impossible log size"));
    }
    // As many bits of an LSN as the size in bytes needs, less the three of its unit.
    let place_bits = (u64::BITS - size.leading_zeros()).saturating_sub(3);
    if place_bits == 0 || sequence_bits != u64::BITS - place_bits {
        return Err(wrong("impossible sequence numbers"));
    }
    if page.le16(area + 8)? != 1 || client != 0 {
        return Err(wrong("not exactly one client"));
    }
    let (header, data) = (page.le16(area + 0x24)?.into(), page.le16(area + 0x26)?.into());
    if header != 0x30 || data < 0x30 || data % 8 != 0 || data + header > log_page {
        return Err(wrong("impossible record sizes"));
    }
    let client = area + usize::from(page.le16(area + 0x16)?);
    Ok(Restart {
        major,
        page: log_page,
        size,
        place_bits,
        data,
        header,
        oldest: page.le64(client)?,
        checkpoint: page.le64(client + 8)?,
        current: page.le64(area)?,
    })
}

fn is_page_size(size: usize) -> bool {
    size.is_power_of_two() && (512..=MOST_PAGE).contains(&size)
}
