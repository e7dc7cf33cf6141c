//! Images written, read back, cut into parts, damaged, and read by foreign tools.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Command;

use block::Caching;
use image::manifest::UnreadableRecord;
use image::{
    CHUNK_SIZE, Decoder, Encoder, FrameKind, Header, ImageError, ImageReader, ImageWriter,
    Manifest, Record,
};

const CHUNK: u64 = CHUNK_SIZE as u64;

/// A disk of 3 chunks of text, a hole of 2 GiB and 12 KiB, a zero chunk and a short last chunk.
fn layout() -> Vec<(FrameKind, u64)> {
    vec![
        (FrameKind::Data, CHUNK),
        (FrameKind::Data, CHUNK),
        (FrameKind::Hole, (2 << 30) + 12 * 1024),
        (FrameKind::Zero, CHUNK),
        (FrameKind::Data, CHUNK),
        (FrameKind::Data, 1536),
    ]
}

fn content(number: usize, length: u64) -> Vec<u8> {
    let line = format!("line of chunk {number}, with some digits {}\n", number * 7919);
    let mut bytes = line.repeat(CHUNK_SIZE as usize / line.len() + 1).into_bytes();
    // Some noise, so that a frame is larger than a part.
    let mut state = number as u64 + 1;
    for byte in bytes.iter_mut().take(700_000) {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        *byte = state.to_le_bytes()[5];
    }
    bytes.truncate(usize::try_from(length).unwrap());
    bytes
}

fn manifest(disk_size: u64) -> Manifest {
    serde_json::from_value(serde_json::json!({
        "format_version": 1, "image_id": uuid::Uuid::nil(), "tool": "test", "created": "2026-01-01T00:00:00Z",
        "disk": {"path": "x", "size": disk_size, "logical_sector": 512, "physical_sector": 512},
        "table": {"kind": "none", "partitions": [], "notes": [], "verbatim": []},
        "volumes": [], "options": {"all_sectors": false, "level": "3"},
        "totals": {"used": 0, "data": 0, "zero": 0, "holes": 0, "excluded": 0, "stored": 0},
        "unreadable": []
    }))
    .unwrap()
}

fn write(folder: &Path, layout: &[(FrameKind, u64)], part_size: Option<u64>) -> PathBuf {
    write_saying(folder, layout, part_size, manifest)
}

/// The same with a manifest that `say` makes for the size of the disk.
fn write_saying(
    folder: &Path,
    layout: &[(FrameKind, u64)],
    part_size: Option<u64>,
    say: impl Fn(u64) -> Manifest,
) -> PathBuf {
    try_write(folder, layout, part_size, say).unwrap()
}

fn try_write(
    folder: &Path,
    layout: &[(FrameKind, u64)],
    part_size: Option<u64>,
    say: impl Fn(u64) -> Manifest,
) -> Result<PathBuf, ImageError> {
    let path = folder.join("disk0.img.zst");
    let disk_size = layout.iter().map(|(_, length)| length).sum();
    let header = Header {
        image_id: uuid::Uuid::nil(),
        created: "2026-01-01T00:00:00Z".into(),
        tool: "test".into(),
        disk_size,
        logical_sector: 512,
        chunk_size: CHUNK_SIZE,
        disk: "test disk".into(),
    };
    let mut writer = ImageWriter::create(&path, header, part_size).unwrap();
    let mut encoder = Encoder::new(3).unwrap();
    let mut frame = Vec::new();
    for (number, (kind, length)) in layout.iter().enumerate() {
        if matches!(kind, FrameKind::Data | FrameKind::Unreadable) {
            let raw = content(number, *length);
            encoder.encode(&raw, &mut frame).unwrap();
            let checksum = image::stored_checksum(&frame);
            writer.append(*kind, *length, &frame, image::sha256(&raw), checksum).unwrap();
        } else {
            writer.append_zeros(*kind, *length).unwrap();
        }
    }
    writer.finish(&say(disk_size)).map(|_| path)
}

/// Reads everything; the text of the first thing that is wrong.
fn read_all(path: &Path) -> Result<Vec<Record>, String> {
    let reader = ImageReader::open(path, Caching::Cached).map_err(|error| error.to_string())?;
    let (mut frame, mut decoder) = (Vec::new(), Decoder::new().unwrap());
    let mut all = Vec::new();
    for records in reader.segments() {
        for record in records.map_err(|error| error.to_string())? {
            reader.read_frame(&record, &mut frame).map_err(|damage| damage.reason)?;
            if record.kind == FrameKind::Data {
                let mut raw = vec![0; usize::try_from(record.disk.length).unwrap()];
                decoder.decode(&record, &frame, &mut raw).map_err(|damage| damage.reason)?;
            }
            all.push(record);
        }
    }
    Ok(all)
}

