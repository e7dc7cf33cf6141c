//! NTFS volumes that were not unmounted, and damaged ones.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;
mod ntfs_support;

use block::Extent;
use block::double::CountingDevice;
use common::{open, scramble_free, try_sh};
use filesystem::{MapError, State, ntfs};
use ntfs_support::Volume;
use ntfs_support::log::{CLEAR, LogBuilder, SET, Target};

/// A volume with a file, as a crash under Linux's ntfs3 leaves it: marked, and the bitmap does
/// not know the file's clusters yet.
fn lagging() -> (Volume, Extent) {
    let volume = Volume::new(24 << 20, "");
    volume.run("mkdir d && head -c 3000000 /dev/urandom > d/file && head -c 5000 /dev/zero > e");
    let file = volume.content(volume.number("d/file"));
    volume.set_bitmap(file, false);
    volume.mark_dirty();
    (volume, file)
}

#[test]
fn run_lists_make_up_for_a_bitmap_that_lags() {
    let (volume, file) = lagging();
    assert_eq!(volume.state(), State::Dirty("marked as not unmounted".into()));
    let map = volume.allocation().unwrap();
    assert!(map.used.contains(file));
    assert_eq!(
        map.source,
        format!("NTFS $Bitmap and run lists ({} bytes only in run lists)", file.length)
    );
}

#[test]
fn a_mirror_that_differs_is_dirty() {
    let volume = Volume::new(16 << 20, "");
    volume.set_resident(3, 0x70, 10, 4);
    assert_eq!(volume.state(), State::Dirty("$MFTMirr differs from $MFT".into()));
    volume.allocation().unwrap();
}

#[test]
fn a_bitmap_without_the_system_files_is_damage() {
    for file in [1, 2, 6, 7] {
        let volume = Volume::new(16 << 20, "");
        let place = volume.content(file);
        volume.set_bitmap(Extent::new(place.start, volume.layout().cluster), false);
        assert!(matches!(volume.allocation(), Err(MapError::Damaged(_))), "file {file}");
    }
    // A clean volume's file table too; after a crash it may have grown.
    let volume = Volume::new(16 << 20, "");
    volume.set_bitmap(Extent::new(volume.layout().mft, volume.layout().cluster), false);
    assert!(matches!(volume.allocation(), Err(MapError::Damaged(_))));
    volume.mark_dirty();
    assert!(volume.allocation().unwrap().used.contains(volume.content(0)));
}

#[test]
fn a_partition_cut_short_is_damage() {
    let volume = Volume::new(16 << 20, "");
    let file = std::fs::OpenOptions::new().write(true).open(volume.path()).unwrap();
    file.set_len(12 << 20).unwrap();
    assert!(matches!(volume.allocation(), Err(MapError::Damaged(_))));
    assert!(matches!(volume.state(), State::Damaged(_)));
}

#[test]
fn a_run_outside_the_volume_and_a_torn_record_are_damage() {
    for (at, value) in [(0x1fe, 0xff), (0x1c, 0xff), (0x18, 0xff)] {
        let (volume, _) = lagging();
        let record = volume.record_place(volume.number("d/file"));
        volume.write(&[value, 0xee], record.start + at);
        let result = volume.allocation();
        assert!(at == 0x1c || matches!(result, Err(MapError::Damaged(_))), "{at:#x} {result:?}");
    }
    let (volume, file) = lagging();
    let record = volume.record_place(volume.number("d/file"));
    let mut bytes = volume.bytes(record);
    let lcn = u16::try_from(file.start / 4096).unwrap().to_le_bytes();
    let at = bytes.windows(2).rposition(|pair| pair == lcn).unwrap();
    bytes[at + 1] = 0x7f;
    volume.write(&bytes, record.start);
    assert!(matches!(volume.allocation(), Err(MapError::Damaged(_))));
}

