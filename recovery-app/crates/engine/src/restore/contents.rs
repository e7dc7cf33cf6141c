//! What is on a target, and what a restore makes of it, a line each.

use block::{BlockDevice, Extent, ExtentSet, Window};
use image::manifest::{CaptureRecord, Manifest};
use partition_table::{Layout, Partition, PartitionRole};

/// The target as it is now: its bytes, at any alignment, and its partitions.
pub(super) type Now<'a> = (&'a dyn BlockDevice, &'a Layout);

/// What is on a disk now, a line each; no line where its table cannot be read.
///
/// `device` must take reads of any alignment.
#[must_use]
pub fn content_of(device: &dyn BlockDevice) -> Vec<String> {
    let layout = partition_table::read(device);
    layout
        .map(|layout| present((device, &layout), None, &ExtentSet::default()).0)
        .unwrap_or_default()
}

/// What is on the target now: what is lost, and what stays as it is. `new` is what will be there,
/// `kept` which bytes are left alone.
///
/// Bytes that are left alone are lost all the same where no partition will begin at them.
pub(super) fn present(
    (device, layout): Now<'_>,
    new: Option<&Layout>,
    kept: &ExtentSet,
) -> (Vec<String>, Vec<String>) {
    let (mut lost, mut stays) = (Vec::new(), Vec::new());
    if layout.partitions.is_empty() {
        let whole = describe(device, Extent::new(0, device.size()));
        if whole != "unknown" {
            lost.push(format!("the whole disk: {whole}"));
        }
    }
    for partition in layout.volumes() {
        let line = partition_line(partition, &describe(device, partition.extent));
        let begins_there = |new: &&Partition| new.extent.start == partition.extent.start;
        let successor = new.and_then(|new| new.volumes().find(begins_there));
        match successor.filter(|_| kept.contains(partition.extent)) {
            Some(successor) => stays.push(format!("{line}{}", change(partition, successor))),
            None => lost.push(line),
        }
    }
    (lost, stays)
}

/// What the new table says differently of a partition that stays.
fn change(old: &Partition, new: &Partition) -> String {
    let number = (new.number != old.number).then(|| format!("as partition {}", new.number));
    let length = new.extent.length;
    let size = (length != old.extent.length).then(|| format!("with {length} bytes in the table"));
    match [number, size].into_iter().flatten().collect::<Vec<_>>().join(", ") {
        same if same.is_empty() => same,
        change => format!(" ({change})"),
    }
}

/// What will be on the target. `device` gives its present content; `None` when it is a file that
/// does not exist yet.
pub(super) fn future(
    manifest: &Manifest,
    new: &Layout,
    device: Option<&dyn BlockDevice>,
) -> Vec<String> {
    let words = |number: Option<u32>, extent: Extent| {
        let volume = manifest.volumes.iter().find(|volume| volume.partition == number);
        match (volume, device) {
            (None, _) => String::new(),
            (Some(volume), _) if volume.capture != CaptureRecord::Excluded => {
                in_words(&volume.title, volume.label.as_deref(), volume.system.as_deref())
            }
            (Some(_), Some(device)) => {
                format!("not in the backup, stays as it is: {}", describe(device, extent))
            }
            (Some(_), None) => "not in the backup, will be empty".to_owned(),
        }
    };
    if new.partitions.is_empty() {
        return vec![format!("the whole disk: {}", words(None, Extent::new(0, new.disk_size)))];
    }
    let line = |partition: &Partition| {
        partition_line(partition, &words(Some(partition.number), partition.extent))
    };
    new.volumes().map(line).collect()
}

fn describe(device: &dyn BlockDevice, extent: Extent) -> String {
    filesystem::identify(&Window::new(device, extent)).map_or_else(
        |_| "unreadable".to_owned(),
        |info| in_words(&info.title, info.label.as_deref(), info.system.as_deref()),
    )
}

fn partition_line(partition: &Partition, content: &str) -> String {
    let logical = if partition.role == PartitionRole::Logical { " (logical)" } else { "" };
    let Partition { number, extent, type_name, .. } = partition;
    format!(
        "partition {number}{logical}: {} bytes from byte {}, {type_name}: {content}",
        extent.length, extent.start
    )
}

fn in_words(title: &str, label: Option<&str>, system: Option<&str>) -> String {
    let label = label.map(|label| format!(" \"{label}\"")).unwrap_or_default();
    let system = system.map(|system| format!(", {system}")).unwrap_or_default();
    format!("{title}{label}{system}")
}