fn sh(command: &str) -> String {
    let output = Command::new("bash").args(["-euo", "pipefail", "-c", command]).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_manifest_is_about_the_disk_of_its_image() {
    let folder = tempfile::tempdir().unwrap();
    let path = write_saying(folder.path(), &layout(), None, |size| manifest(size + 512));
    assert!(read_all(&path).unwrap_err().contains("other sizes than the header"));
    let folder = tempfile::tempdir().unwrap();
    let say = |size| Manifest { image_id: uuid::Uuid::max(), ..manifest(size) };
    let path = write_saying(folder.path(), &layout(), None, say);
    assert!(read_all(&path).unwrap_err().contains("it belongs to another image"));
}

#[test]
fn a_manifest_of_a_newer_version_is_called_newer() {
    let folder = tempfile::tempdir().unwrap();
    let say = |size| Manifest { format_version: 7, ..manifest(size) };
    let path = write_saying(folder.path(), &layout(), None, say);
    let error = ImageReader::open(&path, Caching::Cached).unwrap_err();
    assert!(matches!(error, ImageError::NewerVersion { found: 7, .. }), "{error}");
    assert!(error.to_string().contains("made by a newer version of Remetal"), "{error}");
}

#[test]
fn no_frame_lies_in_the_header() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), &[(FrameKind::Data, 1500), (FrameKind::Hole, 5000)], None);
    let mut bytes = std::fs::read(&path).unwrap();
    let tag = |bytes: &[u8], tag: &[u8]| bytes.windows(8).position(|found| found == tag).unwrap();
    // The stream offset in the first record: 24 bytes and 16 into the segment behind its tag.
    let (segment, root) = (tag(&bytes, b"RMTLSEGM") - 8, tag(&bytes, b"RMTLROOT") + 8);
    let offset = segment + 16 + 24 + 16;
    let first = u64::from_le_bytes(bytes[offset..offset + 8].try_into().unwrap());
    bytes[offset..offset + 8].copy_from_slice(&(first - 1).to_le_bytes());
    let length = u32::from_le_bytes(bytes[segment + 4..segment + 8].try_into().unwrap()) as usize;
    let hash = image::sha256(&bytes[segment..segment + 8 + length]);
    // One part head, then the entry of the segment, whose last field is the hash.
    let entry = root + 160 + 32 * heads(&bytes[root..]);
    bytes[entry + 24..entry + 56].copy_from_slice(&hash);
    let end = tag(&bytes, b"RMTLTAIL") - 8 - 32;
    let fingerprint = image::sha256(&bytes[root..end]);
    bytes[end..end + 32].copy_from_slice(&fingerprint);
    std::fs::write(&path, bytes).unwrap();
    let said = read_all(&path).unwrap_err();
    assert!(said.contains("it gives a frame an impossible place"), "{said}");
}

/// The number of part heads in the body of a root.
fn heads(root: &[u8]) -> usize {
    u32::from_le_bytes(root[152..156].try_into().unwrap()) as usize
}

#[test]
fn parts_may_be_joined_or_cut_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), &layout(), Some(1 << 20));
    let parts = image::find_parts(&path).unwrap();
    let bytes: Vec<u8> = parts.iter().flat_map(|part| std::fs::read(part).unwrap()).collect();
    let expected = read_all(&path).unwrap();
    for size in [1 << 19, 1 << 21, 300_000, 1 << 20] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk0.img.zst");
        for (number, part) in (1..).zip(bytes.chunks(size)) {
            std::fs::write(folder.path().join(format!("disk0.img.zst.{number:03}")), part).unwrap();
        }
        assert_eq!(read_all(&path).unwrap(), expected, "parts of {size}");
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(read_all(&path).unwrap(), expected);
    }
}

#[test]
fn parts_that_are_no_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), &layout(), Some(1 << 20));
    let parts = image::find_parts(&path).unwrap();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let refused = |at: &Path, words: &str| match ImageReader::open(&path, Caching::Cached) {
        Err(ImageError::WrongPart { path, reason }) => {
            assert_eq!(name(&path), name(at));
            assert!(reason.contains(words), "{reason}");
        }
        other => panic!("{:?}", other.map(|_| ()).map_err(|error| error.to_string())),
    };
    let second = parts[1].clone();
    let put = |command: &str| {
        let at = second.display();
        sh(&format!("rm -rf {at}; P={at}; {command}"));
    };
    put("mkdir $P");
    refused(&second, "not a file");
    put("mkfifo $P");
    refused(&second, "not a file");
    put("ln -s /dev/zero $P");
    refused(&second, "not a file");
    put("ln -s nowhere $P");
    refused(&second, "leads nowhere");
    put("ln -s $P $P");
    refused(&second, "leads nowhere");
    for part in &parts {
        sh(&format!("rm -rf {}", part.display()));
    }
    for command in ["mkdir", "mkfifo", "ln -s nowhere"] {
        sh(&format!("{command} {}", path.display()));
        refused(&path, if command.starts_with("ln") { "leads nowhere" } else { "not a file" });
        sh(&format!("rm -rf {}", path.display()));
    }
}