#[test]
fn a_volume_cut_off_under_load_keeps_all_that_can_be_read() {
    let volume = Volume::new(32 << 20, "");
    let load = "mkdir d; for round in 1 2 3; do
        for i in $(seq 40); do head -c $((i * 1997)) /dev/urandom > d/$i-$round; sync d/$i-$round; done
        rm -f d/*[05]-*
    done";
    for file in ["d/30-1", "d/20-2"] {
        let copy = volume.cut_off_during(load, file);
        let used = copy.map();
        let before = copy.readable_hashes();
        assert!(before.lines().count() > 10, "the cut was meant to come in the middle");
        scramble_free(&copy.path(), &used);
        assert_eq!(copy.readable_hashes(), before);
        volume.run("rm -r d");
    }
}

/// Puts a log onto an empty volume.
fn with_log(log: &[u8]) -> Volume {
    let volume = Volume::new(24 << 20, "");
    let place = volume.content(2);
    assert!(place.length >= log.len() as u64);
    volume.write(log, place.start);
    volume
}

const LOG: usize = 1 << 20;

/// A log with a checkpoint and then many changes, for clusters 4000 to 4000 + 3 * 200.
fn busy_log(major: u16) -> (LogBuilder, Vec<Extent>) {
    let bitmap = Volume::new(24 << 20, "").content(6).start / 4096;
    let mut log = LogBuilder::new(major, LOG);
    log.record(2, &[0; 0x40]);
    let mut extents = Vec::new();
    let operations = [(SET, 0), (0, SET), (CLEAR, SET), (CLEAR, 0), (SET, CLEAR)];
    for (lcn, (redo, undo)) in (4000..4600).step_by(3).zip(operations.iter().cycle()) {
        log.bits(*redo, *undo, bitmap, lcn, 2);
        extents.push(Extent::new(lcn * 4096, 2 * 4096));
    }
    (log, extents)
}

#[test]
fn clusters_in_an_open_log_are_used() {
    for major in [1, 2] {
        let (log, extents) = busy_log(major);
        for content in [log.build(), log.build_with_last_page_in_copy()] {
            let volume = with_log(&content);
            assert_eq!(volume.state(), State::Dirty("the log was not closed".into()));
            let probe = format!("ntfs-3g.probe --readwrite {}", volume.path().display());
            // ntfs-3g agrees: 15 is unclean, 14 "metadata kept in Windows cache".
            assert_eq!(try_sh(&probe).status.code(), Some(if major == 1 { 15 } else { 14 }));
            let map = volume.allocation().unwrap();
            assert!(extents.iter().all(|extent| map.used.contains(*extent)));
            assert!(!map.used.intersects(Extent::new(4002 * 4096, 4096)));
            assert!(map.source.ends_with("$LogFile"));
        }
    }
}

#[test]
fn a_closed_log_adds_nothing() {
    let (mut log, extents) = busy_log(1);
    log.closed = true;
    let volume = with_log(&log.build());
    assert_eq!(volume.state(), State::Clean);
    assert!(!volume.map().intersects(extents[0]));
}

#[test]
fn only_records_from_the_oldest_needed_count() {
    let (mut log, extents) = busy_log(1);
    log.oldest = log.record(2, &[0; 0x40]);
    let volume = with_log(&log.build());
    assert!(!volume.map().intersects(extents[0]));
}

#[test]
fn run_lists_in_the_log_are_used() {
    let source = Volume::new(24 << 20, "");
    source.run("head -c 50000 /dev/urandom > file");
    let number = source.number("file");
    let extent = source.content(number);
    let bitmap = source.content(6).start / 4096;
    let map_with = |redo, undo, target, payload: &[u8]| {
        let mut log = LogBuilder::new(1, LOG);
        log.record(2, &[0; 0x40]);
        log.change(redo, undo, target, payload);
        with_log(&log.build()).map()
    };
    // Deleting the file in a transaction that was not finished: the record comes back.
    let target = Target { vcn: number / 4, lcn: bitmap, offsets: [0; 3] };
    let record = source.bytes(source.record_place(number));
    assert!(map_with(3, 2, target, &record).contains(extent));
    assert!(!map_with(3, 2, target, &record[..200]).intersects(extent), "it says nothing");
    // Its attribute alone.
    let (at, record) = source.attribute(number, 0x80);
    assert!(map_with(5, 6, target, &record[at..at + 0x48]).contains(extent));
}

#[test]
fn changed_run_lists_are_read_with_the_record_they_change() {
    let volume = Volume::new(24 << 20, "");
    volume.run("head -c 50000 /dev/urandom > file");
    let number = volume.number("file");
    let (at, _) = volume.attribute(number, 0x80);
    let place = volume.record_place(number).start;
    let target = Target {
        vcn: number / 4,
        lcn: place / 4096,
        offsets: [u16::try_from(at).unwrap(), 0x40, u16::try_from(place % 4096 / 512).unwrap()],
    };
    let mut log = LogBuilder::new(1, LOG);
    log.record(2, &[0; 0x40]);
    log.change(9, 9, target, &[0x21, 20, 0xa0, 0x0f, 0]);
    volume.write(&log.build(), volume.content(2).start);
    assert!(volume.map().contains(Extent::new(4000 * 4096, 20 * 4096)));
}

#[test]
fn a_log_that_overwrites_the_bitmap_is_refused() {
    let lcn = Volume::new(24 << 20, "").content(6).start / 4096;
    let mut log = LogBuilder::new(1, LOG);
    log.record(2, &[0; 0x40]);
    log.change(8, 0, Target { lcn, ..Target::default() }, &[0xff; 8]);
    assert!(matches!(with_log(&log.build()).allocation(), Err(MapError::Unsupported(_))));
}

#[test]
fn a_log_that_is_not_understood_or_has_gaps_is_refused() {
    let refuses = |what: &str, log: &[u8]| {
        let volume = with_log(log);
        assert!(matches!(volume.state(), State::Dirty(_)), "{what}");
        assert!(volume.allocation().is_err(), "{what}");
    };
    let (log, _) = busy_log(1);
    let mut content = log.build();
    content[6 * 4096 + 510] ^= 1;
    refuses("a torn page in the middle", &content);

    let mut log = busy_log(1).0;
    log.change(0x77, 0, Target::default(), &[]);
    refuses("an unknown operation", &log.build());

    let mut log = busy_log(1).0;
    log.checkpoint += 1;
    refuses("no checkpoint", &log.build());

    let mut log = busy_log(1).0;
    log.oldest -= 1;
    refuses("no oldest record", &log.build());

    let mut log = busy_log(1).0;
    log.current += 100;
    refuses("no last record", &log.build());

    refuses("an unknown version", &busy_log(0).0.build());
    refuses("neither empty nor a log", &[0; LOG]);

    let mut content = busy_log(1).0.build();
    content[510] ^= 1;
    with_log(&content).allocation().expect("the other restart page serves");
    content[4096 + 510] ^= 1;
    refuses("both restart pages torn", &content);

    let mut log = busy_log(1).0;
    log.closed = true;
    let mut content = log.build();
    content[510] ^= 1;
    refuses("it may have been open", &content);
}

#[test]
fn reading_a_log_of_overlapping_records_ends() {
    for (kind, length) in
        [(1, 100_000), (1, 1_000_000), (1, 20_000), (1, 2_000), (2, 1_000_000), (2, 2_000)]
    {
        let mut log = LogBuilder::new(1, LOG);
        log.overlapping_records(kind, length);
        let volume = with_log(&log.build());
        let device = CountingDevice::new(open(&volume.path()));
        ntfs::allocation(&device).unwrap_err();
        assert!(device.read() < 12 << 20, "{} bytes, {kind}, {length}", device.read());
    }
}

#[test]
fn a_long_record_is_read_whole() {
    let (mut log, _) = busy_log(1);
    log.record(1, &[0; 300_000]);
    let bitmap = Volume::new(24 << 20, "").content(6).start / 4096;
    log.bits(SET, 0, bitmap, 5000, 2);
    assert!(with_log(&log.build()).map().contains(Extent::new(5000 * 4096, 2 * 4096)));
}

#[test]
fn a_crash_behind_the_last_known_record_is_no_gap() {
    let (mut log, extents) = busy_log(1);
    log.current = log.checkpoint;
    let mut content = log.build();
    content[8 * 4096 + 510] ^= 1;
    let used = with_log(&content).map();
    assert!(used.contains(extents[0]));
}
