//! Everything that must not be begun.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::machine::{
    Bench, LoopDisk, REFUSED, Small, VERIFIED, WORD, expect, expect_json, expect_refusal, names,
};
use crate::support::bytes::{hash, noise_file};
use crate::support::remetal::{remetal, text};
use crate::support::shell::{said, sh, try_sh};
use vm::assets::disk::Mount;

/// Plan and restore both refuse the target with these words, and its bytes stay.
fn refuses_target(words: &str, backup: &Path, target: &str, confirm: &str) {
    let before = Path::new(target).is_file().then(|| hash(Path::new(target)));
    refuses_mounted_target(words, backup, target, confirm);
    let after = Path::new(target).is_file().then(|| hash(Path::new(target)));
    assert_eq!(before, after, "the target was written to");
}

/// The same of a target whose bytes are changed meanwhile by the filesystem on it.
fn refuses_mounted_target(words: &str, backup: &Path, target: &str, confirm: &str) {
    let plan = expect_json(REFUSED, &["plan", text(backup), target]);
    assert!(plan.to_string().contains(words), "{plan:#}");
    let said = expect(REFUSED, &["plan", text(backup), target]);
    assert!(said.contains(words), "{said}");
    expect_refusal(words, &["restore", text(backup), target, "--confirm", confirm]);
}

#[test]
fn a_target_that_is_too_small_with_the_shortfall() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify"]);
    let target = bench.path("small.disk");
    noise_file(&target, (48 << 20) - 1536);
    refuses_target("too small by 1536 bytes", &backup, text(&target), WORD);
}

#[test]
fn a_target_without_room_for_it() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify"]);
    let small = Small::new("size=4m");
    let target = small.path().join("target.disk");
    refuses_target("there is no room for", &backup, text(&target), WORD);
    assert!(!target.exists());
}

/// `ntfs-3g` makes no holes: zeros that are written take room.
#[test]
fn a_target_without_room_for_its_zeros() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify", "--all-sectors"]);
    let volume = bench.path("volume");
    sh(&format!("truncate -s 32M {0}; mkntfs -Q -F -q {0}", volume.display()));
    let Ok(mounted) = Mount::new("ntfs-3g", &volume) else { return };
    let target = mounted.path().join("target.disk");
    refuses_target("(50.3 MB are needed, ", &backup, text(&target), WORD);
    assert!(!target.exists());
}

#[test]
fn the_wrong_word() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify"]);
    let target = bench.path("target.disk");
    let words = "`dusk` is not the confirmation word";
    expect_refusal(words, &["restore", text(&backup), text(&target), "--confirm", "dusk"]);
    assert!(!target.exists(), "a refusal left a file behind");
}

#[test]
fn targets_that_are_in_use_or_read_only() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify"]);
    let file = bench.path("target.disk");
    sh(&format!("truncate -s 64M {0}; mkfs.ext4 -q {0}", file.display()));
    let target = LoopDisk::new(&file, "");
    refuses_target("is in use as", &backup, text(&file), WORD);
    let mounted = Mount::new("mount", Path::new(target.node())).unwrap();
    refuses_target("is mounted on", &backup, target.node(), "x");
    sh(&format!("cp -r {} {}/copy", backup.display(), mounted.path().display()));
    refuses_target("holds the backup", &mounted.path().join("copy"), target.node(), "x");
    drop(mounted);
    sh(&format!("blockdev --setro {}", target.node()));
    refuses_target("is read-only", &backup, target.node(), "x");
}

#[test]
fn the_backup_itself_as_a_target() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify"]);
    let image = backup.join("disk0.img.zst");
    refuses_target("is a file of the backup itself", &backup, text(&image), ".zst");
    let link = bench.path("link.disk");
    fs::hard_link(&image, &link).unwrap();
    refuses_target("is a file of the backup itself", &backup, text(&link), WORD);
    let inside = backup.join("new.disk");
    refuses_target("lies in the folder of the backup", &backup, text(&inside), WORD);
    let shown = LoopDisk::new(&link, "");
    refuses_target("shows a file of the backup itself", &backup, shown.node(), "x");
}

#[test]
fn targets_that_are_no_disks() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify"]);
    let (source, folder) = (bench.source(), bench.backups());
    for (target, words) in [
        ("/dev/null", "neither a disk nor a file"),
        (text(&folder), "neither a disk nor a file"),
        ("/dev/no-such-disk", "there is no disk"),
        ("/no/such/folder/new.disk", "the folder /no/such/folder cannot be used"),
        ("new.disk/", "is the name of a folder"),
        ("new.disk/.", "is the name of a folder"),
        (&format!("{}/", source.display()), "is the name of a folder"),
    ] {
        expect_refusal(words, &["restore", text(&backup), target, "--confirm", "x"]);
        expect_refusal(words, &["plan", text(&backup), target]);
    }
    assert!(!Path::new("/dev/no-such-disk").exists());
}