#[test]
fn a_manifest_of_very_many_values_is_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    let with_notes = |count: usize| {
        move |size| {
            let mut manifest = manifest(size);
            manifest.table.notes = vec![String::new(); count];
            manifest
        }
    };
    let layout = [(FrameKind::Hole, 65536)];
    let written = try_write(folder.path(), &layout, None, with_notes(2_000_000));
    let error = written.unwrap_err().to_string();
    assert!(error.contains("cannot be finished: its manifest"), "{error}");
    assert!(with_notes(1_999_000)(512).fits() && !with_notes(2_000_000)(512).fits());
    let text = with_notes(2_000_000)(512).to_json();
    assert!(Manifest::from_json(&text).unwrap_err().contains("more than 2000000 values"));
}

#[test]
fn a_manifest_of_many_lost_ranges_is_read() {
    const RANGES: u64 = 200_000;
    let folder = tempfile::tempdir().unwrap();
    let many = |size| {
        let mut manifest = manifest(size);
        let lost = |number| UnreadableRecord {
            extent: block::Extent::new(number * 1024, 512),
            intact: 0,
            volume: Some("partition 2".to_owned()),
            files: vec![format!("/home/user/Pictures/{number}.jpg")],
            reason: "Input/output error (os error 5)".to_owned(),
        };
        manifest.unreadable = (0..RANGES).map(lost).collect();
        manifest
    };
    let path = write_saying(folder.path(), &[(FrameKind::Hole, RANGES * 1024)], None, many);
    assert_eq!(read_all(&path).map(|records| records.len()), Ok(1));
}

#[test]
fn lost_sectors_are_listed_and_lie_on_the_disk() {
    let layout = [(FrameKind::Unreadable, 65536), (FrameKind::Hole, 65536)];
    let lost = |start: u64| {
        move |size| {
            let mut manifest = manifest(size);
            let (files, reason) = (Vec::new(), String::new());
            let extent = block::Extent::new(start, 512);
            let lost = UnreadableRecord { extent, intact: 0, volume: None, files, reason };
            manifest.unreadable.push(lost);
            manifest
        }
    };
    let read = |say: &dyn Fn(u64) -> Manifest| {
        let folder = tempfile::tempdir().unwrap();
        read_all(&write_saying(folder.path(), &layout, None, say)).map(|records| records.len())
    };
    assert_eq!(read(&lost(512)), Ok(2));
    assert!(read(&manifest).unwrap_err().contains("lost sectors that the manifest does not list"));
    assert!(read(&lost(65536)).unwrap_err().contains("does not list"));
    assert!(read(&lost(2 * 65536)).unwrap_err().contains("beyond the end of the disk"));
}

#[test]
fn a_manifest_that_no_reader_takes_is_not_written() {
    let say = |length: usize| {
        let folder = tempfile::tempdir().unwrap();
        let say = |size| Manifest { tool: "x".repeat(length), ..manifest(size) };
        try_write(folder.path(), &[(FrameKind::Hole, 65536)], None, say)
            .map(|path| read_all(&path).map(|records| records.len()))
    };
    // The tag, the lengths and all other fields take some bytes.
    assert!(matches!(say((64 << 20) - 2000), Ok(Ok(1))));
    assert!(matches!(say(64 << 20), Err(ImageError::TooLarge { structure: "manifest", .. })));
    let large = Manifest { tool: "x".repeat(64 << 20), ..manifest(512) };
    assert!(manifest(512).fits() && !large.fits());
}

#[test]
fn what_was_written_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let records = read_all(&write(folder.path(), &layout(), None)).unwrap();
    let kinds: Vec<_> = records.iter().map(|record| record.kind).collect();
    use FrameKind::{Data, Hole, Zero};
    assert_eq!(kinds, [Data, Data, Hole, Hole, Hole, Zero, Data, Data]);
    let expected: u64 = layout().iter().map(|(_, length)| length).sum();
    assert_eq!(records.last().unwrap().disk.end(), expected);
}

