//! Backups without some of the partitions, or of something that has none: what is said of them.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::path::Path;

use block::{BlockDevice, MemoryDevice};
use engine::capture::{self, CaptureRequest, Level, Source};
use engine::restore::{self, RestorePlan, Target};
use engine::{Cancel, Silent, SurveyOptions};
use image::manifest::DiskRecord;

const MIB: usize = 1 << 20;

/// A GPT disk of 64 MiB with swap spaces in these partitions: their numbers, first MiB, and labels.
fn disk(partitions: &[(u32, usize, &str)]) -> MemoryDevice {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(64 << 20).unwrap();
    let mut sgdisk = std::process::Command::new("sgdisk");
    for (number, start, _) in partitions {
        sgdisk.arg("-n").arg(format!("{number}:{start}M:+4M"));
    }
    assert!(sgdisk.arg(file.path()).output().unwrap().status.success());
    let mut bytes = std::fs::read(file.path()).unwrap();
    for (_, start, label) in partitions {
        let swap = tempfile::NamedTempFile::new().unwrap();
        swap.as_file().set_len(4 << 20).unwrap();
        let mut mkswap = std::process::Command::new("mkswap");
        let made = mkswap.args(["-L", label]).arg(swap.path()).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let swap = std::fs::read(swap.path()).unwrap();
        bytes[start * MIB..start * MIB + swap.len()].copy_from_slice(&swap);
    }
    MemoryDevice::from(bytes)
}

fn record(device: &dyn BlockDevice) -> DiskRecord {
    let size = device.size();
    let path = "memory".to_owned();
    DiskRecord { path, size, logical_sector: 512, physical_sector: 512, ..DiskRecord::default() }
}

/// Captures these partitions, or all; gives what README.txt says.
fn capture(folder: &Path, device: &dyn BlockDevice, partitions: Option<Vec<u32>>) -> String {
    let request = CaptureRequest {
        disk: record(device),
        destination: folder.to_owned(),
        name: "backup".into(),
        survey: SurveyOptions { partitions, all_sectors: false },
        level: Level::DEFAULT,
        part_size: None,
        free: None,
        sample: false,
        verify: false,
    };
    let plan = capture::plan(device, request, &Cancel::default()).unwrap();
    let source = Source { structures: device, content: device };
    capture::capture(source, &plan, &Silent, &Cancel::default()).unwrap();
    std::fs::read_to_string(folder.join("backup/README.txt")).unwrap()
}

fn plan(folder: &Path, device: &dyn BlockDevice) -> RestorePlan {
    let target = Target { disk: record(device), word: "ab12".into(), forbidden: Vec::new() };
    restore::plan(&folder.join("backup"), target, Some(device)).unwrap()
}

const OLD: [(u32, usize, &str); 3] = [(1, 2, "one"), (2, 8, "two"), (5, 20, "five")];

#[test]
fn the_readme_of_a_whole_disk_has_the_line_for_dd() {
    let folder = tempfile::tempdir().unwrap();
    let readme = capture(folder.path(), &disk(&OLD), None);
    assert!(readme.starts_with("This folder is a backup of a whole disk"), "{readme}");
    assert!(readme.contains("dd of=/dev/DISK bs=4M"), "{readme}");
}

#[test]
fn the_readme_names_what_is_left_out_and_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let readme = capture(folder.path(), &disk(&OLD), Some(vec![1]));
    assert!(!readme.contains("whole disk") && !readme.contains("of=/dev"), "{readme}");
    for place in ["partition 2", "partition 5"] {
        assert!(readme.contains(&format!("\n    {place}: ")), "{readme}");
    }
    assert!(readme.contains("zstd -d -o disk0.img"), "{readme}");
}

#[test]
fn the_readme_of_a_single_volume_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = disk(&OLD).to_vec()[2 * MIB..6 * MIB].to_vec();
    let readme = capture(folder.path(), &MemoryDevice::from(bytes), None);
    assert!(readme.starts_with("This folder is a backup of memory, made"), "{readme}");
    assert!(readme.contains("no partition table") && readme.contains("\"one\""), "{readme}");
    assert!(readme.contains("not into a partition"), "{readme}");
    assert!(readme.contains("of=/dev/DISK_OR_PARTITION"), "{readme}");
    assert!(readme.contains("The disk or partition must have at least 4194304 bytes"), "{readme}");
}

#[test]
fn a_plan_tells_what_stays_apart_from_what_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    capture(folder.path(), &disk(&OLD), Some(vec![1]));
    // Partition 2 is where it was; 5 was moved, and another one lies where it was.
    let now = [(1, 2, "new one"), (2, 8, "still two"), (5, 30, "moved"), (6, 20, "six")];
    let plan = plan(folder.path(), &disk(&now));
    let lost = plan.before.join("\n");
    assert!(lost.contains("new one") && lost.contains("moved"), "{plan:#?}");
    assert!(!lost.contains("still two"), "{plan:#?}");
    let [stays, other] = plan.stays.as_slice() else { panic!("{plan:#?}") };
    assert!(stays.starts_with("partition 2: ") && stays.ends_with("\"still two\""), "{stays}");
    assert!(other.starts_with("partition 6: ") && other.contains("\"six\""), "{other}");
    assert!(other.ends_with("(as partition 5)"), "{other}");
    let [one, two, five] = plan.after.as_slice() else { panic!("{plan:#?}") };
    assert!(one.ends_with("\"one\""), "{one}");
    assert!(two.ends_with("not in the backup, stays as it is: swap \"still two\""), "{two}");
    assert!(five.ends_with("not in the backup, stays as it is: swap \"six\""), "{five}");
}

#[test]
fn a_plan_promises_no_partition_that_is_not_in_the_backup() {
    let folder = tempfile::tempdir().unwrap();
    capture(folder.path(), &disk(&OLD), Some(vec![1]));
    let blank = MemoryDevice::from(vec![0; 64 << 20]);
    let plan = plan(folder.path(), &blank);
    assert!(plan.before.is_empty() && plan.stays.is_empty(), "{plan:#?}");
    for line in &plan.after[1..] {
        assert!(line.ends_with("not in the backup, stays as it is: unknown"), "{line}");
    }
    let target = Target { disk: record(&blank), word: "ab12".into(), forbidden: Vec::new() };
    let plan = restore::plan(&folder.path().join("backup"), target, None).unwrap();
    for line in &plan.after[1..] {
        assert!(line.ends_with(": not in the backup, will be empty"), "{line}");
    }
}
