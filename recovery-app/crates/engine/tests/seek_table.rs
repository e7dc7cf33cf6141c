//! An image whose seek table lies, under hashes that are right.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::path::Path;
use std::sync::Mutex;

use block::{BlockDevice, MemoryDevice};
use engine::capture::{self, CaptureRequest, Level, Source};
use engine::restore::{self, RestoreJob, Target};
use engine::{Cancel, Event, Observer, Silent, SurveyOptions, verify};
use image::manifest::DiskRecord;

const CHUNK: usize = 4 << 20;

/// Four chunks of which none is like the other, and half a chunk.
fn disk_bytes() -> Vec<u8> {
    let mut state = 1_u64;
    let byte = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_le_bytes()[6] | 1
    };
    (0..4 * CHUNK + CHUNK / 2).map(byte).collect()
}

fn record(size: u64) -> DiskRecord {
    DiskRecord { size, logical_sector: 512, physical_sector: 512, ..DiskRecord::default() }
}

/// Captures the disk to `folder/backup`.
fn capture_to(folder: &Path) {
    let disk = MemoryDevice::from(disk_bytes());
    let request = CaptureRequest {
        disk: record(disk.size()),
        destination: folder.to_owned(),
        name: "backup".into(),
        survey: SurveyOptions::default(),
        level: Level::Fixed(1),
        part_size: None,
        free: None,
        sample: false,
        verify: true,
    };
    let cancel = Cancel::default();
    let plan = capture::plan(&disk, request, &cancel).unwrap();
    let source = Source { structures: &disk, content: &disk };
    capture::capture(source, &plan, &Silent, &cancel).unwrap();
}

/// Changes the entries of the seek table (compressed and decompressed size), and makes all hashes
/// right again. See docs/image-format.md for the numbers.
fn forge(folder: &Path, change: impl FnOnce(&mut Vec<(u32, u32)>)) {
    let path = folder.join("backup/disk0.img.zst");
    let bytes = std::fs::read(&path).unwrap();
    let le32 = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let count = le32(bytes.len() - 9) as usize;
    let table_at = bytes.len() - (8 + 8 * count + 9);
    let root_length = u64::from_le_bytes(bytes[table_at - 16..table_at - 8].try_into().unwrap());
    let root_at = table_at - usize::try_from(root_length).unwrap();
    let places = (0..count).map(|number| table_at + 8 + 8 * number);
    let mut entries: Vec<(u32, u32)> = places.map(|at| (le32(at), le32(at + 4))).collect();
    change(&mut entries);

    let mut content = Vec::new();
    for (stored, decompressed) in &entries {
        content.extend(stored.to_le_bytes());
        content.extend(decompressed.to_le_bytes());
    }
    content.extend(u32::try_from(entries.len()).unwrap().to_le_bytes());
    content.extend([0, 0xb1, 0xea, 0x92, 0x8f]);
    let mut table = 0x184D_2A5E_u32.to_le_bytes().to_vec();
    table.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
    table.extend(content);
    let mut forged = bytes[..table_at].to_vec();
    // Its prefix and tag are 16 bytes; the hash of the table lies at 112 of what follows.
    forged[root_at + 128..root_at + 160].copy_from_slice(&image::sha256(&table));
    let fingerprint = image::sha256(&forged[root_at + 16..table_at - 48]);
    forged[table_at - 48..table_at - 16].copy_from_slice(&fingerprint);
    forged.extend(table);
    std::fs::write(&path, forged).unwrap();
    // It has the old fingerprint.
    std::fs::remove_file(folder.join("backup/manifest.json")).unwrap();
}

#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Observer for Notes {
    fn event(&self, event: &Event) {
        if let Event::Note { text } = event {
            self.0.lock().unwrap().push(text.clone());
        }
    }
}

/// Restores `folder/backup`; what is on the target then, and what was told.
fn restored(folder: &Path) -> (Vec<u8>, Vec<String>) {
    let size = disk_bytes().len();
    let device = MemoryDevice::from(vec![0xaa; size]);
    let target = Target { disk: record(size as u64), word: "ab12".into(), forbidden: Vec::new() };
    let plan = restore::plan(&folder.join("backup"), target, Some(&device)).unwrap();
    let job = RestoreJob {
        device: &device,
        structures: &device,
        read_back: &device,
        identity_check: &|| Ok(()),
        compare: true,
        saves_old_table: false,
    };
    let notes = Notes::default();
    restore::restore(&plan.confirm("AB12").unwrap(), &job, &notes, &Cancel::default()).unwrap();
    (device.to_vec(), notes.0.into_inner().unwrap())
}

/// A way in which a table lies: its name, what is changed, and what is said.
type Lie = (&'static str, fn(&mut Vec<(u32, u32)>), &'static str);

const LIES: [Lie; 6] = [
    ("sizes on the disk", |table| table[1].1 += 512, "give 4194816 bytes, the index that"),
    (
        "frames that change places",
        |table| (table[1].0, table[2].0) = (table[2].0 + 7, table[1].0 - 7),
        "it says that",
    ),
    (
        "two frames in one",
        |table| {
            let (stored, decompressed) = table.remove(2);
            table[1].0 += stored;
            table[1].1 += decompressed;
        },
        "give 8388608 bytes",
    ),
    ("content where there is none", |table| table[0].1 = 4096, "give 4096 bytes"),
    ("an end that comes too early", |table| table.truncate(3), "it ends before the frame at"),
    ("an end that comes too late", |table| table.push((0, 0)), "more frames than there are"),
];

#[test]
fn a_seek_table_that_lies_is_damage_by_which_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    capture_to(folder.path());
    let honest = std::fs::read(folder.path().join("backup/disk0.img.zst")).unwrap();
    for (name, lie, said) in LIES {
        std::fs::write(folder.path().join("backup/disk0.img.zst"), &honest).unwrap();
        std::fs::write(folder.path().join("backup/manifest.json"), "").unwrap();
        forge(folder.path(), lie);
        let backup = folder.path().join("backup");
        let found = verify::verify(&backup, &Silent, &Cancel::default()).unwrap();
        let [damage] = &found.damage[..] else { panic!("{name}: {:?}", found.damage) };
        let reason = &damage.reason;
        assert!(reason.contains(said) && reason.contains("nothing is lost"), "{name}: {reason}");
        let place = format!("disk0.img.zst: the seek table at byte {}", damage.stored.start);
        assert!(reason.contains(&place) && damage.stored.start > 15 << 20, "{name}: {reason}");
        assert!(damage.volumes.is_empty() && damage.files.is_empty(), "{name}");
        assert_eq!(found.content, disk_bytes().len() as u64, "{name}");

        let (bytes, notes) = restored(folder.path());
        assert!(bytes == disk_bytes(), "{name}");
        assert!(notes.contains(reason), "{name}: {notes:?}");
    }
}

#[test]
fn an_honest_seek_table_is_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    capture_to(folder.path());
    forge(folder.path(), |_| ());
    let found = verify::verify(&folder.path().join("backup"), &Silent, &Cancel::default());
    assert_eq!(found.unwrap().damage, []);
    let (bytes, notes) = restored(folder.path());
    assert!(bytes == disk_bytes());
    assert!(!notes.iter().any(|note| note.contains("seek table")), "{notes:?}");
}