#[test]
fn zstd_alone_gives_the_disk_back_from_parts() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), &layout(), Some(1 << 20));
    assert!(!path.exists() && folder.path().join("disk0.img.zst.003").exists());
    read_all(&path).unwrap();
    let mut expected = Vec::new();
    for (number, (kind, length)) in layout().into_iter().enumerate() {
        // The long hole is compared by its length only, to keep the test quick.
        if kind == FrameKind::Data {
            expected.push(format!("{:x?}", image::sha256(&content(number, length))));
        }
    }
    let whole = folder.path().join("whole.zst");
    sh(&format!("cat {0}.* > {1}; zstd -qt {1}; zstd -l {1}", path.display(), whole.display()));
    let raw = folder.path().join("raw");
    sh(&format!("zstd -qd --sparse {} -o {}", whole.display(), raw.display()));
    let size: u64 = layout().iter().map(|(_, length)| length).sum();
    assert_eq!(raw.metadata().unwrap().len(), size);
    let mut file = std::fs::File::open(&raw).unwrap();
    let (mut at, mut found) = (0, Vec::new());
    for (kind, length) in layout() {
        if kind == FrameKind::Data {
            let mut bytes = vec![0; usize::try_from(length).unwrap()];
            file.seek(SeekFrom::Start(at)).unwrap();
            file.read_exact(&mut bytes).unwrap();
            found.push(format!("{:x?}", image::sha256(&bytes)));
        }
        at += length;
    }
    assert_eq!(found, expected);
}

#[test]
fn a_foreign_reader_of_the_seekable_format_reads_any_range() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), &layout(), None);
    let mut decoder = zeekstd::Decoder::new(std::fs::File::open(&path).unwrap()).unwrap();
    let tail = (2 << 30) + 12 * 1024 + 3 * CHUNK;
    for (at, length, number) in [(0, 5000, 0), (CHUNK - 100, 200, 0), (tail, 4096, 4)] {
        decoder.set_offset(at).unwrap();
        decoder.set_offset_limit(at + length).unwrap();
        let mut bytes = Vec::new();
        std::io::copy(&mut decoder, &mut bytes).unwrap();
        let mut expected = content(number, CHUNK);
        expected.extend(content(number + 1, CHUNK));
        let from = usize::try_from(if number == 0 { at } else { 0 }).unwrap();
        assert_eq!(bytes, expected[from..from + usize::try_from(length).unwrap()]);
    }
}

#[test]
fn any_flipped_bit_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let small = [(FrameKind::Data, 1500), (FrameKind::Hole, 5000), (FrameKind::Zero, 700)];
    let path = write(folder.path(), &small, None);
    let good = std::fs::read(&path).unwrap();
    read_all(&path).unwrap();
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        std::fs::write(&path, &bad).unwrap();
        assert!(
            read_all(&path).is_err(),
            "a flipped bit at byte {at} of {} went unseen",
            good.len()
        );
    }
}

#[test]
fn any_cut_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), &[(FrameKind::Data, 1500), (FrameKind::Hole, 5000)], None);
    let good = std::fs::read(&path).unwrap();
    for length in 0..good.len() {
        std::fs::write(&path, &good[..length]).unwrap();
        assert!(read_all(&path).is_err(), "cut to {length} of {} went unseen", good.len());
    }
}

#[test]
fn missing_swapped_and_shortened_parts_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), &layout(), Some(1 << 20));
    let part = |number: u32| folder.path().join(format!("disk0.img.zst.{number:03}"));
    let message = || match ImageReader::open(&path, Caching::Cached).err() {
        Some(ImageError::WrongPart { path, reason }) => format!("{} {reason}", path.display()),
        other => panic!("{:?}", other.map(|error| error.to_string())),
    };
    std::fs::rename(part(2), folder.path().join("aside")).unwrap();
    assert!(message().contains(".002 this part is missing"));
    std::fs::rename(part(1), part(2)).unwrap();
    std::fs::rename(folder.path().join("aside"), part(1)).unwrap();
    assert!(message().contains("swapped"));
    std::fs::rename(part(1), folder.path().join("aside")).unwrap();
    std::fs::rename(part(2), part(1)).unwrap();
    std::fs::rename(folder.path().join("aside"), part(2)).unwrap();
    read_all(&path).unwrap();
    std::fs::OpenOptions::new().write(true).open(part(2)).unwrap().set_len(1000).unwrap();
    assert!(message().contains(".002 it has 1000 bytes"));
}

#[test]
fn other_files_and_newer_versions_are_called_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("disk0.img.zst");
    let open = || ImageReader::open(&path, Caching::Cached).err().unwrap();
    assert!(matches!(open(), ImageError::NotFound(_)));
    std::fs::write(&path, b"not an image at all, but some text of more than a few bytes").unwrap();
    assert!(matches!(open(), ImageError::NotAnImage { .. }));
    std::fs::remove_file(&path).unwrap();
    write(folder.path(), &[(FrameKind::Data, 1500)], None);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[16] = 9;
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(open(), ImageError::NewerVersion { found: 9, .. }));
}
