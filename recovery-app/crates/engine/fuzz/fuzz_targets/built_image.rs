//! Images put together from the input, of several index segments and cut into parts, with lies in
//! every structure and right hashes over them, read as every command reads one: whatever they say,
//! each ends with an answer, without a panic, in bounded memory.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use arbitrary::Arbitrary;
use block::{BlockDevice, Caching, MemoryDevice};
use engine::restore::Target;
use engine::{Cancel, ImageDevice, Silent, SurveyOptions};
use image::manifest::DiskRecord;
use image::{Encoder, ImageReader, sha256, stored_checksum, zero_frame};
use libfuzzer_sys::fuzz_target;

const CHUNK: u64 = 65536;

#[derive(Arbitrary, Debug)]
struct Frame {
    kind: u8,
    length: u16,
    /// Times the length, for holes.
    scale: u8,
}

#[derive(Arbitrary, Debug)]
enum Number {
    Small(u8),
    Near(i8),
    Any(u64),
    Power(u8),
}

impl Number {
    fn instead_of(&self, old: u64) -> u64 {
        match *self {
            Self::Small(number) => number.into(),
            Self::Near(by) => old.wrapping_add_signed(by.into()),
            Self::Any(number) => number,
            Self::Power(bits) => (1_u64 << (bits % 64)).wrapping_sub(u64::from(bits >> 7)),
        }
    }
}

#[derive(Arbitrary, Debug)]
struct Lie {
    /// Segment record, segment header, root entry, root.
    what: u8,
    which: u8,
    field: u8,
    value: Number,
}

#[derive(Arbitrary, Debug)]
struct Input {
    frames: Vec<Frame>,
    per_segment: u8,
    lies: Vec<Lie>,
    /// Places in the JSON of the manifest (also counted in numbers), and what goes there.
    manifest: Vec<(u16, Number)>,
    text: Vec<(u16, Vec<u8>)>,
    header: Vec<(u16, Vec<u8>)>,
    part_size: Option<u16>,
    swapped: bool,
    content: Vec<u8>,
    beside: bool,
    reads: Vec<(u64, u16)>,
}

static FOLDER: LazyLock<tempfile::TempDir> =
    LazyLock::new(|| tempfile::tempdir_in("/dev/shm").expect("a folder in memory"));

fn skippable(magic: u32, content: &[u8]) -> Vec<u8> {
    [&magic.to_le_bytes()[..], &(content.len() as u32).to_le_bytes(), content].concat()
}

fn tagged(tag: &[u8; 8], body: &[u8]) -> Vec<u8> {
    skippable(0x184D_2A52, &[&tag[..], body].concat())
}

fn replace(bytes: &mut [u8], at: usize, width: usize, number: &Number) {
    if let Some(field) = bytes.get_mut(at..at + width) {
        let mut wide = [0; 8];
        wide[..width].copy_from_slice(field);
        let new = number.instead_of(u64::from_le_bytes(wide)).to_le_bytes();
        field.copy_from_slice(&new[..width]);
    }
}

/// Replaces the n-th number of a JSON text.
fn replace_number(json: &mut String, which: u16, number: &Number) {
    let mut starts = Vec::new();
    let bytes = json.as_bytes();
    let mut within = false;
    for at in 1..bytes.len() {
        within ^= bytes[at] == b'"';
        let begins = bytes[at].is_ascii_digit() && !bytes[at - 1].is_ascii_digit();
        if begins && !within {
            starts.push(at);
        }
    }
    if starts.is_empty() {
        return;
    }
    let at = starts[usize::from(which) % starts.len()];
    let end = at + json[at..].bytes().take_while(u8::is_ascii_digit).count();
    let old = json[at..end].parse().unwrap_or(0);
    json.replace_range(at..end, &number.instead_of(old).to_string());
}

fn splice(bytes: &mut Vec<u8>, patches: &[(u16, Vec<u8>)]) {
    for (at, patch) in patches.iter().take(8) {
        let at = usize::from(*at) % (bytes.len() + 1);
        let end = (at + patch.len()).min(bytes.len());
        bytes.splice(at..end, patch.iter().copied());
    }
}

