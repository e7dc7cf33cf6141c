//! Backups that are not what they were: found before anything is written, and named.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use vm::assets::disk::Mount;

use crate::machine::{
    Bench, DAMAGED, FAILED, LoopDisk, REFUSED, VERIFIED, WORD, expect, expect_json, expect_refusal,
};
use crate::support::bytes::{hash, noise_file};
use crate::support::image::parts;
use crate::support::remetal::text;
use crate::support::shell::sh;

fn flip(path: &Path, offset: u64) {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset).unwrap();
    file.write_all_at(&[byte[0] ^ 0x10], offset).unwrap();
}

/// Where the zero frame of the largest content begins. Larger than a chunk, it stands for a hole.
fn largest_zero_frame(image: &Path) -> u64 {
    const BEGIN: [u8; 6] = [0x28, 0xb5, 0x2f, 0xfd, 0x80, 0x38];
    let bytes = fs::read(image).unwrap();
    let frames = bytes.windows(10).enumerate().filter(|(_, bytes)| bytes.starts_with(&BEGIN));
    let content = |bytes: &[u8]| u32::from_le_bytes(bytes[6..10].try_into().unwrap());
    let (at, bytes) = frames.max_by_key(|(_, bytes)| content(bytes)).unwrap();
    assert!(content(bytes) > 4 << 20);
    at as u64
}

/// A used target, with its hash.
fn used_target(bench: &Bench) -> (PathBuf, String) {
    let target = bench.path("target.disk");
    noise_file(&target, 48 << 20);
    let before = hash(&target);
    (target, before)
}

/// The backup cannot be used at all: verify fails and restore refuses, both with these words.
pub fn is_unusable(bench: &Bench, backup: &Path, words: &str) {
    let found = expect_json(FAILED, &["verify", text(backup)]);
    assert!(found["error"]["message"].as_str().unwrap().contains(words), "{found:#}");
    assert_eq!(found["error"]["kind"], "backup", "{found:#}");
    assert!(!found["error"]["guidance"].as_str().unwrap().is_empty());
    let (target, before) = used_target(bench);
    expect_refusal(words, &["restore", text(backup), text(&target), "--confirm", WORD]);
    expect_refusal(words, &["plan", text(backup), text(&target)]);
    assert_eq!(hash(&target), before, "the target was written to");
}

#[test]
fn a_flipped_byte_is_named_and_nothing_is_written() {
    let bench = Bench::new();
    let backup = bench.backup("one", &[]);
    let image = backup.join("disk0.img.zst");
    // The noise on the ext4 volume is most of the image.
    flip(&image, image.metadata().unwrap().len() / 2);
    let found = expect_json(DAMAGED, &["verify", text(&backup)]);
    assert_eq!(found["state"], "damaged");
    let damage = found["verification"]["damage"].as_array().unwrap();
    assert_eq!(damage.len(), 1, "{found:#}");
    assert!(damage[0]["volumes"].to_string().contains("partition 2"), "{found:#}");
    assert!(damage[0]["files"].to_string().contains("noise"), "{found:#}");
    let counted = &found["verification"]["damaged"];
    assert_eq!((&counted["ranges"], &counted["unlisted"]), (&1.into(), &0.into()), "{found:#}");
    let said = expect(DAMAGED, &["verify", text(&backup)]);
    assert!(said.contains("disk bytes ") && said.contains("hits "), "{said}");

    let (target, before) = used_target(&bench);
    // A plan does not read the chunks, and says so.
    let said = expect(VERIFIED, &["plan", text(&backup), text(&target)]);
    assert!(said.contains("The backup is read and checked before the first write."), "{said}");
    let words = "the image is damaged in 1 place(s)";
    expect_refusal(words, &["restore", text(&backup), text(&target), "--confirm", WORD]);
    assert_eq!(hash(&target), before, "the target was written to");
    let new = bench.path("new.disk");
    expect_refusal(words, &["restore", text(&backup), text(&new), "--confirm", WORD]);
    assert!(!new.exists(), "a refusal left a file behind");
}

/// Where the largest frame begins that shares its first page with the frame before it.
fn frame_within_a_page(image: &[u8]) -> usize {
    const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
    let windows = image.windows(4).enumerate();
    let frames: Vec<usize> = windows.filter(|(_, at)| *at == MAGIC).map(|(at, _)| at).collect();
    let within = |frame: &&[usize]| (32..4064).contains(&(frame[0] % 4096));
    frames.windows(2).filter(within).max_by_key(|frame| frame[1] - frame[0]).unwrap()[0]
}

