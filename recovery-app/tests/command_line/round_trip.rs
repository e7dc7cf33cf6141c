//! Capture, verify, plan, restore.

use std::fs;
use std::path::Path;

use crate::machine::{Bench, FAILED, LoopDisk, VERIFIED, WORD, expect, expect_json, names};
use crate::support::bytes::{compare, hash, noise_file};
use crate::support::image::{compare_with_disk, parts};
use crate::support::remetal::text;
use crate::support::shell::sh;

/// The checkers of both filesystems and of the table find nothing on a restored disk, and the
/// files are those of the source.
fn check_restored(bench: &Bench, disk: &Path) {
    let verdict = sh(&format!("sgdisk -v {}", disk.display()));
    assert!(verdict.contains("No problems found"), "{verdict}");
    let fat = bench.cut_out(disk, 0);
    let ext = bench.cut_out(disk, 1);
    sh(&format!("fsck.vfat -n {} >&2; e2fsck -fn {} >&2", fat.display(), ext.display()));
    for name in ["noise", "numbers"] {
        let file = bench.path("taken-out");
        sh(&format!("debugfs -R 'dump /{name} {}' {} 2>&1", file.display(), ext.display()));
        assert_eq!(hash(&file), hash(&bench.path("tree").join(name)), "{name}");
    }
}

#[test]
fn a_disk_goes_there_and_back() {
    let bench = Bench::new();
    let before = hash(&bench.source());
    let (source, backups) = (bench.source(), bench.backups());
    let done = expect_json(VERIFIED, &["capture", text(&source), text(&backups), "--name", "one"]);
    assert_eq!(done["state"], "verified");
    assert_eq!(done["outcome"]["image"]["manifest"]["disk"]["size"], 48 << 20);
    assert_eq!(done["plan"]["volumes"].as_array().unwrap().len(), 2);
    assert!(done["plan"]["data"].as_u64().unwrap() > 0);
    assert_eq!(hash(&source), before, "the source was changed");
    let backup = backups.join("one");
    assert_eq!(names(&backups), ["one"]);
    let files = ["README.txt", "disk0.img.zst", "manifest.json", "report.txt"];
    assert_eq!(names(&backup), files);
    assert_eq!(compare_with_disk(&backup, &source).wrong, 0);

    let proven = expect_json(VERIFIED, &["verify", text(&backup)]);
    assert_eq!(proven["state"], "verified");
    let fingerprint = &done["outcome"]["image"]["fingerprint"];
    assert_eq!(&proven["verification"]["fingerprint"], fingerprint);

    let target = bench.path("target.disk");
    let plan = expect_json(VERIFIED, &["plan", text(&backup), text(&target)]);
    assert_eq!(plan["possible"], true);
    assert_eq!(plan["target"]["word"], WORD);
    assert_eq!(plan["after"].as_array().unwrap().len(), 2);
    assert!(!target.exists(), "a plan wrote something");

    let restored =
        expect_json(VERIFIED, &["restore", text(&backup), text(&target), "--confirm", "DISK"]);
    assert_eq!(restored["state"], "verified");
    let found = compare_with_disk(&backup, &target);
    assert_eq!((found.zeroed, found.wrong), (0, 0));
    check_restored(&bench, &target);
}

#[test]
fn on_a_larger_used_file_the_backup_table_moves_to_the_end() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--level", "auto"]);
    let target = bench.path("larger.disk");
    noise_file(&target, 60 << 20);
    let text_of_plan = expect(VERIFIED, &["plan", text(&backup), text(&target)]);
    assert!(text_of_plan.contains("--confirm disk"), "{text_of_plan}");
    expect(VERIFIED, &["restore", text(&backup), text(&target), "--confirm", WORD]);
    assert_eq!(target.metadata().unwrap().len(), 60 << 20);
    check_restored(&bench, &target);
}

#[test]
fn captured_twice_it_is_the_same() {
    let bench = Bench::new();
    let first = bench.backup("one", &[]);
    let second = bench.backup("two", &["--no-verify"]);
    let content = |backup: &Path| {
        let path = backup.join("disk0.img.zst");
        sh(&format!("zstd -dc {} | sha256sum", path.display()))
    };
    assert_eq!(content(&first), content(&second));
}

#[test]
fn partitions_that_were_not_chosen_stay_as_they_are_on_the_target() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--partitions", "2"]);
    let target = bench.path("used.disk");
    noise_file(&target, 48 << 20);
    let before = hash(&bench.cut_out(&target, 0));
    expect(VERIFIED, &["restore", text(&backup), text(&target), "--confirm", WORD]);
    assert_eq!(hash(&bench.cut_out(&target, 0)), before);
    let ext = bench.cut_out(&target, 1);
    sh(&format!("e2fsck -fn {} >&2", ext.display()));
}