struct Frames {
    stream: Vec<u8>,
    table: Vec<(u32, u32)>,
}

impl Frames {
    fn push(&mut self, frame: &[u8], raw: u64) -> u64 {
        let at = self.stream.len() as u64;
        self.stream.extend(frame);
        self.table.push((frame.len() as u32, raw as u32));
        at
    }
}

fn record(
    kind: u8,
    disk: (u64, u64),
    stored: (u64, u64),
    raw_hash: [u8; 32],
    sum: u128,
) -> Vec<u8> {
    let mut out = vec![kind, 0, 0, 0];
    out.extend((disk.1 as u32).to_le_bytes());
    out.extend(disk.0.to_le_bytes());
    out.extend(stored.0.to_le_bytes());
    out.extend((stored.1 as u32).to_le_bytes());
    out.extend([0; 4]);
    out.extend(raw_hash);
    out.extend(sum.to_le_bytes());
    out
}

fn build(input: &Input) -> Vec<u8> {
    let id = [0; 16];
    let kinds = input.frames.iter().take(64).map(|frame| {
        let scale =
            if matches!(frame.kind % 5, 0 | 4) { 1 } else { 1 + u64::from(frame.scale) * 64 };
        let most = if matches!(frame.kind % 5, 0 | 1 | 4) { CHUNK } else { 1 << 30 };
        (frame.kind % 5, ((u64::from(frame.length) + 1) * scale).min(most))
    });
    let kinds: Vec<(u8, u64)> = kinds.collect();
    let disk_size: u64 = kinds.iter().map(|(_, length)| length).sum();
    let lies = |what: u8| input.lies.iter().take(16).filter(move |lie| lie.what % 5 == what);

    let header = format!(
        r#"{{"image_id":"00000000-0000-0000-0000-000000000000","created":"","tool":"","disk_size":{disk_size},"logical_sector":512,"chunk_size":65536,"disk":""}}"#
    );
    let mut header = [&1_u32.to_le_bytes()[..], header.as_bytes()].concat();
    splice(&mut header, &input.header);
    let header = tagged(b"RMTLHEAD", &header);
    let header_hash = sha256(&header);
    let mut frames = Frames { stream: Vec::new(), table: Vec::new() };
    frames.push(&header, 0);

    let mut encoder = Encoder::new(1).unwrap();
    let (mut at, mut entries, mut number) = (0, Vec::new(), 0_u32);
    let mut lost = Vec::new();
    let per_segment = usize::from(input.per_segment % 16) + 1;
    for piece in kinds.chunks(per_segment) {
        let first = at;
        let mut records: Vec<u8> = Vec::new();
        for (kind, length) in piece {
            if matches!(kind, 0 | 4) {
                let fill = |index: u64| {
                    let noise = input.content.get((at + index) as usize);
                    noise.copied().unwrap_or((index / 97 % 251) as u8)
                };
                let raw: Vec<u8> = (0..*length).map(fill).collect();
                let mut frame = Vec::new();
                encoder.encode(&raw, &mut frame).unwrap();
                let stored = (frames.push(&frame, *length), frame.len() as u64);
                records.extend(record(
                    *kind,
                    (at, *length),
                    stored,
                    sha256(&raw),
                    stored_checksum(&frame),
                ));
                if *kind == 4 {
                    lost.push(format!(
                        r#"{{"extent":{{"start":{at},"length":{length}}},"volume":"partition 1","files":["a/b"],"reason":"x"}}"#
                    ));
                }
            } else {
                let frame = zero_frame(*length);
                let stored = (frames.push(&frame, *length), frame.len() as u64);
                let hash = if *kind == 1 { sha256(&vec![0; *length as usize]) } else { [0; 32] };
                records.extend(record(*kind, (at, *length), stored, hash, stored_checksum(&frame)));
            }
            at += length;
        }
        for lie in lies(0).filter(|lie| u32::from(lie.which >> 5) == number % 8) {
            let start = usize::from(lie.which & 31) * 80;
            let (place, width) = [(0, 1), (4, 4), (8, 8), (16, 8), (24, 4), (32, 8), (64, 8)]
                [usize::from(lie.field % 7)];
            replace(&mut records, start + place, width, &lie.value);
        }
        let mut body = id.to_vec();
        body.extend(number.to_le_bytes());
        body.extend(((records.len() / 80) as u32).to_le_bytes());
        body.extend(records);
        for lie in lies(1).filter(|lie| u32::from(lie.which) == number) {
            let (place, width) = [(0, 1), (16, 4), (20, 4)][usize::from(lie.field % 3)];
            replace(&mut body, place, width, &lie.value);
        }
        let frame = tagged(b"RMTLSEGM", &body);
        let start = frames.push(&frame, 0);
        let mut entry = Vec::new();
        for value in [start, frame.len() as u64, first] {
            entry.extend(value.to_le_bytes());
        }
        entry.extend(sha256(&frame));
        for lie in lies(2).filter(|lie| u32::from(lie.which) == number) {
            replace(&mut entry, usize::from(lie.field % 4) * 8, 8, &lie.value);
        }
        entries.push(entry);
        number += 1;
    }

    let content: u64 =
        kinds.iter().filter(|(kind, _)| matches!(kind, 0 | 1 | 4)).map(|(_, length)| length).sum();
    let mut json = format!(
        r#"{{"format_version":1,"image_id":"00000000-0000-0000-0000-000000000000","tool":"t",
        "created":"2026-11-29T10:00:00Z","disk":{{"path":"p","model":"m","serial":"s","size":{disk_size},"logical_sector":512,"physical_sector":512}},
        "table":{{"kind":"gpt","partitions":[{{"number":1,"extent":{{"start":1000,"length":9000}},"type_name":"Linux","type_id":"0x83","name":"n","guid":null,"bootable":true,"logical":false}}],"notes":["note"],"verbatim":[{{"offset":0,"hex":"00ff"}}]}},
        "volumes":[{{"place":"partition 1","partition":1,"extents":[{{"start":1000,"length":9000}}],"kind":"ntfs","title":"NTFS","label":"L","uuid":"u","size":9000,"used":500,"state":"dirty: because","system":"Windows","capture":{{"how":"mapped","source":"s","used":500}}}},
        {{"place":"volume vg/root","partition":1,"extents":[{{"start":2000,"length":10}},{{"start":3000,"length":10}}],"kind":"ext4","title":"ext4","label":null,"uuid":null,"size":20,"used":null,"state":"clean","system":null,"capture":{{"how":"inside"}}}}],
        "options":{{"partitions":[1],"all_sectors":false,"level":"auto"}},
        "totals":{{"used":7,"data":{content},"zero":0,"holes":0,"excluded":0,"stored":0}},"unreadable":[{}]}}"#,
        lost.join(",")
    );
    for (which, value) in input.manifest.iter().take(8) {
        replace_number(&mut json, *which, value);
    }
    let mut json = json.into_bytes();
    splice(&mut json, &input.text);
    let manifest = tagged(b"RMTLMANI", &json);
    let manifest_at = frames.push(&manifest, 0);

    let part_size = u64::from(input.part_size.unwrap_or(0)).max(if input.part_size.is_some() {
        4096
    } else {
        0
    });
    let heads = if part_size == 0 { 0 } else { frames.stream.len() as u64 / part_size };
    let heads: Vec<u8> = (0..heads)
        .flat_map(|part| {
            let start = (part * part_size) as usize;
            sha256(&frames.stream[start..start + 4096.min(part_size as usize)])
        })
        .collect();
    let root_length = 8 + 8 + 160 + heads.len() + entries.len() * 56 + 32 + 16;
    frames.table.push((root_length as u32, 0));
    let mut table = Vec::new();
    for (stored, raw) in &frames.table {
        table.extend(stored.to_le_bytes());
        table.extend(raw.to_le_bytes());
    }
    table.extend((frames.table.len() as u32).to_le_bytes());
    table.push(0);
    table.extend(0x8F92_EAB1_u32.to_le_bytes());
    let table = skippable(0x184D_2A5E, &table);

    let mut body = 1_u32.to_le_bytes().to_vec();
    body.extend(id);
    body.extend(disk_size.to_le_bytes());
    body.extend(65536_u32.to_le_bytes());
    body.extend(header_hash);
    body.extend(manifest_at.to_le_bytes());
    body.extend((manifest.len() as u64).to_le_bytes());
    body.extend(sha256(&manifest));
    body.extend(sha256(&table));
    body.extend(part_size.to_le_bytes());
    body.extend(((heads.len() / 32) as u32).to_le_bytes());
    body.extend((entries.len() as u32).to_le_bytes());
    body.extend(&heads);
    entries.iter().for_each(|entry| body.extend(entry));
    for lie in lies(3) {
        let (place, width) =
            [(0, 4), (4, 4), (20, 8), (28, 4), (64, 8), (72, 8), (144, 8), (152, 4), (156, 4)]
                [usize::from(lie.field % 9)];
        replace(&mut body, place, width, &lie.value);
    }
    let hash = sha256(&body);
    body.extend(hash);
    let mut trailer = (root_length as u64).to_le_bytes().to_vec();
    trailer.extend(b"RMTLTAIL");
    for lie in lies(4).filter(|lie| lie.which == 77) {
        replace(&mut trailer, 0, 8, &lie.value);
    }
    body.extend(trailer);
    frames.stream.extend(tagged(b"RMTLROOT", &body));
    frames.stream.extend(table);
    frames.stream
}