#[test]
fn a_page_that_two_frames_share_is_read_from_the_drive() {
    let bench = Bench::new();
    let file = bench.path("drive");
    sh(&format!("truncate -s 64M {0}; mkfs.ext4 -q {0}", file.display()));
    let drive = LoopDisk::new(&file, "");
    let mounted = Mount::new("mount", Path::new(drive.node())).unwrap();
    let source = bench.source();
    let capture = ["capture", text(&source), text(mounted.path()), "--name", "one"];
    expect(VERIFIED, &[&capture[..], &["--no-verify"]].concat());
    let backup = mounted.path().join("one");
    let image = fs::read(backup.join("disk0.img.zst")).unwrap();
    let frame = frame_within_a_page(&image);
    // The filesystem and its memory do not hear of what happens to the drive.
    let around = &image[frame - 32..frame + 32];
    let stored = fs::read(&file).unwrap();
    let places: Vec<usize> =
        (0..stored.len() - 64).filter(|at| &stored[*at..*at + 64] == around).collect();
    let [place] = places[..] else { panic!("{places:?}") };
    flip(&file, place as u64 + 40);
    let found = expect_json(DAMAGED, &["verify", text(&backup)]);
    assert_eq!(found["verification"]["damage"][0]["stored"]["start"], frame, "{found:#}");
}

#[test]
fn no_flipped_byte_of_an_index_goes_unseen() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify"]);
    let image = backup.join("disk0.img.zst");
    let size = image.metadata().unwrap().len();
    let (target, before) = used_target(&bench);
    for offset in [1, 9, 20, size - 1, size - 30, size - 200, size - 1000, size - 3000] {
        flip(&image, offset);
        let verified = crate::support::remetal::remetal(&["verify", text(&backup)]);
        assert!(matches!(verified.status.code(), Some(FAILED | DAMAGED)), "byte {offset}");
        expect(REFUSED, &["restore", text(&backup), text(&target), "--confirm", WORD]);
        flip(&image, offset);
    }
    assert_eq!(hash(&target), before, "the target was written to");
    expect(VERIFIED, &["verify", text(&backup)]);
}

#[test]
fn damage_to_the_partition_table_in_an_image_is_damage_of_the_backup() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify"]);
    let image = backup.join("disk0.img.zst");
    let bytes = fs::read(&image).unwrap();
    let (target, before) = used_target(&bench);
    // The first frame behind the header, whose length is in its second word.
    let header = u32::from_le_bytes(bytes[4..8].try_into().unwrap());
    let first_frame = u64::from(8 + header);
    let segment = bytes.windows(8).position(|window| window == b"RMTLSEGM").unwrap();
    for offset in [first_frame + 40, segment as u64 + 60] {
        flip(&image, offset);
        let found = expect_json(DAMAGED, &["verify", text(&backup)]);
        assert!(!found["verification"]["damage"].as_array().unwrap().is_empty(), "{found:#}");
        for arguments in [
            &["plan", text(&backup), text(&target)][..],
            &["restore", text(&backup), text(&target), "--confirm", WORD],
        ] {
            let refused = expect_json(REFUSED, arguments);
            assert_eq!(refused["error"]["kind"], "backup", "{refused:#}");
        }
        flip(&image, offset);
    }
    assert_eq!(hash(&target), before, "the target was written to");
}

#[test]
fn a_segment_of_the_index_that_is_damaged_hides_no_other_damage() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify"]);
    let image = backup.join("disk0.img.zst");
    let bytes = fs::read(&image).unwrap();
    let segment = bytes.windows(8).position(|window| window == b"RMTLSEGM").unwrap();
    flip(&image, segment as u64 + 60);
    let said = expect(DAMAGED, &["verify", text(&backup)]);
    assert!(said.contains("disk bytes 0 to ") && said.contains("index segment 0"), "{said}");
    let found = expect_json(DAMAGED, &["verify", text(&backup)]);
    assert_eq!(found["verification"]["content"], 0, "{found:#}");
}

#[test]
fn damage_where_nothing_is_stored_keeps_nobody_from_a_restore() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify"]);
    let image = backup.join("disk0.img.zst");
    flip(&image, largest_zero_frame(&image) + 6);
    let said = expect(DAMAGED, &["verify", text(&backup)]);
    assert!(said.contains("it stands for free space: nothing is lost"), "{said}");
    let target = bench.path("target.disk");
    let said = expect(VERIFIED, &["restore", text(&backup), text(&target), "--confirm", WORD]);
    assert!(said.contains("it stands for free space: nothing is lost"), "{said}");
}

