//! The image read by others: zstd itself, and an independent reader of the seekable format.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use super::bytes::{Comparison, compare};
use super::shell::sh;

/// The image of the first disk of a backup, or its parts in their order.
pub fn parts(backup: &Path) -> Vec<PathBuf> {
    let mut parts: Vec<PathBuf> = std::fs::read_dir(backup)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("disk0.img.zst"))
        .collect();
    parts.sort();
    assert!(!parts.is_empty(), "no image in {}", backup.display());
    parts
}

/// `cat disk0.img.zst* | zstd -d`, as README.txt of a backup tells it.
pub struct Decompressed {
    child: Child,
}

impl Decompressed {
    /// Starts the two programs.
    pub fn start(backup: &Path) -> Decompressed {
        let pipe = format!("set -o pipefail; cat {}/disk0.img.zst* | zstd -dc", backup.display());
        let child =
            Command::new("bash").args(["-c", &pipe]).stdout(Stdio::piped()).spawn().unwrap();
        Decompressed { child }
    }

    /// The bytes.
    pub fn reader(&mut self) -> &mut ChildStdout {
        self.child.stdout.as_mut().unwrap()
    }

    /// Both programs must have been content.
    pub fn finish(mut self) {
        assert!(self.child.wait().unwrap().success(), "zstd -d does not accept the image");
    }
}

/// How the decompressed image relates to the disk it was made of.
pub fn compare_with_disk(backup: &Path, disk: &Path) -> Comparison {
    let mut image = Decompressed::start(backup);
    let found = compare(image.reader(), disk);
    image.finish();
    found
}

/// `zstd -t` and `zstd -l` must accept the image; what the latter says of its sizes must agree.
pub fn check_with_zstd(image: &Path, disk_size: u64) {
    sh(&format!("zstd -qt {}", image.display()));
    let listing = sh(&format!("zstd -lv {}", image.display()));
    let size = format!("({disk_size} B)");
    assert!(listing.contains(&size), "zstd -l: no {size} in\n{listing}");
}

/// Reads ranges of an image by the crate zeekstd and compares them with the plain bytes in
/// `plain`: both ends, across chunks, within one, and many scattered ones.
pub fn check_with_zeekstd(image: &Path, plain: &Path) {
    let mut decoder = zeekstd::Decoder::new(File::open(image).unwrap()).unwrap();
    let size = plain.metadata().unwrap().len();
    let plain = File::open(plain).unwrap();
    let chunk = 4 << 20;
    let mut ranges = vec![(0, 4096), (size - 4096, 4096), (size - 1, 1), (chunk - 1, 2)];
    ranges.extend([(chunk, chunk), (chunk - 4096, chunk + 8192), (1 << 20, 1 << 20)]);
    ranges.extend((0..200).map(|i: u64| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) % size, 20_000)));
    for (start, length) in ranges {
        let length = length.min(size - start);
        let expected = read_plain(&plain, start, length);
        decoder.set_offset(start).unwrap();
        decoder.set_offset_limit(start + length).unwrap();
        let mut found = vec![0; expected.len()];
        let mut done = 0;
        while done < found.len() {
            match decoder.decompress(&mut found[done..]).unwrap() {
                0 => break,
                more => done += more,
            }
        }
        assert_eq!(done, found.len(), "{length} bytes at {start}: the reader ends early");
        assert!(found == expected, "{length} bytes at {start} are not those of the disk");
    }
}

fn read_plain(file: &File, start: u64, length: u64) -> Vec<u8> {
    use std::os::unix::fs::FileExt;
    let mut bytes = vec![0; usize::try_from(length).unwrap()];
    file.read_exact_at(&mut bytes, start).unwrap();
    bytes
}
