//! Images that were damaged in very many places, and images whose index and manifest agree in
//! their hashes but not in what they say.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use block::{Caching, Extent, MemoryDevice};
use engine::restore::{self, RestoreJob, RestoreOutcome, Target};
use engine::{Cancel, EngineError, Silent, verify};
use image::manifest::{CaptureRecord, DiskRecord, UnreadableRecord, VolumeRecord};
use image::{Encoder, FrameKind, Header, ImageReader, ImageWriter, Manifest};

const CHUNK: u64 = 64 << 10;
/// What is in every byte of a data chunk.
const CONTENT: u8 = 0x11;
/// What is on every target before.
const BEFORE: u8 = 0xaa;

use FrameKind::{Data, Excluded, Hole, Unreadable, Zero};

/// An image in a folder of its own.
struct Forged {
    _folder: tempfile::TempDir,
    path: PathBuf,
    size: u64,
}

impl Forged {
    /// With these pieces of the disk, kind and number of chunks, and an honest manifest that was
    /// changed afterwards.
    fn new(pieces: &[(FrameKind, u64)], change: impl Fn(&mut Manifest)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk0.img.zst");
        let size = pieces.iter().map(|(_, chunks)| chunks * CHUNK).sum();
        let header = Header {
            image_id: uuid::Uuid::nil(),
            created: String::new(),
            tool: String::new(),
            disk_size: size,
            logical_sector: 512,
            chunk_size: u32::try_from(CHUNK).unwrap(),
            disk: String::new(),
        };
        let mut writer = ImageWriter::create(&path, header, None).unwrap();
        let raw = vec![CONTENT; usize::try_from(CHUNK).unwrap()];
        let mut frame = Vec::new();
        Encoder::new(1).unwrap().encode(&raw, &mut frame).unwrap();
        let (sha256, checksum) = (image::sha256(&raw), image::stored_checksum(&frame));
        for (kind, chunks) in pieces {
            match kind {
                Data | Unreadable => {
                    for _ in 0..*chunks {
                        writer.append(*kind, CHUNK, &frame, sha256, checksum).unwrap();
                    }
                }
                Zero => (0..*chunks).for_each(|_| writer.append_zeros(Zero, CHUNK).unwrap()),
                _ => writer.append_zeros(*kind, chunks * CHUNK).unwrap(),
            }
        }
        let mut manifest = manifest(size, pieces);
        change(&mut manifest);
        writer.finish(&manifest).unwrap();
        Self { _folder: folder, path, size }
    }

    /// Flips a bit near the end of every frame that `which` chooses by its number and kind.
    fn damaged(self, which: impl Fn(usize, FrameKind) -> bool) -> Self {
        let reader = ImageReader::open(&self.path, Caching::Cached).unwrap();
        let mut bytes = fs::read(&self.path).unwrap();
        let records = reader.segments().flat_map(Result::unwrap).enumerate();
        for (_, record) in records.filter(|(number, record)| which(*number, record.kind)) {
            bytes[usize::try_from(record.stored.end() - 1).unwrap()] ^= 1;
        }
        fs::write(&self.path, bytes).unwrap();
        self
    }

    fn verify(&self) -> Result<verify::Verification, EngineError> {
        verify::verify(&self.path, &Silent, &Cancel::default())
    }

    fn plan(&self, target: &MemoryDevice) -> Result<restore::RestorePlan, EngineError> {
        let aim = Target { disk: disk(self.size), word: "ab12".into(), forbidden: Vec::new() };
        restore::plan(&self.path, aim, Some(target))
    }

    fn target(&self) -> MemoryDevice {
        MemoryDevice::from(vec![BEFORE; usize::try_from(self.size).unwrap()])
    }

    fn restore_onto(&self, target: &MemoryDevice) -> Result<RestoreOutcome, EngineError> {
        let plan = self.plan(target)?.confirm("ab12")?;
        let job = RestoreJob {
            device: target,
            structures: target,
            read_back: target,
            identity_check: &|| Ok(()),
            compare: true,
            saves_old_table: false,
        };
        restore::restore(&plan, &job, &Silent, &Cancel::default())
    }

    /// Neither verified nor restored, with these words.
    fn contradicts_itself(&self, words: &str) {
        let error = self.verify().unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        self.is_refused(words);
    }

    /// Neither planned nor restored, with these words, and nothing is written.
    fn is_refused(&self, words: &str) {
        let target = self.target();
        for error in [self.plan(&target).unwrap_err(), self.restore_onto(&target).unwrap_err()] {
            assert!(error.to_string().contains(words), "{error}");
        }
        assert!(target.to_vec().iter().all(|byte| *byte == BEFORE), "the target was written");
    }
}

fn disk(size: u64) -> DiskRecord {
    DiskRecord { size, logical_sector: 512, physical_sector: 512, ..DiskRecord::default() }
}

fn manifest(size: u64, pieces: &[(FrameKind, u64)]) -> Manifest {
    let total = |kinds: &[FrameKind]| -> u64 {
        pieces.iter().filter(|(kind, _)| kinds.contains(kind)).map(|(_, n)| n * CHUNK).sum()
    };
    let (data, zero) = (total(&[Data, Unreadable]), total(&[Zero]));
    serde_json::from_value(serde_json::json!({
        "format_version": 1, "image_id": uuid::Uuid::nil(), "tool": "", "created": "",
        "disk": disk(size),
        "table": {"kind": "none", "partitions": [], "notes": [], "verbatim": []},
        "volumes": [], "options": {"all_sectors": false, "level": ""},
        "totals": {
            "used": data + zero, "data": data, "zero": zero, "holes": total(&[Hole]),
            "excluded": total(&[Excluded]), "stored": 0,
        },
        "unreadable": []
    }))
    .unwrap()
}