#[test]
fn a_source_that_is_mounted_or_holds_the_destination() {
    let bench = Bench::new();
    let file = bench.path("ext");
    let source = LoopDisk::new(&file, "");
    let mounted = Mount::new("mount", Path::new(source.node())).unwrap();
    let backups = bench.backups();
    expect_refusal("the source is in use", &["capture", source.node(), text(&backups)]);
    expect_refusal("the source is in use", &["capture", text(&file), text(&backups)]);
    let on_it = mounted.path().to_owned();
    expect_refusal("is on the source disk", &["capture", source.node(), text(&on_it)]);
    expect_refusal("lie in each other", &["capture", text(&file), text(&on_it)]);
    assert_eq!(sh(&format!("blockdev --getro {}", source.node())).trim(), "0");
    assert!(names(&backups).is_empty());
}

#[test]
fn destinations_that_cannot_take_it() {
    let bench = Bench::new();
    let source = bench.source();
    noise_file(&bench.path("noise.disk"), 24 << 20);
    let noise = bench.path("noise.disk");
    let missing = bench.path("missing");
    expect_refusal("cannot be used", &["capture", text(&source), text(&missing)]);
    expect_refusal("is not a folder", &["capture", text(&source), text(&source)]);
    let small = Small::new("size=8m");
    expect_refusal("is too small", &["capture", text(&noise), text(small.path())]);
    let sealed = Small::new("size=8m,ro");
    expect_refusal("cannot be written", &["capture", text(&source), text(sealed.path())]);
    assert!(names(small.path()).is_empty());
}

#[test]
fn names_and_partitions_that_do_not_fit() {
    let bench = Bench::new();
    let (source, backups) = (bench.source(), bench.backups());
    fs::create_dir(backups.join("one")).unwrap();
    let capture = ["capture", text(&source), text(&backups)];
    expect_refusal("exists already", &[&capture[..], &["--name", "one"]].concat());
    for name in ["../x", "", ".", "..", "/etc"] {
        expect_refusal("cannot be the name", &[&capture[..], &["--name", name]].concat());
    }
    let long = "n".repeat(248);
    expect_refusal("too long by 1 byte", &[&capture[..], &["--name", &long]].concat());
    expect_refusal("there is no partition 7", &[&capture[..], &["--partitions", "1,7"]].concat());
    assert_eq!(names(&backups), ["one"]);
    let disk = LoopDisk::new(&source, "");
    let capture = ["capture", disk.node(), text(&backups)];
    expect_refusal("cannot be the name", &[&capture[..], &["--name", "../x"]].concat());
    expect_refusal("there is no partition 7", &[&capture[..], &["--partitions", "1,7"]].concat());
    assert_eq!(sh(&format!("blockdev --getro {}", disk.node())).trim(), "0");
}

#[test]
fn names_that_are_links() {
    let bench = Bench::new();
    let good = bench.backup("good", &["--no-verify"]);
    let (source, backups) = (bench.source(), bench.backups());
    symlink(&good, backups.join("one.partial")).unwrap();
    symlink("nowhere", backups.join("two")).unwrap();
    let capture = ["capture", text(&source), text(&backups), "--name"];
    expect_refusal("is a link", &[&capture[..], &["one"]].concat());
    expect_refusal("exists already", &[&capture[..], &["two"]].concat());
    expect(VERIFIED, &["verify", text(&good)]);
    assert_eq!(names(&backups), ["good", "one.partial", "two"]);
}

#[test]
fn a_file_where_the_unfinished_backup_would_be() {
    let bench = Bench::new();
    let (source, backups) = (bench.source(), bench.backups());
    let file = backups.join("one.partial");
    fs::write(&file, "of somebody else").unwrap();
    let arguments = ["capture", text(&source), text(&backups), "--name", "one"];
    expect_refusal("is in the way: it is no folder", &arguments);
    assert!(!expect(REFUSED, &arguments).contains("to replace it"));
    assert_eq!(fs::read(&file).unwrap(), b"of somebody else");
}

#[test]
fn files_that_another_job_uses() {
    let bench = Bench::new();
    let (source, backups) = (bench.source(), bench.backups());
    let backup = bench.backup("one", &["--no-verify"]);
    let (target, new) = (bench.path("target.disk"), bench.path("new.disk"));
    noise_file(&target, 48 << 20);
    let before = hash(&target);
    let restore = ["restore", text(&backup), text(&target), "--confirm", WORD];
    let capture = ["capture", text(&source), text(&backups)];
    let read = fs::File::open(&target).unwrap();
    read.lock_shared().unwrap();
    expect_refusal("is in use by another job", &restore);
    assert_eq!(hash(&target), before);
    let written = fs::File::options().write(true).open(&source).unwrap();
    written.lock().unwrap();
    expect_refusal("is in use by another job", &capture);
    drop((read, written));
    fs::File::open(&source).unwrap().lock_shared().unwrap();
    expect(VERIFIED, &capture);
    expect(VERIFIED, &restore);
    expect(VERIFIED, &["restore", text(&backup), text(&new), "--confirm", WORD]);
}

