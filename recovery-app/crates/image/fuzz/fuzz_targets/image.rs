//! Patches onto a small sound image, read as every command reads one. With `mend` the hashes over
//! the patched structures are computed anew, so that lies get past them: whatever the bytes, the
//! reader ends with an answer, without a panic, in bounded memory.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use arbitrary::Arbitrary;
use block::Caching;
use image::{Decoder, Encoder, FrameKind, Header, ImageReader, ImageWriter, Manifest};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

#[derive(Arbitrary, Debug)]
struct Input {
    patches: Vec<(u16, Vec<u8>)>,
    /// Cuts the file, or not.
    length: Option<u16>,
    mend: bool,
}

struct Base {
    folder: tempfile::TempDir,
    bytes: Vec<u8>,
}

impl Base {
    fn path(&self) -> PathBuf {
        self.folder.path().join("disk0.img.zst")
    }
}

static BASE: LazyLock<Base> = LazyLock::new(|| {
    let folder = tempfile::tempdir_in("/dev/shm").expect("a folder in memory");
    let path = folder.path().join("disk0.img.zst");
    let header = Header {
        image_id: uuid::Uuid::nil(),
        created: String::new(),
        tool: String::new(),
        disk_size: 366_236,
        logical_sector: 512,
        chunk_size: 65536,
        disk: String::new(),
    };
    let mut writer = ImageWriter::create(&path, header, None).expect("an image");
    let raw: Vec<u8> = (0..65536_u32).map(|at| (at / 97 % 251) as u8).collect();
    let mut frame = Vec::new();
    Encoder::new(1).and_then(|mut encoder| encoder.encode(&raw, &mut frame)).expect("a frame");
    let (hash, checksum) = (image::sha256(&raw), image::stored_checksum(&frame));
    writer.append(FrameKind::Data, 65536, &frame, hash, checksum).expect("a chunk");
    writer.append_zeros(FrameKind::Hole, 300_000).expect("a hole");
    writer.append_zeros(FrameKind::Zero, 700).expect("zeros");
    let manifest: Manifest = serde_json::from_str(
        r#"{"format_version":1,"image_id":"00000000-0000-0000-0000-000000000000","tool":"",
        "created":"","disk":{"path":"","size":366236,"logical_sector":512,"physical_sector":512},
        "table":{"kind":"none","partitions":[],"notes":[],"verbatim":[]},"volumes":[],
        "options":{"all_sectors":false,"level":""},"totals":{"used":0,"data":0,"zero":0,
        "holes":0,"excluded":0,"stored":0},"unreadable":[]}"#,
    )
    .expect("a manifest");
    writer.finish(&manifest).expect("an end");
    let bytes = std::fs::read(&path).expect("the image");
    Base { folder, bytes }
});

fn find(bytes: &[u8], tag: &[u8]) -> Option<usize> {
    bytes.windows(tag.len()).position(|window| window == tag)
}

/// Computes the hashes in the root anew, where its parts can still be found.
fn mend(bytes: &mut [u8]) -> Option<()> {
    let root = find(bytes, b"RMTLROOT")? + 8;
    let frame_of = |bytes: &[u8], tag: &[u8]| {
        let start = find(bytes, tag)?.checked_sub(8)?;
        let length = u32::from_le_bytes(bytes.get(start + 4..start + 8)?.try_into().ok()?) as usize;
        Some(Sha256::digest(bytes.get(start..(start + 8).checked_add(length)?)?).to_vec())
    };
    let heads = u32::from_le_bytes(bytes.get(root + 152..root + 156)?.try_into().ok()?) as usize;
    let first_segment = 160 + heads.min(8) * 32 + 24;
    let hashes = [(32, b"RMTLHEAD"), (80, b"RMTLMANI"), (first_segment, b"RMTLSEGM")];
    for (at, tag) in hashes {
        if let Some(hash) = frame_of(bytes, tag) {
            bytes.get_mut(root + at..root + at + 32)?.copy_from_slice(&hash);
        }
    }
    let trailer = find(bytes, b"RMTLTAIL")?;
    let end = trailer.checked_sub(40)?;
    let hash = Sha256::digest(bytes.get(root..end)?).to_vec();
    bytes.get_mut(end..end + 32)?.copy_from_slice(&hash);
    Some(())
}

fuzz_target!(|input: Input| {
    let base = &*BASE;
    let mut bytes = base.bytes.clone();
    for (at, patch) in &input.patches {
        // Most of the image is content; offsets count from the end, where the structures are.
        let at = bytes.len().saturating_sub(*at as usize);
        for (byte, new) in bytes[at..].iter_mut().zip(patch) {
            *byte = *new;
        }
    }
    if input.mend {
        let _ = mend(&mut bytes);
    }
    if let Some(length) = input.length {
        bytes.truncate(length as usize);
    }
    std::fs::write(base.path(), &bytes).expect("room in memory");
    let Ok(reader) = ImageReader::open(&base.path(), Caching::Cached) else { return };
    let (mut frame, mut decoder) = (Vec::new(), Decoder::new().expect("memory"));
    for records in reader.segments() {
        for record in records.iter().flatten() {
            let length = record.disk.length as usize;
            if reader.read_frame(record, &mut frame).is_ok()
                && record.kind.is_content()
                && length <= 64 << 20
            {
                let _ = decoder.decode(record, &frame, &mut vec![0; length]);
            }
        }
        if records.is_err() {
            break;
        }
    }
});