#[test]
fn a_pipe_is_not_waited_for() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify"]);
    let manifest = backup.join("manifest.json");
    fs::remove_file(&manifest).unwrap();
    sh(&format!("mkfifo {}", manifest.display()));
    expect(FAILED, &["verify", text(&backup)]);
    fs::remove_file(&manifest).unwrap();
    let image = backup.join("disk0.img.zst");
    fs::remove_file(&image).unwrap();
    sh(&format!("mkfifo {0}.001", image.display()));
    expect(FAILED, &["verify", text(&backup)]);
}

#[test]
fn parts_are_called_by_their_names_and_numbers() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify", "--part-size", "1M"]);
    let parts = parts(&backup);
    // Not the name of a part, and so of no account.
    fs::write(backup.join("disk0.img.zst.0002"), "other").unwrap();
    expect(VERIFIED, &["verify", text(&backup)]);
    let next = backup.join(format!("disk0.img.zst.{:03}", parts.len() + 1));
    fs::write(&next, "").unwrap();
    is_unusable(&bench, &backup, "does not belong to this backup");
    fs::remove_file(&next).unwrap();
    let first = OpenOptions::new().write(true).open(&parts[0]).unwrap();
    first.set_len(500_000).unwrap();
    is_unusable(&bench, &backup, "disk0.img.zst.001: it has 500000 bytes of 1048576");
}

#[test]
fn parts_that_may_not_suffice_are_refused() {
    let bench = Bench::new();
    let noise = bench.path("noise.disk");
    sh(&format!("truncate -s 1200M {}", noise.display()));
    let backups = bench.backups();
    let arguments = ["capture", text(&noise), text(&backups), "--name", "x", "--part-size", "1M"];
    expect_refusal("999 parts", &arguments);
}

#[test]
fn an_image_that_was_cut_short() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify"]);
    let image = OpenOptions::new().write(true).open(backup.join("disk0.img.zst")).unwrap();
    let size = image.metadata().unwrap().len();
    image.set_len(size - 1).unwrap();
    is_unusable(&bench, &backup, "cut short");
    image.set_len(0).unwrap();
    expect(FAILED, &["verify", text(&backup)]);
}

#[test]
fn parts_that_are_missing_or_swapped() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify", "--part-size", "1M"]);
    let parts = parts(&backup);
    let away = bench.path("away");
    fs::rename(&parts[1], &away).unwrap();
    is_unusable(&bench, &backup, "this part is missing");
    fs::rename(&parts[2], &parts[1]).unwrap();
    fs::rename(&away, &parts[2]).unwrap();
    is_unusable(&bench, &backup, "disk0.img.zst.00");
    fs::rename(&parts[2], &away).unwrap();
    fs::rename(&parts[1], &parts[2]).unwrap();
    fs::rename(&away, &parts[1]).unwrap();
    expect(VERIFIED, &["verify", text(&backup)]);
    fs::remove_file(parts.last().unwrap()).unwrap();
    is_unusable(&bench, &backup, "missing");
}

#[test]
fn a_manifest_that_lies() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify"]);
    let path = backup.join("manifest.json");
    let honest = fs::read_to_string(&path).unwrap();
    let lies = [
        honest.replace("\"size\": 50331648", "\"size\": 1024"),
        honest.replace("\"title\": \"ext4\"", "\"title\": \"NTFS\""),
        "{}".to_owned(),
        "not JSON".to_owned(),
    ];
    for lie in lies {
        assert_ne!(lie, honest);
        fs::write(&path, lie).unwrap();
        is_unusable(&bench, &backup, "is not what was written with the image");
    }
    fs::remove_file(&path).unwrap();
    for command in ["mkfifo", "mkdir", "ln -s /dev/zero", "truncate -s 8T"] {
        sh(&format!("{command} {}", path.display()));
        is_unusable(&bench, &backup, "is not what was written with the image: it is not a file");
        sh(&format!("rm -r {}", path.display()));
    }
    expect(VERIFIED, &["verify", text(&backup)]);
}

#[test]
fn what_is_no_backup() {
    let bench = Bench::new();
    let source = bench.source();
    is_unusable(&bench, &source, "is not a Remetal image");
    let nothing = bench.path("nothing");
    let found = expect_json(FAILED, &["verify", text(&nothing)]);
    assert_eq!(found["error"]["kind"], "not-found");
    let backup = bench.backup("one", &["--no-verify"]);
    let unfinished = bench.backups().join("two.partial");
    fs::rename(&backup, &unfinished).unwrap();
    is_unusable(&bench, &unfinished, "never finished");
}
