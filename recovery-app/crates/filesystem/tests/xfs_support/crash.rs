//! Cuts a volume off in mid-write, and proves a map by destroying all that it calls free.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use filesystem::MapError;

use super::log::records;
use super::{Mounted, Volume};
use crate::common::noise;
use crate::common::{open, scramble_free, sh, try_sh};

/// How the volume is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The filesystem is shut down at one instant, its log flushed before.
    ShutdownFlushed,
    /// The same without flushing.
    Shutdown,
    /// The backing file is copied while the filesystem goes on writing.
    Copy,
}

/// How a trial ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Mapped; all that was promised survived. Holds the source of the map.
    Mapped(String),
    /// Captured whole, for this reason.
    Whole(String),
    /// The copy is not good even with all its bytes. A record that is torn after what it logs was
    /// written home leaves such a volume, which no power cut does.
    TornCopy,
}

/// A file that was written and fsynced.
struct Promise {
    path: PathBuf,
    seed: u64,
    length: usize,
}

/// One trial: load for `time`, a cut, a map, noise in all free bytes, a mount, every fsynced file.
pub fn trial(size: u64, options: &str, cut: Cut, time: Duration, seed: u64) -> Outcome {
    let volume = Volume::make(size, options);
    let mounted = volume.mount();
    let (crashed, promises) = run_load(&volume, mounted, cut, time, seed);
    let map = match filesystem::xfs::allocation(&open(&crashed.path())) {
        Ok(map) => map,
        Err(MapError::Device(error)) => panic!("{error}"),
        Err(error) => return Outcome::Whole(error.to_string()),
    };
    let scrambled = crashed.copy();
    scramble_free(&scrambled.path(), &map.used);
    let Err(complaint) = verify(&scrambled, &promises) else { return Outcome::Mapped(map.source) };
    let control = verify(&crashed, &promises);
    assert!(control.is_err(), "{options} {cut:?} seed {seed}: {complaint}");
    assert_eq!(cut, Cut::Copy, "the filesystem itself fails: {control:?}");
    Outcome::TornCopy
}

/// Like [`trial`], with the newest log record torn besides: what the kernel makes of the volume
/// must not depend on the bytes that the map calls free.
pub fn torn_trial(size: u64, options: &str, time: Duration, seed: u64) -> Outcome {
    let volume = Volume::make(size, options);
    let mounted = volume.mount();
    let (crashed, _) = run_load(&volume, mounted, Cut::Shutdown, time, seed);
    let mut bytes = fs::read(crashed.path()).unwrap();
    let last = *records(&bytes).last().unwrap();
    // The checksum in its header: its data may go on at the start of the log.
    bytes[last.at + 32] ^= 0x5a;
    fs::write(crashed.path(), bytes).unwrap();
    let control = crashed.copy();
    if verify(&control, &[]).is_err() {
        return Outcome::TornCopy;
    }
    let map = match filesystem::xfs::allocation(&open(&crashed.path())) {
        Ok(map) => map,
        Err(error) => return Outcome::Whole(error.to_string()),
    };
    let scrambled = crashed.copy();
    scramble_free(&scrambled.path(), &map.used);
    let (expected, found) = (control.mount().hashes(), scrambled.mount().hashes());
    assert_eq!(found, expected, "{options} seed {seed}");
    assert_eq!(scrambled.repair_complaint(), None, "{options} seed {seed}");
    Outcome::Mapped(map.source)
}

fn run_load(
    volume: &Volume,
    mounted: Mounted,
    cut: Cut,
    time: Duration,
    seed: u64,
) -> (Volume, Vec<Promise>) {
    let stop = AtomicBool::new(false);
    let at = mounted.path().to_owned();
    let mut promises = Vec::new();
    let mut copy = None;
    std::thread::scope(|scope| {
        for worker in 0..2 {
            let (at, stop) = (&at, &stop);
            scope.spawn(move || churn(&at.join(format!("churn{worker}")), stop, seed + worker));
        }
        promises = keep_promises(&at, time, seed);
        match cut {
            Cut::ShutdownFlushed => sh(&format!("xfs_io -x -c 'shutdown -f' {}", at.display())),
            Cut::Shutdown => sh(&format!("xfs_io -x -c shutdown {}", at.display())),
            Cut::Copy => {
                copy = Some(volume.copy());
                String::new()
            }
        };
        stop.store(true, Ordering::Relaxed);
    });
    drop(mounted);
    (copy.unwrap_or_else(|| volume.copy()), promises)
}

/// Fewer kept files would prove nothing, however slow the machine.
const FEWEST: usize = 8;

/// Writes and fsyncs files for `time`; some of them are deleted again.
fn keep_promises(at: &Path, time: Duration, seed: u64) -> Vec<Promise> {
    let folder = at.join("promises");
    fs::create_dir(&folder).unwrap();
    let mut promises = Vec::new();
    let start = Instant::now();
    let mut number = seed << 32;
    while start.elapsed() < time || promises.len() < FEWEST {
        number += 1;
        let length = usize::try_from(number.wrapping_mul(7919) % 90_000 + 1).unwrap();
        let path = folder.join(format!("file{number}"));
        let Ok(mut file) = File::create(&path) else { break };
        let written = file.write_all(&noise(number, length)).and_then(|()| file.sync_all());
        if written.is_err() || number.is_multiple_of(5) {
            let _ = fs::remove_file(&path);
        } else {
            promises.push(Promise { path, seed: number, length });
        }
    }
    let relative = |promise: Promise| Promise {
        path: promise.path.strip_prefix(at).unwrap().to_owned(),
        ..promise
    };
    promises.into_iter().map(relative).collect()
}

/// Creates, grows, truncates, renames and deletes files until told to stop.
fn churn(folder: &Path, stop: &AtomicBool, seed: u64) {
    let _ = fs::create_dir(folder);
    let content = noise(seed, 200_000);
    let mut step = seed.wrapping_mul(31);
    while !stop.load(Ordering::Relaxed) {
        step += 1;
        let slot = step.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        let path = folder.join(format!("d{}", slot % 17)).join(format!("f{}", slot % 701));
        let _ = fs::create_dir(path.parent().unwrap());
        let length = usize::try_from(slot % 199_999).unwrap();
        match slot % 11 {
            0..=4 => drop(fs::write(&path, &content[..length])),
            5 => drop(fs::rename(&path, folder.join(format!("r{}", slot % 301)))),
            6 => drop(File::options().append(true).open(&path).map(|mut f| f.write_all(&content))),
            7 => drop(File::options().write(true).open(&path).map(|f| f.set_len(slot % 9000))),
            _ => drop(fs::remove_file(&path)),
        }
        if slot.is_multiple_of(97) {
            drop(fs::remove_dir_all(path.parent().unwrap()));
        }
    }
}

/// Mounts with replay, compares every promised file, and lets the checker look.
fn verify(volume: &Volume, promises: &[Promise]) -> Result<(), String> {
    {
        let mounted = volume.try_mount()?;
        for promise in promises {
            let content = fs::read(mounted.path().join(&promise.path));
            if content.map_err(|e| e.to_string())? != noise(promise.seed, promise.length) {
                return Err(format!("{} has other content", promise.path.display()));
            }
        }
        // All other files can at least be read.
        let at = mounted.path().display().to_string();
        if !try_sh(&format!("find {at} -type f -print0 | xargs -0r cat > /dev/null"))
            .status
            .success()
        {
            return Err("a file cannot be read".to_owned());
        }
    }
    volume.repair_complaint().map_or(Ok(()), Err)
}