fn volume(place: Extent, capture: CaptureRecord) -> VolumeRecord {
    VolumeRecord {
        place: "partition 1".into(),
        partition: Some(1),
        extents: vec![place],
        kind: "unknown".into(),
        title: "unknown".into(),
        label: None,
        uuid: None,
        size: None,
        used: None,
        state: "unknown".into(),
        system: None,
        capture,
    }
}

fn is_in(path: &Path, words: &str, error: &EngineError) -> bool {
    let said = error.to_string();
    said.contains(words) && said.contains(&path.display().to_string())
}

#[test]
fn however_much_is_damaged_the_list_stays_short() {
    let all = Forged::new(&[(Data, 5000)], |_| ()).damaged(|_, _| true);
    let found = all.verify().unwrap();
    assert_eq!(found.damage.len(), 1, "neighbours are one range");
    assert_eq!(found.damage[0].disk, Extent::new(0, 5000 * CHUNK));
    let every_second = Forged::new(&[(Data, 5000)], |_| ()).damaged(|number, _| number % 2 == 1);
    let found = every_second.verify().unwrap();
    assert_eq!(found.damage.len(), 1000);
    let in_order = found.damage.is_sorted_by(|a, b| a.disk.end() <= b.disk.start);
    assert!(in_order && found.content == 2500 * CHUNK);
    every_second.restore_onto(&every_second.target()).unwrap_err();
}

#[test]
fn an_index_that_holds_less_than_the_manifest_says_is_refused_before_anything_is_written() {
    let lies = |manifest: &mut Manifest| manifest.totals.data += CHUNK;
    let pieces = [(Data, 3), (Hole, 10), (Data, 2)];
    let words = "bytes of content, the index";
    let sound = Forged::new(&pieces, lies);
    let error = sound.verify().unwrap_err();
    assert!(is_in(&sound.path, words, &error), "{error}");
    sound.is_refused(words);
    // Damage to free space hides it from nobody.
    let damaged = Forged::new(&pieces, lies).damaged(|_, kind| kind == Hole);
    assert!(!damaged.verify().unwrap().damage.is_empty());
    damaged.is_refused(words);
    let honest = Forged::new(&pieces, |_| ()).damaged(|_, kind| kind == Hole);
    let target = honest.target();
    honest.restore_onto(&target).unwrap();
    assert!(target.to_vec()[..3 << 16].iter().all(|byte| *byte == CONTENT));
}

#[test]
fn content_that_is_called_left_out_is_not_left_out_in_silence() {
    let left_out = |chunks: std::ops::Range<u64>| {
        let place = Extent::between(chunks.start * CHUNK, chunks.end * CHUNK);
        volume(place, CaptureRecord::Excluded)
    };
    // Chunks of it share a frame with what was captured, as with every partition.
    let honest = [(Data, 3), (Excluded, 10), (Data, 2)];
    let edge = |manifest: &mut Manifest| {
        let place = Extent::between(3 * CHUNK - 512, 13 * CHUNK + 512);
        manifest.volumes.push(volume(place, CaptureRecord::Excluded));
    };
    let sound = Forged::new(&honest, edge);
    let target = sound.target();
    sound.restore_onto(&target).unwrap();
    assert!(target.to_vec()[3 << 16..13 << 16].iter().all(|byte| *byte == BEFORE));

    let counts_less = |manifest: &mut Manifest| {
        edge(manifest);
        manifest.totals.excluded = 0;
    };
    Forged::new(&honest, counts_less).contradicts_itself("bytes that were left out, the index");
    let words = "partition 1 was left out, and the index has its content";
    let captured = |pieces: &[(FrameKind, u64)]| {
        Forged::new(pieces, |manifest| manifest.volumes.push(left_out(3..13)))
    };
    captured(&[(Data, 15)]).contradicts_itself(words);
    captured(&[(Data, 3), (Zero, 10), (Data, 2)]).contradicts_itself(words);
    captured(&[(Data, 3), (Excluded, 9), (Data, 3)]).contradicts_itself(words);
    let words = "partition 1 was left out, and the index calls a part of it free";
    captured(&[(Data, 3), (Hole, 10), (Data, 2)]).contradicts_itself(words);
    Forged::new(&honest, |_| ()).contradicts_itself("and no partition there was left out");
}

#[test]
fn what_the_old_disk_could_not_give_is_told_by_a_verification() {
    let lost = UnreadableRecord {
        extent: Extent::new(3 * CHUNK, 512),
        intact: 0,
        volume: None,
        files: Vec::new(),
        reason: String::new(),
    };
    let pieces = [(Data, 3), (Unreadable, 1), (Data, 2)];
    let backup = Forged::new(&pieces, |manifest| manifest.unreadable.push(lost.clone()));
    let found = backup.verify().unwrap();
    assert!(found.damage.is_empty());
    assert_eq!(found.lost, [lost]);
}
