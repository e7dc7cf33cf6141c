//! The backups on a volume, by their manifests.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use engine::{Backup, MANIFEST_NAME};
use report::backup::{made_in_words, source_in_words};
use report::content;
use tui::BackupEntry;
use tui::job::BackupId;

/// Folders that are looked into; a drive with more of them is not one for backups.
const MOST_FOLDERS: usize = 400;
/// A manifest that is larger, in bytes, was not written by us.
const LARGEST_MANIFEST: u64 = 16 << 20;

/// The backups in the folders of `root` and one below, newest first. `device` is where `root` lies.
/// What is no backup, or none that can be read, is passed over.
pub fn find(root: &Path, device: &Path) -> Vec<BackupEntry> {
    let mut found = Vec::new();
    let mut left = MOST_FOLDERS;
    let mut waiting = vec![folders(root)];
    // Two levels: those of the root, then those of its folders that are no backups.
    for _ in 0..2 {
        let mut below = Vec::new();
        for folder in waiting.into_iter().flatten() {
            if left == 0 {
                break;
            }
            left -= 1;
            match entry(root, device, &folder) {
                Some(entry) => found.push(entry),
                None => below.push(folders(&folder)),
            }
        }
        waiting = below;
    }
    found.sort_by(|a, b| b.made.cmp(&a.made).then_with(|| a.name.cmp(&b.name)));
    found
}

/// The folders in a folder, by name, without unfinished backups and what systems keep for
/// themselves. Links are not followed.
fn folders(folder: &Path) -> Vec<PathBuf> {
    const NOT_OURS: [&str; 4] = ["$RECYCLE.BIN", "System Volume Information", "lost+found", "proc"];
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let is_wanted = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        is_folder && !name.ends_with(".partial") && !NOT_OURS.contains(&name.as_ref())
    };
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .take(10 * MOST_FOLDERS)
        .filter(is_wanted)
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}

fn entry(root: &Path, device: &Path, folder: &Path) -> Option<BackupEntry> {
    let backup: Backup = serde_json::from_slice(&read_manifest(folder)?).ok()?;
    let image = backup.images.first()?;
    let manifest = &image.manifest;
    Some(BackupEntry {
        id: BackupId {
            device: device.to_owned(),
            folder: folder.strip_prefix(root).ok()?.to_owned(),
        },
        name: folder.file_name()?.to_string_lossy().into_owned(),
        made: made_in_words(&manifest.created),
        source: source_in_words(&manifest.disk),
        disk_size: manifest.disk.size,
        logical_sector: manifest.disk.logical_sector,
        contents: content::of_manifest(manifest),
        content: manifest.totals.data.saturating_add(manifest.totals.zero),
        stored: image.stored_size,
        lost: manifest.unreadable.len(),
    })
}

fn read_manifest(folder: &Path) -> Option<Vec<u8>> {
    let path = folder.join(MANIFEST_NAME);
    // Opening a pipe would wait for its other end.
    if !fs::symlink_metadata(&path).ok()?.is_file() {
        return None;
    }
    let mut text = Vec::new();
    File::open(&path).ok()?.take(LARGEST_MANIFEST + 1).read_to_end(&mut text).ok()?;
    (text.len() as u64 <= LARGEST_MANIFEST).then_some(text)
}

#[cfg(test)]
mod tests {
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

        let found = find(root, Path::new("/dev/sdz1"));
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
    fn a_drive_with_too_many_folders_is_not_searched_for_ever() {
        let drive = tempfile::tempdir().unwrap();
        for number in 0..500 {
            fs::create_dir(drive.path().join(format!("{number:03}"))).unwrap();
        }
        put(&drive.path().join("399"), &manifest("2025-01-02T03:04:05Z"));
        put(&drive.path().join("400"), &manifest("2025-01-02T03:04:05Z"));
        let found = find(drive.path(), Path::new("/dev/sdz1"));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].name, "399");
    }
}
