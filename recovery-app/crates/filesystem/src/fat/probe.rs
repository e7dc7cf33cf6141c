use block::{BlockDevice, BlockError};

use super::boot::{BOOT_BYTES, Layout};
use super::directory::Tree;
use super::scan::Scan;
use crate::bytes::Bytes;
use crate::clusters::{Content, Directories, Entries, content_extents};
use crate::{MapError, State, VolumeInfo};

/// A table larger than this, in bytes, is not read only to count its free clusters; the number
/// that FAT32 keeps beside it, a hint, is shown instead.
const MOST_COUNTED: u64 = 32 << 20;
/// Bytes of the root directory that are searched for the label.
const ROOT_BYTES: u64 = 1 << 16;

/// Label, serial number, size, use and state of a FAT volume.
pub fn probe(volume: &dyn BlockDevice) -> Result<Option<VolumeInfo>, BlockError> {
    if volume.size() < BOOT_BYTES as u64 {
        return Ok(None);
    }
    let sector = volume.read_vec(0, BOOT_BYTES)?;
    let Ok(layout) = Layout::parse(&sector) else {
        return Ok(None);
    };
    let (used, state) = use_and_state(volume, &layout);
    Ok(Some(VolumeInfo {
        label: label(volume, &layout),
        uuid: layout.serial.map(|serial| format!("{:04X}-{:04X}", serial >> 16, serial & 0xffff)),
        size: Some(layout.size),
        used,
        state,
        ..VolumeInfo::named(layout.kind, layout.kind.to_string())
    }))
}

fn use_and_state(volume: &dyn BlockDevice, layout: &Layout) -> (Option<u64>, State) {
    let in_clusters = |clusters: u64| layout.heap.start + clusters * layout.heap.cluster;
    if layout.size > volume.size() {
        return (None, State::Damaged("the volume is smaller than the filesystem".to_owned()));
    }
    let is_large = layout.table_length > MOST_COUNTED;
    if is_large && let Some(free) = free_hint(volume, layout) {
        let used = u64::from(layout.heap.count).saturating_sub(free.into());
        return (Some(in_clusters(used)), state_of(layout, true, true));
    }
    match Scan::read(volume, layout) {
        Ok(scan) => {
            let state = state_of(layout, scan.is_clean, scan.copies_agree);
            (Some(in_clusters(scan.in_use)), state)
        }
        Err(error) => (None, State::Damaged(error.to_string())),
    }
}

fn state_of(layout: &Layout, is_clean: bool, copies_agree: bool) -> State {
    if layout.is_dirty || !is_clean {
        State::Dirty("it was not unmounted in order".to_owned())
    } else if !copies_agree {
        State::Dirty("the copies of its table differ".to_owned())
    } else {
        State::Clean
    }
}

/// The number of free clusters that FAT32 keeps, when it has one (specification section 5).
fn free_hint(volume: &dyn BlockDevice, layout: &Layout) -> Option<u32> {
    let sector = volume.read_vec(layout.info_sector?, BOOT_BYTES).ok()?;
    let info = Bytes::new(&sector, "FSInfo");
    let is_info = info.le32(0).ok()? == 0x4161_5252 && info.le32(484).ok()? == 0x6141_7272;
    let free = info.le32(488).ok()?;
    (is_info && free <= layout.heap.count).then_some(free)
}

/// The label in the root directory, else the one in the boot sector.
fn label(volume: &dyn BlockDevice, layout: &Layout) -> Option<String> {
    let raw = label_in_root(volume, layout).ok().flatten().or(layout.label)?;
    let text = String::from_utf8_lossy(&raw).trim_end_matches([' ', '\0']).to_owned();
    (!text.is_empty() && text != "NO NAME").then_some(text)
}

fn label_in_root(volume: &dyn BlockDevice, layout: &Layout) -> Result<Option<[u8; 11]>, MapError> {
    let mut entries = Tree::new(layout).entries();
    let mut left = ROOT_BYTES;
    if matches!(layout.root, Content::Chain(first) if !layout.heap.holds(first)) {
        return Ok(None);
    }
    content_extents(&mut layout.table(volume), layout.root, Some(left), |extent| {
        let length = extent.length.min(left);
        left -= length;
        let bytes = volume.read_vec(extent.start, usize::try_from(length).unwrap_or(0))?;
        for entry in bytes.chunks_exact(32).take_while(|entry| entry[0] != 0) {
            entries.take(entry)?;
        }
        Ok(())
    })?;
    Ok(entries.label)
}
