use filesystem::{Kind, State, VolumeInfo};
use image::Manifest;
use image::manifest::{CaptureRecord, VolumeRecord};

use super::{Content, of_volumes, remains};
use crate::disk::VolumeReport;

/// What was on a disk when it was captured, in the order of the disk, in the words that
/// [`super::of_disk`] has for a disk. What the backup lacks because it was not chosen says so.
#[must_use]
pub fn of_manifest(manifest: &Manifest) -> Vec<Content> {
    let volumes: Vec<VolumeReport> =
        manifest.volumes.iter().map(|volume| report(manifest, volume)).collect();
    let mut contents = of_volumes(&volumes);
    remains::tell(&manifest.table.notes, &mut contents);
    let left_out = |start| {
        let mut there = manifest.volumes.iter().filter(|volume| start_of(volume) == start);
        there.any(|volume| volume.capture == CaptureRecord::Excluded)
    };
    for content in &mut contents {
        if left_out(content.start) {
            content.words.push_str(", left out of the backup");
        }
    }
    contents
}

/// The first byte of a volume on the disk.
fn start_of(volume: &VolumeRecord) -> u64 {
    volume.extents.first().map_or(0, |extent| extent.start)
}

fn report(manifest: &Manifest, volume: &VolumeRecord) -> VolumeReport {
    let partitions = &manifest.table.partitions;
    let partition = partitions.iter().find(|entry| Some(entry.number) == volume.partition);
    let info = VolumeInfo {
        label: volume.label.clone(),
        size: volume.size,
        used: volume.used,
        state: state(&volume.state),
        system: volume.system.clone(),
        ..VolumeInfo::named(kind(&volume.kind), volume.title.clone())
    };
    VolumeReport {
        partition: volume.partition,
        start: start_of(volume),
        length: volume.extents.iter().map(|extent| extent.length).fold(0, u64::saturating_add),
        type_name: partition.map(|partition| partition.type_name.clone()),
        // All of a disk without a table and a known filesystem is read.
        blank: volume.partition.is_none() && manifest.totals.data == 0,
        ..VolumeReport::new(volume.place.clone(), info)
    }
}

/// A kind that a newer version wrote is only named.
fn kind(name: &str) -> Kind {
    serde_json::from_value(name.into()).unwrap_or(Kind::Other)
}

/// What [`State`] shows, read again.
fn state(words: &str) -> State {
    let (name, rest) = words.split_once(": ").unwrap_or((words, ""));
    let rest = rest.to_owned();
    match name {
        "clean" => State::Clean,
        "dirty" => State::Dirty(rest),
        "hibernated" => State::Hibernated(rest),
        "damaged" => State::Damaged(rest),
        "encrypted" => State::Encrypted,
        _ => name
            .strip_prefix("member of ")
            .map_or(State::Unknown, |of| State::Member(of.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn extents_that_claim_too_much_are_no_overflow() {
        let manifest = json!({
            "format_version": 1, "image_id": "6ed0a0b8-6a3b-4c5c-a6e4-8d5f0a3f6a01",
            "tool": "", "created": "",
            "disk": {
                "path": "", "model": null, "serial": null, "wwn": null, "bus": null, "size": 0,
                "logical_sector": 512, "physical_sector": 512,
            },
            "table": { "kind": "none", "id": null, "notes": [], "verbatim": [], "partitions": [] },
            "volumes": [{
                "place": "volume vg/a", "partition": null,
                "extents": [{ "start": 7, "length": u64::MAX }, { "start": 8, "length": u64::MAX }],
                "kind": "ext4", "title": "ext4", "label": null, "uuid": null, "size": null,
                "used": null, "state": "clean", "system": null, "capture": { "how": "inside" },
            }],
            "options": { "partitions": null, "all_sectors": false, "level": "3" },
            "totals": {
                "used": 0, "data": 0, "zero": 0, "holes": 0, "excluded": 0, "stored": 0,
            },
            "unreadable": [],
        });
        let manifest: Manifest = serde_json::from_value(manifest).unwrap();
        let contents = of_manifest(&manifest);
        assert_eq!((contents[0].start, contents[0].length), (7, u64::MAX));
    }

    #[test]
    fn every_state_is_read_as_it_is_written() {
        let states = [
            State::Clean,
            State::Dirty("journal needs recovery".to_owned()),
            State::Hibernated("Fast Startup: a trace".to_owned()),
            State::Encrypted,
            State::Member("array a".to_owned()),
            State::Damaged("counts: 1 and 2".to_owned()),
            State::Unknown,
        ];
        for known in states {
            assert_eq!(state(&known.to_string()), known);
        }
    }

    #[test]
    fn every_kind_is_read_as_it_is_written() {
        for known in [Kind::Ntfs, Kind::ExFat, Kind::BitLocker, Kind::Lvm2, Kind::Unknown] {
            let name = serde_json::to_value(known).unwrap();
            assert_eq!(kind(name.as_str().unwrap()), known);
        }
        assert_eq!(kind("something new"), Kind::Other);
    }
}