/// The end of the disk is captured as such, and what is there of a partition that was not chosen
/// stays all the same; that partition may even have grown since then.
#[test]
fn a_partition_at_the_end_that_was_not_chosen_stays_whole() {
    const SECOND: usize = 17 << 20;
    const GPT_COPY: usize = 33 * 512;
    let mbr = "printf '2048,32768,c\n34816,,83\n' | sfdisk -q -X dos $D";
    let short_mbr = "printf '2048,32768,c\n34816,32768,83\n' | sfdisk -q -X dos $D";
    let gpt = "sgdisk -n 1:2048:+16M -n 2:0:0 $D >/dev/null";
    for (captured, found, target_mib, table) in [
        (gpt, gpt, 64, GPT_COPY),
        (mbr, mbr, 64, 0),
        (short_mbr, mbr, 64, 0),
        (gpt, gpt, 96, GPT_COPY),
    ] {
        let folder = crate::support::scratch();
        let make = |name: &str, table: &str, mib: usize, content: u8| {
            let disk = folder.path().join(name);
            fs::write(&disk, vec![content; mib << 20]).unwrap();
            sh(&format!("D={}; {table}", disk.display()));
            disk
        };
        let source = make("source.disk", captured, 64, 0x11);
        let target = make("target.disk", found, target_mib, 0xa5);
        let capture = ["capture", text(&source), text(folder.path()), "--name", "one"];
        expect(VERIFIED, &[&capture[..], &["--partitions", "1"]].concat());
        let second = || fs::read(&target).unwrap()[SECOND..(target_mib << 20) - table].to_vec();
        let before = second();
        let backup = folder.path().join("one");
        expect(VERIFIED, &["restore", text(&backup), text(&target), "--confirm", WORD]);
        assert!(second() == before, "{captured}, then {found}");
    }
}

#[test]
fn every_sector_means_every_sector() {
    let bench = Bench::new();
    // Something that no filesystem knows of.
    sh(&format!(
        "echo treasure | dd of={} bs=1M seek=44 conv=notrunc status=none",
        bench.source().display()
    ));
    let backup = bench.backup("one", &["--all-sectors"]);
    let found = compare_with_disk(&backup, &bench.source());
    assert_eq!((found.zeroed, found.wrong), (0, 0));
}

#[test]
fn a_backup_may_lie_below_an_unfinished_one() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify"]);
    let folder = bench.path("old.partial");
    fs::create_dir(&folder).unwrap();
    let moved = folder.join("one");
    fs::rename(backup, &moved).unwrap();
    expect(VERIFIED, &["verify", text(&moved)]);
    expect(VERIFIED, &["verify", text(&moved.join("disk0.img.zst"))]);
    fs::rename(&moved, folder.join("two.partial")).unwrap();
    expect(FAILED, &["verify", text(&folder.join("two.partial/disk0.img.zst"))]);
    // A blank at the end of a file's name is no part of the word for it.
    fs::rename(folder.join("two.partial"), &moved).unwrap();
    let target = bench.path("target.disk ");
    expect(VERIFIED, &["restore", text(&moved), text(&target), "--confirm", WORD]);
}

#[test]
fn an_image_in_parts_is_one_image() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--part-size", "1MiB"]);
    let parts = parts(&backup);
    assert!(parts.len() > 2, "{parts:?}");
    for part in &parts[..parts.len() - 1] {
        assert_eq!(part.metadata().unwrap().len(), 1 << 20);
    }
    assert_eq!(compare_with_disk(&backup, &bench.source()).wrong, 0);
    expect(VERIFIED, &["verify", text(&parts[1])]);
    let told = expect(VERIFIED, &["info", text(&parts[1])]);
    assert!(told.contains("partition 2: ext4 \"root\""), "{told}");
    let target = bench.path("target.disk");
    expect(VERIFIED, &["restore", text(&backup), text(&target), "--confirm", WORD]);
    check_restored(&bench, &target);
}

#[test]
fn a_filesystem_without_a_table_is_a_disk() {
    let bench = Bench::new();
    let (volume, backups) = (bench.path("ext"), bench.backups());
    expect(VERIFIED, &["capture", text(&volume), text(&backups), "--name", "ext"]);
    let (backup, target) = (backups.join("ext"), bench.path("target.disk"));
    noise_file(&target, 24 << 20);
    expect(VERIFIED, &["restore", text(&backup), text(&target), "--confirm", WORD]);
    sh(&format!("e2fsck -fn {} >&2", target.display()));
}

