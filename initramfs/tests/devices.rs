//! Which drivers are searched for, in which order, and when that is over.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

use initramfs::manager::aliases;
use initramfs::manager::queue::Queue;
use initramfs::manager::settling::{self, Search};

const SCREEN: &str = "pci:v00001234d00001111sv00001AF4sd00001100bc03sc00i00";

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("pci:v{number:08X}bc01")).collect()
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn every_device_is_found_once_and_links_are_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let devices = folder.path().join("devices");
    let add = |path: &str, alias: &[u8]| {
        fs::create_dir_all(devices.join(path)).unwrap();
        fs::write(devices.join(path).join("modalias"), alias).unwrap();
    };
    add("pci0000:00/0000:00:01.0", b"pci:v1\n");
    add("pci0000:00/0000:00:02.0/usb1/1-1/1-1:1.0", b"usb:v2\n");
    add("pci0000:00/0000:00:02.0/usb1/1-1/1-1:1.1", b"usb:v2\n");
    add("platform/mute", b"\n");
    add("platform/odd", b"of:\xff\n");
    symlink(&devices, devices.join("platform/subsystem")).unwrap();
    let found: Vec<_> = aliases::present(folder.path()).into_iter().collect();
    assert_eq!(found, ["of:\u{fffd}", "pci:v1", "usb:v2"]);
    assert!(aliases::present(Path::new("/nowhere")).is_empty());
}

#[test]
fn work_is_shared_among_the_workers_and_screens_come_first() {
    let now = Instant::now();
    let mut queue = Queue::default();
    assert!(queue.is_idle());
    let mut devices = names(9);
    devices.push(SCREEN.to_owned());
    assert!(queue.submit(devices, now));
    let screen = queue.take(3, now).unwrap();
    assert_eq!(screen.aliases, [SCREEN]);
    assert!(!queue.screens_are_ready(), "it is being loaded");
    let sizes: Vec<usize> =
        std::iter::from_fn(|| queue.take(3, now)).map(|batch| batch.aliases.len()).collect();
    assert_eq!(sizes, [3, 2, 2, 1, 1], "the more there are, the more are taken");
    queue.finished(screen.number);
    assert!(queue.screens_are_ready() && !queue.is_idle());
    (2..=6).for_each(|number| queue.finished(number));
    assert!(queue.is_idle());
}

#[test]
fn disks_come_before_the_rest_and_the_processor_last() {
    let now = Instant::now();
    let mut queue = Queue::default();
    let devices = ["cpu:type:x86", "acpi:PNP0C01:", "usb:v1D6Bp0003", "pci:v8086bc0Csc03i30"];
    queue.submit(devices.map(str::to_owned), now);
    let order: Vec<_> =
        std::iter::from_fn(|| queue.take(4, now)).flat_map(|batch| batch.aliases).collect();
    let expected = ["usb:v1D6Bp0003", "pci:v8086bc0Csc03i30", "acpi:PNP0C01:", "cpu:type:x86"];
    assert_eq!(order, expected);
}

#[test]
fn screens_have_the_machine_for_themselves_for_as_long_as_they_are_waited_for() {
    let now = Instant::now();
    let mut queue = Queue::with_priority_for_screens();
    queue.submit([names(3), vec![SCREEN.to_owned()]].concat(), now);
    let screen = queue.take(2, now).unwrap();
    assert!(queue.take(2, now).is_none());
    assert!(!queue.is_idle());
    queue.finished(screen.number);
    assert!(queue.take(2, now).is_some());
    queue.submit([SCREEN.replace('1', "2")], now);
    queue.take(2, now).unwrap();
    assert!(queue.take(2, now).is_none());
    queue.end_priority();
    assert!(queue.take(2, now).is_some());
}

#[test]
fn a_device_that_is_found_and_announced_is_looked_after_once() {
    let now = Instant::now();
    let mut queue = Queue::default();
    assert!(queue.submit(names(2), now));
    assert!(!queue.submit(names(2), now + seconds(1)));
    assert!(queue.take(1, now).is_some());
    assert!(queue.take(1, now).is_none());
    assert!(queue.submit(names(1), now + seconds(60)), "plugged in again, much later");
}

#[test]
fn a_driver_that_hangs_holds_up_nobody() {
    let now = Instant::now();
    let mut queue = Queue::default();
    queue.submit(names(2), now);
    let both = queue.take(1, now).unwrap();
    assert!(queue.give_up_overdue(now + seconds(5)).is_empty());
    assert_eq!(queue.give_up_overdue(now + seconds(16)), std::slice::from_ref(&both.aliases));
    // The other one of the two gets its driver all the same.
    let again: Vec<_> = std::iter::from_fn(|| queue.take(1, now + seconds(16))).collect();
    assert_eq!(
        again.iter().map(|batch| &batch.aliases[0]).collect::<Vec<_>>(),
        [&both.aliases[0], &both.aliases[1]]
    );
    queue.finished(again[1].number);
    assert_eq!(queue.give_up_overdue(now + seconds(32)), std::slice::from_ref(&again[0].aliases));
    assert!(queue.is_idle(), "nobody waits for the one that hangs");
    assert!(queue.take(1, now + seconds(32)).is_none(), "and it is not tried without end");
}

#[test]
fn a_device_that_changes_its_name_without_end_fills_no_memory() {
    let now = Instant::now();
    let mut queue = Queue::default();
    for round in 0..30_u32 {
        queue.submit((0..1000).map(|number| format!("usb:{round}:{number}")), now);
        while let Some(batch) = queue.take(1, now) {
            queue.finished(batch.number);
        }
    }
    assert!(queue.is_idle());
}

fn search(began: Instant) -> Search {
    Search { began, last_heard: began, idle: true, disk_is_on_its_way: false }
}

#[test]
fn silence_means_that_everything_was_found() {
    let began = Instant::now();
    let quiet = search(began);
    assert_eq!(settling::wait(quiet, began + seconds(2)), None);
    assert!(settling::wait(quiet, began + seconds(1)).unwrap() <= Duration::from_millis(500));
    let busy = Search { idle: false, ..quiet };
    assert!(settling::wait(busy, began + seconds(30)).is_some());
    let heard = Search { last_heard: began + seconds(29), ..quiet };
    assert!(settling::wait(heard, began + seconds(30)).is_some());
}

#[test]
fn a_disk_on_its_way_is_waited_for_and_nothing_is_waited_for_forever() {
    let began = Instant::now();
    let awaited = Search { disk_is_on_its_way: true, ..search(began) };
    assert!(settling::wait(awaited, began + seconds(5)).is_some());
    assert_eq!(settling::wait(awaited, began + seconds(10)), None);
    let restless = Search { idle: false, last_heard: began + seconds(60), ..awaited };
    assert_eq!(settling::wait(restless, began + seconds(60)), None);
}

#[test]
fn a_usb_disk_is_on_its_way_until_it_was_asked_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let sys = folder.path();
    assert!(!settling::disk_is_on_its_way(sys));
    let driver = sys.join("bus/usb/drivers/usb-storage");
    fs::create_dir_all(&driver).unwrap();
    fs::write(driver.join("bind"), "").unwrap();
    assert!(!settling::disk_is_on_its_way(sys));
    let device = sys.join("devices/2-1:1.0");
    fs::create_dir_all(device.join("host6/scsi_host")).unwrap();
    symlink(&device, driver.join("2-1:1.0")).unwrap();
    assert!(settling::disk_is_on_its_way(sys));
    fs::create_dir_all(device.join("host6/target6:0:0")).unwrap();
    assert!(!settling::disk_is_on_its_way(sys));
}
