//! The kernel's messages about devices: as recorded, as nobody should send them, and live.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use hardware::uevent::{Action, Uevent};
use hardware::watch::DiskChanges;
use proptest::prelude::*;

const DISK: &str =
    "/devices/pci0000:00/0000:00:04.0/usb2/2-1/2-1:1.0/host6/target6:0:0/6:0:0:0/block/sda";

/// A message as the kernel of the ISO sends it.
fn message(action: &str, devpath: &str, properties: &[&str]) -> Vec<u8> {
    let mut strings = vec![
        format!("{action}@{devpath}"),
        format!("ACTION={action}"),
        format!("DEVPATH={devpath}"),
    ];
    strings.extend(properties.iter().map(|&property| property.to_owned()));
    strings.push("SEQNUM=3481".to_owned());
    strings.iter().flat_map(|string| [string.as_bytes(), &[0]].concat()).collect()
}

fn whole(action: &str) -> Vec<u8> {
    let properties =
        ["SUBSYSTEM=block", "MAJOR=8", "MINOR=0", "DEVNAME=sda", "DEVTYPE=disk", "DISKSEQ=21"];
    message(action, DISK, &properties)
}

fn partition(action: &str) -> Vec<u8> {
    let properties = [
        "SUBSYSTEM=block",
        "MAJOR=8",
        "MINOR=1",
        "DEVNAME=sda1",
        "DEVTYPE=partition",
        "DISKSEQ=21",
        "PARTN=1",
        "PARTNAME=root=yes",
    ];
    message(action, &format!("{DISK}/sda1"), &properties)
}

fn changes(messages: &[Vec<u8>]) -> DiskChanges {
    let mut changes = DiskChanges::default();
    for message in messages {
        changes.note(&Uevent::parse(message).unwrap());
    }
    changes
}

#[test]
fn a_partition_is_read_with_all_its_properties() {
    let event = Uevent::parse(&partition("add")).unwrap();
    assert_eq!(event.action, Action::Add);
    assert_eq!(event.subsystem, "block");
    assert_eq!(event.name(), "sda1");
    assert_eq!(event.property("DEVNAME"), Some("sda1"));
    assert_eq!(event.property("PARTNAME"), Some("root=yes"));
    assert_eq!(event.property("MODALIAS"), None);
}

#[test]
fn what_is_not_the_kernels_is_refused() {
    let good = whole("add");
    assert!(Uevent::parse(&good).is_some());
    assert!(Uevent::parse(b"").is_none());
    assert!(Uevent::parse(b"\0").is_none());
    assert!(Uevent::parse(b"libudev\0\xfe\xed\xca\xfe\0").is_none());
    assert!(Uevent::parse(&good[..good.len() - 1]).is_none(), "cut in the last string");
    let other_path = message("add", "/devices/a", &["SUBSYSTEM=block", "DEVPATH=/devices/b"]);
    assert!(Uevent::parse(&other_path).is_none(), "two paths that disagree");
    assert!(Uevent::parse(&message("add", "relative", &["SUBSYSTEM=block"])).is_none());
    assert!(Uevent::parse(&message("add", "/devices/a", &[])).is_none(), "no subsystem");
}

#[test]
fn a_disk_that_comes_with_its_partitions_is_one_arrival() {
    let changes = changes(&[whole("add"), partition("add"), whole("change")]);
    assert_eq!(changes.arrived.iter().collect::<Vec<_>>(), ["sda"]);
    assert!(changes.left.is_empty() && changes.changed.is_empty() && !changes.rescan);
}

#[test]
fn a_disk_that_goes_takes_its_partitions_along() {
    let gone = changes(&[partition("remove"), whole("remove")]);
    assert_eq!(gone.left.iter().collect::<Vec<_>>(), ["sda"]);
    assert!(gone.arrived.is_empty() && gone.changed.is_empty());
    let exchanged = changes(&[whole("remove"), whole("add")]);
    assert!(exchanged.left.contains("sda") && exchanged.arrived.contains("sda"));
    let flickered = changes(&[whole("add"), whole("remove")]);
    assert!(flickered.left.contains("sda") && flickered.arrived.is_empty());
}

#[test]
fn a_partition_table_that_was_read_again_is_a_change_of_the_disk() {
    let reread = changes(&[partition("remove"), partition("add"), whole("change")]);
    assert_eq!(reread.changed.iter().collect::<Vec<_>>(), ["sda"]);
    assert!(reread.arrived.is_empty() && reread.left.is_empty());
}

#[test]
fn what_is_not_about_disks_changes_nothing() {
    let usb = message("add", "/devices/pci0000:00/usb2/2-1", &["SUBSYSTEM=usb"]);
    let bound = message("bind", DISK, &["SUBSYSTEM=block", "DEVTYPE=disk"]);
    let cd = message("change", "/devices/x/block/sr0", &["SUBSYSTEM=block", "DEVTYPE=disk"]);
    let nameless = message("add", "/", &["SUBSYSTEM=block", "DEVTYPE=partition"]);
    assert!(changes(&[usb, bound, cd, nameless]).is_empty());
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Some(event) = Uevent::parse(&bytes) {
            DiskChanges::default().note(&event);
        }
    }

    #[test]
    fn a_message_with_flipped_bytes_is_read_without_harm(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)
    ) {
        let mut bytes = partition("add");
        for (place, byte) in flips {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(event) = Uevent::parse(&bytes) {
            DiskChanges::default().note(&event);
        }
    }
}