fn lay_down(input: &Input, bytes: &[u8]) -> PathBuf {
    let path = FOLDER.path().join("disk0.img.zst");
    for entry in std::fs::read_dir(FOLDER.path()).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    match input.part_size {
        None => std::fs::write(&path, bytes).unwrap(),
        Some(size) => {
            let pieces: Vec<_> = bytes.chunks(usize::from(size).max(4096)).collect();
            for (number, piece) in pieces.iter().enumerate() {
                let number = match number {
                    0 | 1 if input.swapped && pieces.len() > 2 => 1 - number,
                    number => number,
                };
                std::fs::write(
                    FOLDER.path().join(format!("disk0.img.zst.{:03}", number + 1)),
                    piece,
                )
                .unwrap();
            }
        }
    }
    path
}

fuzz_target!(|input: Input| {
    let bytes = build(&input);
    let path = lay_down(&input, &bytes);
    if input.beside && !input.text.is_empty() {
        std::fs::write(FOLDER.path().join("manifest.json"), &input.text[0].1).unwrap();
    }
    let _ = engine::open_backup(&path, Caching::Cached);
    if let Ok(reader) = ImageReader::open(&path, Caching::Cached) {
        let _ = report::backup::to_text(&reader);
        let _ = report::backup::to_json(&reader).to_string();
        let _ = report::content::of_manifest(reader.manifest());
        let disk = ImageDevice::new(&reader);
        for (at, length) in input.reads.iter().take(8) {
            let _ = disk.read_vec(at % (disk.size().saturating_add(1)), (*length).into());
        }
        // Small disks only: a table may ask for reads all over a large one.
        if disk.size() < 1 << 30 {
            let _ = engine::survey(&disk, &SurveyOptions::default(), &Cancel::default());
        }
    }
    let _ = engine::verify::verify(&path, &Silent, &Cancel::default());
    for (size, logical_sector) in [(1 << 40, 512), (8 << 20, 512), (1 << 40, 4096)] {
        let disk = DiskRecord {
            path: "t".into(),
            size,
            logical_sector,
            physical_sector: 4096,
            ..Default::default()
        };
        let target = Target { disk, word: "t".into(), forbidden: Vec::new() };
        let there = MemoryDevice::from(vec![0; 8192]);
        let _ = engine::restore::plan(&path, target, Some(&there))
            .map(|plan| plan.confirm("t").is_ok());
    }
});