/// With sectors of another size its partitions would be looked for in the wrong places.
#[test]
fn a_sector_size_that_the_table_contradicts() {
    let bench = Bench::new();
    let (source, backups) = (bench.source(), bench.backups());
    let words = "has sectors of 512 bytes by its own partition table, not of 4096";
    let size = ["--sector-size", "4096"];
    expect_refusal(words, &[&["capture", text(&source), text(&backups)][..], &size].concat());
    expect_refusal(words, &[&["info", text(&source)][..], &size].concat());
    expect(VERIFIED, &["info", text(&source), "--sector-size", "512"]);
    assert!(names(&backups).is_empty());
    // A filesystem without a table does not tell.
    let bare = bench.path("ext");
    expect(VERIFIED, &["info", text(&bare), "--sector-size", "4096"]);
}

#[test]
fn sources_without_a_sector() {
    let bench = Bench::new();
    let (empty, backups) = (bench.path("empty"), bench.backups());
    for size in [0, 511] {
        sh(&format!("truncate -s {size} {}", empty.display()));
        expect_refusal("smaller than one sector", &["capture", text(&empty), text(&backups)]);
    }
    sh(&format!("truncate -s 0 {}", empty.display()));
    let disk = LoopDisk::new(&empty, "");
    expect_refusal("there is no medium in it", &["capture", disk.node(), text(&backups)]);
    assert_eq!(sh(&format!("blockdev --getro {}", disk.node())).trim(), "0");
    assert!(names(&backups).is_empty());
}

#[test]
fn a_name_that_another_capture_is_at_work_on() {
    let bench = Bench::new();
    let (source, backups) = (bench.source(), bench.backups());
    let partial = backups.join("one.partial");
    fs::create_dir(&partial).unwrap();
    fs::write(partial.join("disk0.img.zst"), "of the other capture").unwrap();
    let claim = fs::File::open(&partial).unwrap();
    claim.lock().unwrap();
    let arguments = ["capture", text(&source), text(&backups), "--name", "one"];
    expect_refusal("another capture is at work", &arguments);
    assert_eq!(names(&partial), ["disk0.img.zst"]);
}

#[test]
fn sources_that_are_no_disks() {
    let bench = Bench::new();
    let backups = bench.backups();
    for source in ["/dev/null", text(&backups)] {
        expect_refusal("neither a disk nor a file", &["capture", source, text(&backups)]);
    }
}

#[test]
fn other_names_and_other_loop_devices_of_a_mounted_file() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify"]);
    let (file, link) = (bench.path("target.disk"), bench.path("link.disk"));
    sh(&format!("truncate -s 64M {0}; mkfs.ext4 -q {0}", file.display()));
    fs::hard_link(&file, &link).unwrap();
    let first = LoopDisk::new(&file, "");
    let second = LoopDisk::new(&link, "");
    let part = LoopDisk::new(&file, "--offset 1M --sizelimit 50M");
    let mounted = Mount::new("mount", Path::new(first.node())).unwrap();
    let on_it = mounted.path().to_owned();
    sh(&format!("cp -r {} {}/copy", backup.display(), on_it.display()));
    refuses_mounted_target("holds the backup", &on_it.join("copy"), text(&link), WORD);
    refuses_mounted_target("is in use as", &backup, text(&link), WORD);
    expect_refusal("lie in each other", &["capture", text(&link), text(&on_it)]);
    for twin in [second.node(), part.node()] {
        refuses_mounted_target("is mounted on", &backup, twin, "x");
        refuses_mounted_target("holds the backup", &on_it.join("copy"), twin, "x");
        expect_refusal("is in use", &["capture", twin, text(&bench.backups())]);
        expect_refusal("is on the source disk", &["capture", twin, text(&on_it)]);
    }
}

#[test]
fn a_file_that_is_mounted_through_fuse() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify"]);
    let file = bench.path("target.disk");
    sh(&format!("truncate -s 64M {0}; mkntfs -Q -F -q {0}", file.display()));
    let Ok(mounted) = Mount::new("ntfs-3g", &file) else { return };
    sh(&format!("cp -r {} {}/copy", backup.display(), mounted.path().display()));
    refuses_mounted_target("holds the backup", &mounted.path().join("copy"), text(&file), WORD);
    refuses_mounted_target("is mounted on", &backup, text(&file), WORD);
    expect_refusal("is in use", &["capture", text(&file), text(&bench.backups())]);
}

#[test]
fn a_file_that_is_swapped_to() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify"]);
    let file = bench.path("target.disk");
    sh(&format!("fallocate -l 64M {0}; chmod 600 {0}; mkswap {0} >/dev/null", file.display()));
    // Not every filesystem takes swap files.
    if !try_sh(&format!("swapon {}", file.display())).status.success() {
        return;
    }
    let planned = remetal(&["plan", text(&backup), text(&file)]);
    let captured = remetal(&["capture", text(&file), text(&bench.backups())]);
    // Before anything can fail: the file cannot be deleted until then.
    sh(&format!("swapoff {}", file.display()));
    for output in [planned, captured] {
        assert_eq!(output.status.code(), Some(REFUSED), "{}", said(&output));
        assert!(said(&output).contains("is swapped to"), "{}", said(&output));
    }
}
