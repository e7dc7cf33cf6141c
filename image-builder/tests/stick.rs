//! `remetal-iso write`, by the program itself, on loop devices. Needs root.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const MIB: usize = 1 << 20;

/// A file shown as a disk for as long as it lives.
struct Loop {
    node: PathBuf,
}

impl Loop {
    fn new(file: &Path) -> Self {
        Self::with_sectors(file, 512)
    }

    fn with_sectors(file: &Path, bytes: u32) -> Self {
        let size = format!("--sector-size={bytes}");
        let mut command = Command::new("losetup");
        let output = command.args(["--find", "--show", &size]).arg(file).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        Self { node: String::from_utf8(output.stdout).unwrap().trim().into() }
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        Command::new("losetup").arg("--detach").arg(&self.node).status().unwrap();
    }
}

/// A folder on the build disk with an ISO of 9 MiB and some bytes, and a stick full of old bytes.
fn scene(stick: usize) -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut iso: Vec<u8> = (0..=250).cycle().take(9 * MIB + 2048).collect();
    iso[32769..32774].copy_from_slice(b"CD001");
    // Its size, in blocks of 2048 bytes.
    let blocks = u32::try_from(iso.len() / 2048).unwrap();
    iso[32848..32852].copy_from_slice(&blocks.to_le_bytes());
    iso[32896..32898].copy_from_slice(&2048_u16.to_le_bytes());
    let (iso_path, stick_path) = (folder.path().join("x.iso"), folder.path().join("stick"));
    fs::write(&iso_path, iso).unwrap();
    fs::write(&stick_path, vec![0xee; stick]).unwrap();
    (folder, iso_path, stick_path)
}

fn write(iso: &Path, disk: &Path, word: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_remetal-iso"));
    command.arg("write").arg(disk).arg("--iso").arg(iso);
    command.args(word.map(|word| format!("--confirm={word}"))).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

/// The word behind `--confirm` in what the program printed.
fn word(output: &Output) -> String {
    let text = text(output);
    text.split("--confirm ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
}

fn untouched(stick: &Path) -> bool {
    fs::read(stick).unwrap().iter().all(|byte| *byte == 0xee)
}

#[test]
fn what_the_plan_asked_for_is_written_and_proven() {
    let (_folder, iso, stick) = scene(16 * MIB);
    let disk = Loop::new(&stick);
    let plan = write(&iso, &disk.node, None);
    assert_eq!(plan.status.code(), Some(3), "{}", text(&plan));
    assert!(untouched(&stick), "a plan writes nothing");

    let written = write(&iso, &disk.node, Some(&word(&plan)));
    assert_eq!(written.status.code(), Some(0), "{}", text(&written));
    assert!(text(&written).contains("verified"), "{}", text(&written));
    drop(disk);
    let (iso, stick) = (fs::read(&iso).unwrap(), fs::read(&stick).unwrap());
    assert!(stick.starts_with(&iso));
    let end = stick.len() - MIB;
    assert!(stick[end..].iter().all(|byte| *byte == 0), "an old table may have its copy there");
    assert!(stick[iso.len()..end].iter().all(|byte| *byte == 0xee));
}

#[test]
fn a_wrong_word_writes_nothing() {
    let (_folder, iso, stick) = scene(16 * MIB);
    let disk = Loop::new(&stick);
    let refused = write(&iso, &disk.node, Some("nope"));
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused));
    assert!(text(&refused).contains("Nothing was written"), "{}", text(&refused));
    assert!(untouched(&stick));
}

#[test]
fn a_mounted_stick_is_refused() {
    let (folder, iso, stick) = scene(16 * MIB);
    let status = Command::new("mke2fs").args(["-q", "-F"]).arg(&stick).status().unwrap();
    assert!(status.success());
    let before = fs::read(&stick).unwrap();
    let disk = Loop::new(&stick);
    let place = folder.path().join("mounted");
    fs::create_dir(&place).unwrap();
    let mount = |options: &[&str]| {
        Command::new(options[0]).args(&options[1..]).arg(&place).status().unwrap().success()
    };
    assert!(mount(&["mount", "-o", "ro", disk.node.to_str().unwrap()]));
    let plan = write(&iso, &disk.node, None);
    let name = disk.node.file_name().unwrap().to_str().unwrap();
    let refused = write(&iso, &disk.node, Some(name));
    assert!(mount(&["umount"]));
    assert!(text(&plan).contains("is mounted on"), "{}", text(&plan));
    assert!(text(&plan).contains("ext2"), "what is lost is named: {}", text(&plan));
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused));
    assert!(text(&refused).contains("is mounted on"), "{}", text(&refused));
    assert!(fs::read(&stick).unwrap() == before);
}

#[test]
fn a_stick_that_is_too_small_is_refused() {
    let (_folder, iso, stick) = scene(8 * MIB);
    let disk = Loop::new(&stick);
    let refused = write(&iso, &disk.node, None);
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused));
    assert!(text(&refused).contains("1050624 bytes are missing"), "{}", text(&refused));
}

#[test]
fn a_stick_with_large_sectors_is_refused() {
    let (_folder, iso, stick) = scene(16 * MIB);
    let disk = Loop::with_sectors(&stick, 4096);
    let plan = write(&iso, &disk.node, None);
    let name = disk.node.file_name().unwrap().to_str().unwrap();
    let refused = write(&iso, &disk.node, Some(name));
    assert!(text(&plan).contains("has sectors of 4096 bytes"), "{}", text(&plan));
    assert!(!text(&plan).contains("--confirm"), "{}", text(&plan));
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused));
    assert!(text(&refused).contains("no firmware would start from it"), "{}", text(&refused));
    assert!(untouched(&stick));
}

#[test]
fn only_disks_and_isos_are_taken() {
    let (_folder, iso, stick) = scene(16 * MIB);
    let no_disk = write(&iso, &stick, None);
    assert_eq!(no_disk.status.code(), Some(1), "{}", text(&no_disk));
    assert!(text(&no_disk).contains("is not a disk"), "{}", text(&no_disk));
    let disk = Loop::new(&stick);
    let no_iso = write(&stick, &disk.node, None);
    assert_eq!(no_iso.status.code(), Some(3), "{}", text(&no_iso));
    assert!(text(&no_iso).contains("is not an ISO"), "{}", text(&no_iso));
    assert!(untouched(&stick));
}
