//! Backups that are found, and those that are there but cannot be restored.

use block::Caching;
use engine::{FIRST_IMAGE, MANIFEST_NAME};
use image::{FrameKind, Header, ImageReader, ImageWriter};
use serde_json::json;

use super::*;

fn put(folder: &Path, manifest: &str) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(MANIFEST_NAME), manifest).unwrap();
}

fn manifest(created: &str) -> String {
    let volume = |number: u64, kind: &str, system: Option<&str>| {
        json!({
            "place": format!("partition {number}"), "partition": number,
            "extents": [{ "start": number << 20, "length": 1 << 20 }],
            "kind": kind, "title": kind, "label": null, "uuid": null, "size": 1 << 20,
            "used": 987_654, "state": "clean", "system": system,
            "capture": { "how": "whole", "reason": "a test" },
        })
    };
    let partition = |number: u64, type_name: &str| {
        json!({
            "number": number, "extent": { "start": number << 20, "length": 1 << 20 },
            "type_name": type_name, "type_id": "", "name": null, "guid": null,
            "bootable": false, "logical": false,
        })
    };
    let manifest = json!({
        "format_version": 1, "image_id": "6ed0a0b8-6a3b-4c5c-a6e4-8d5f0a3f6a01",
        "tool": "remetal 0.1.0", "created": created,
        "disk": {
            "path": "/dev/sda", "model": "Data\nTraveler", "serial": "1C6F65F00D", "wwn": null,
            "bus": "USB", "size": 48_234_496, "logical_sector": 512, "physical_sector": 512,
        },
        "table": {
            "kind": "gpt", "id": null, "notes": [], "verbatim": [],
            "partitions": [partition(1, "EFI system"), partition(2, "Linux filesystem")],
        },
        "volumes": [volume(1, "fat32", None), volume(2, "ext4", Some("Debian GNU/Linux 12"))],
        "options": { "partitions": null, "all_sectors": false, "level": "3" },
        "totals": {
            "used": 1, "data": 2, "zero": 3, "holes": 4, "excluded": 5, "stored": 6,
        },
        "unreadable": [],
    });
    let image = json!({
        "file": "disk0.img.zst", "parts": [], "stored_size": 7, "fingerprint": "00",
        "manifest": manifest,
    });
    json!({ "images": [image] }).to_string()
}

#[test]
fn backups_are_found_at_two_levels_newest_first() {
    let drive = tempfile::tempdir().unwrap();
    let root = drive.path();
    put(&root.join("old"), &manifest("2025-01-02T03:04:05Z"));
    put(&root.join("Computers/new"), &manifest("2026-02-03T04:05:06Z"));
    put(&root.join("too/deep/down"), &manifest("2026-02-03T04:05:06Z"));
    put(&root.join("begun.partial"), &manifest("2026-02-03T04:05:06Z"));
    put(&root.join("junk"), "{\"images\": [");
    put(&root.join("empty"), "{\"images\": []}");
    put(&root.join("huge"), &" ".repeat((16 << 20) + 1));
    std::os::unix::fs::symlink(root.join("old"), root.join("link")).unwrap();

    let found = find(root, Path::new("/dev/sdz1")).backups;
    let seen: Vec<_> = found
        .iter()
        .map(|entry| (entry.name.as_str(), entry.made.as_str(), entry.id.folder.as_path()))
        .collect();
    assert_eq!(
        seen,
        [
            ("new", "2026-02-03 04:05", Path::new("Computers/new")),
            ("old", "2025-01-02 03:04", Path::new("old"))
        ]
    );
    assert_eq!(found[0].source, "Data?Traveler, 48.2 MB, USB, ...F00D");
    let words: Vec<_> = found[0].contents.iter().map(|content| &content.words).collect();
    assert_eq!(words, ["start-up files", "Debian GNU/Linux 12, 988 kB used"]);
}

#[test]
fn a_manifest_as_large_as_the_engine_writes_is_read() {
    let drive = tempfile::tempdir().unwrap();
    let manifest = manifest("2026-02-03T04:05:06Z") + &" ".repeat(20 << 20);
    put(&drive.path().join("damaged-disk"), &manifest);
    let found = find(drive.path(), Path::new("/dev/sdz1")).backups;
    assert_eq!(found[0].problem, None);
}

fn names(root: &Path) -> (Vec<String>, bool) {
    let found = find(root, Path::new("/dev/sdz1"));
    (found.backups.into_iter().map(|entry| entry.name).collect(), found.is_cut)
}

#[test]
fn a_drive_with_too_many_folders_is_not_searched_for_ever_and_says_so() {
    let drive = tempfile::tempdir().unwrap();
    for number in 0..500 {
        fs::create_dir(drive.path().join(format!("{number:03}"))).unwrap();
    }
    put(&drive.path().join("399"), &manifest("2025-01-02T03:04:05Z"));
    put(&drive.path().join("499"), &manifest("2025-01-02T03:04:05Z"));
    assert_eq!(names(drive.path()), (vec!["399".to_owned()], true));
}