#[test]
fn a_block_device_is_set_read_only_and_another_one_is_written() {
    let bench = Bench::new();
    let before = hash(&bench.source());
    let source = LoopDisk::new(&bench.source(), "");
    let backups = bench.backups();
    let said = expect(VERIFIED, &["capture", source.node(), text(&backups), "--name", "one"]);
    assert!(said.contains(&format!("stays so: {}", source.node())), "{said}");
    assert_eq!(sh(&format!("blockdev --getro {}", source.node())).trim(), "1");
    assert_eq!(hash(&bench.source()), before);

    let backup = backups.join("one");
    let file = bench.path("behind.disk");
    noise_file(&file, 64 << 20);
    let target = LoopDisk::new(&file, "");
    let plan = expect_json(VERIFIED, &["plan", text(&backup), target.node()]);
    let word = plan["target"]["word"].as_str().unwrap();
    expect(VERIFIED, &["restore", text(&backup), target.node(), "--confirm", word]);
    drop(target);
    check_restored(&bench, &file);
}

#[test]
fn a_disk_of_large_sectors_keeps_them() {
    let bench = Bench::new();
    let disk = bench.path("large.disk");
    fs::File::create(&disk).unwrap().set_len(32 << 20).unwrap();
    let shown = LoopDisk::new(&disk, "--sector-size 4096");
    sh(&format!("sgdisk -n 1:256:+8M {} >&2", shown.node()));
    drop(shown);
    let backups = bench.backups();
    let done = expect_json(VERIFIED, &["capture", text(&disk), text(&backups), "--name", "large"]);
    assert_eq!(done["outcome"]["image"]["manifest"]["disk"]["logical_sector"], 4096);
    let (backup, target) = (backups.join("large"), bench.path("target.disk"));
    expect(VERIFIED, &["restore", text(&backup), text(&target), "--confirm", WORD]);
    let mut restored = fs::File::open(&target).unwrap();
    let found = compare(&mut restored, &disk);
    assert_eq!((found.zeroed, found.wrong), (0, 0));

    let small_sectors = LoopDisk::new(&disk, "");
    crate::machine::expect_refusal(
        "logical sectors of 4096 bytes",
        &["restore", text(&backup), small_sectors.node(), "--confirm", "x"],
    );
}

#[test]
fn a_disk_that_does_not_end_with_a_sector_is_written_up_to_its_last_one() {
    let bench = Bench::new();
    let (disk, file) = (bench.path("large.disk"), bench.path("target.disk"));
    noise_file(&disk, 8 << 20);
    let shown = LoopDisk::new(&disk, "--sector-size 4096");
    let backups = bench.backups();
    let arguments = ["capture", shown.node(), text(&backups), "--name", "large", "--no-verify"];
    expect(VERIFIED, &arguments);
    drop(shown);
    noise_file(&file, (12 << 20) + 1024);
    let target = LoopDisk::new(&file, "--sector-size 4096");
    assert_eq!(sh(&format!("blockdev --getsize64 {}", target.node())).trim(), "12583936");
    let backup = backups.join("large");
    let plan = expect_json(VERIFIED, &["plan", text(&backup), target.node()]);
    assert_eq!(plan["target"]["disk"]["size"], 12 << 20);
    let word = plan["target"]["word"].as_str().unwrap();
    expect(VERIFIED, &["restore", text(&backup), target.node(), "--confirm", word]);
    drop(target);
    let (restored, original) = (fs::read(&file).unwrap(), fs::read(&disk).unwrap());
    assert!(restored[..8 << 20] == original);
}

#[test]
fn a_backup_without_a_name_gets_one() {
    let bench = Bench::new();
    let (source, backups) = (bench.source(), bench.backups());
    for _ in 0..2 {
        expect(VERIFIED, &["capture", text(&source), text(&backups), "--no-verify"]);
    }
    let names = names(&backups);
    let first = names[0].to_str().unwrap();
    assert!(first.starts_with("source-20"), "{names:?}");
    assert_eq!(names[1].to_str().unwrap(), format!("{first}-2"));
}

#[test]
fn a_disk_without_a_serial_number_is_confirmed_by_the_name_of_the_kernel() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify"]);
    let file = bench.path("target.disk");
    fs::File::create(&file).unwrap().set_len(64 << 20).unwrap();
    let target = LoopDisk::new(&file, "");
    let plan = expect_json(VERIFIED, &["plan", text(&backup), target.node()]);
    let word = target.node().strip_prefix("/dev/").unwrap();
    assert_eq!(plan["target"]["word"], word);
    assert!(plan["warnings"].to_string().contains("tells no serial number"), "{plan:#}");
    for word in [word, &word[word.len() - 4..]] {
        let arguments = ["restore", text(&backup), target.node(), "--no-verify", "--confirm", word];
        expect(VERIFIED, &arguments);
    }
}