#[test]
fn many_backups_do_not_hide_the_newest() {
    let drive = tempfile::tempdir().unwrap();
    for number in 0..450 {
        let made = format!("2025-{:02}-{:02}T00:00:00Z", 1 + number / 40, 1 + number % 28);
        put(&drive.path().join(format!("{number:03}")), &manifest(&made));
    }
    put(&drive.path().join("zzz"), &manifest("2026-02-03T04:05:06Z"));
    let (names, is_cut) = names(drive.path());
    assert_eq!((names.len(), names[0].as_str(), is_cut), (451, "zzz", false));
}

#[test]
fn a_folder_with_many_others_does_not_hide_the_next_one() {
    let drive = tempfile::tempdir().unwrap();
    for number in 0..420 {
        fs::create_dir_all(drive.path().join(format!("Photos/{number:03}"))).unwrap();
    }
    put(&drive.path().join("ZBackups/family-pc"), &manifest("2026-02-03T04:05:06Z"));
    assert_eq!(names(drive.path()), (vec!["family-pc".to_owned()], true));
}

/// Writes an image of an empty disk, and gives what it says of itself beside it.
fn put_image(folder: &Path) -> String {
    fs::create_dir_all(folder).unwrap();
    let beside: engine::Backup = serde_json::from_str(&manifest("2026-02-03T04:05:06Z")).unwrap();
    let said = &beside.images[0].manifest;
    let header = Header {
        image_id: said.image_id,
        created: said.created.clone(),
        tool: said.tool.clone(),
        disk_size: said.disk.size,
        logical_sector: 512,
        chunk_size: image::CHUNK_SIZE,
        disk: "a disk".to_owned(),
    };
    let path = folder.join(FIRST_IMAGE);
    let mut writer = ImageWriter::create(&path, header, None).unwrap();
    writer.append_zeros(FrameKind::Hole, said.disk.size).unwrap();
    writer.finish(said).unwrap();
    ImageReader::open(&path, Caching::Cached).unwrap();
    serde_json::to_string(&beside).unwrap()
}

#[test]
fn files_in_no_folder_are_a_backup_too() {
    let drive = tempfile::tempdir().unwrap();
    let beside = put_image(drive.path());
    put(drive.path(), &beside);
    let found = find(drive.path(), Path::new("/dev/sdz1")).backups;
    assert_eq!((found.len(), found[0].name.as_str()), (1, "(in no folder)"));
    assert_eq!((found[0].id.folder.as_path(), &found[0].problem), (Path::new(""), &None));
}

#[test]
fn an_image_speaks_for_itself_where_its_manifest_does_not() {
    let drive = tempfile::tempdir().unwrap();
    let root = drive.path();
    let beside = put_image(&root.join("alone"));
    put_image(&root.join("damaged"));
    put(&root.join("damaged"), &beside.replacen("\"images\"", "\"images\u{1}", 1));
    put_image(&root.join("newer"));
    put(&root.join("newer"), &beside.replacen("\"how\":\"whole\"", "\"how\":\"dreamt\"", 1));
    put_image(&root.join("versed"));
    let versed = beside.replacen("\"format_version\":1", "\"format_version\":2", 1);
    put(&root.join("versed"), &versed.replacen("\"how\":\"whole\"", "\"how\":\"dreamt\"", 1));
    fs::create_dir(root.join("cut")).unwrap();
    let image = fs::read(root.join("alone").join(FIRST_IMAGE)).unwrap();
    fs::write(root.join("cut").join(FIRST_IMAGE), &image[..image.len() - 20]).unwrap();

    let found = find(root, Path::new("/dev/sdz1"));
    let problem = |name: &str| {
        let entry = found.backups.iter().find(|entry| entry.name == name);
        entry.unwrap_or_else(|| panic!("{name} is not listed")).problem.clone().unwrap_or_default()
    };
    assert_eq!(problem("alone"), "");
    assert!(problem("damaged").starts_with("its list of contents (manifest.json) is damaged. "));
    assert!(problem("newer").contains("or was made by a newer Remetal"));
    assert!(problem("versed").starts_with("it was made by a newer Remetal"));
    assert!(problem("cut").starts_with("its image has no end"), "{}", problem("cut"));
    let told = found.backups.iter().filter(|entry| entry.made == "2026-02-03 04:05").count();
    assert_eq!((found.backups.len(), told, found.is_cut), (5, 4, false));
}

#[test]
fn images_without_a_manifest_are_opened_a_handful_at_a_time() {
    let drive = tempfile::tempdir().unwrap();
    put_image(&drive.path().join("00"));
    for number in 1..=MOST_IMAGES {
        let folder = drive.path().join(format!("{number:02}"));
        fs::create_dir(&folder).unwrap();
        fs::copy(drive.path().join("00").join(FIRST_IMAGE), folder.join(FIRST_IMAGE)).unwrap();
    }
    let found = find(drive.path(), Path::new("/dev/sdz1")).backups;
    let refused: Vec<_> = found.iter().filter_map(|entry| entry.problem.as_deref()).collect();
    assert_eq!((found.len(), refused.len()), (MOST_IMAGES + 1, 1));
    assert!(refused[0].contains("too many others"), "{refused:?}");
}
