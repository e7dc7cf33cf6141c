//! Which bytes of odd disks are captured.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::Command;

use block::double::{ActingDevice, CountingDevice, FaultDevice};
use block::{Access, Caching, Extent, FileDevice};
use engine::{Cancel, EngineError, Survey, SurveyOptions, VolumeCapture, survey};
use partition_table::Table;

const MIB: u64 = 1 << 20;

/// A sparse file that stands for a disk.
struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    fn new(size: u64) -> Self {
        let disk = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::File::create(disk.path()).unwrap().set_len(size).unwrap();
        disk
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    /// Runs a command in which `$D` is the disk and `$P` a file beside it.
    fn run(&self, command: &str) {
        let done = Command::new("bash")
            .args(["-euo", "pipefail", "-c", command])
            .env("D", self.path())
            .env("P", self.folder.path().join("partition"))
            .output()
            .unwrap();
        assert!(done.status.success(), "{command}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn write(&self, offset: u64, bytes: &[u8]) {
        let file = std::fs::OpenOptions::new().write(true).open(self.path()).unwrap();
        file.write_all_at(bytes, offset).unwrap();
    }

    fn open(&self) -> FileDevice {
        FileDevice::open(&self.path(), Access::Read, Caching::Cached).unwrap()
    }

    fn survey(&self) -> Survey {
        survey(&self.open(), &SurveyOptions::default(), &Cancel::default()).unwrap()
    }

    fn survey_of(&self, chosen: &[u32]) -> Result<Survey, EngineError> {
        let partitions = Some(chosen.to_vec());
        survey(&self.open(), &SurveyOptions { partitions, all_sectors: false }, &Cancel::default())
    }
}

/// Puts an NTFS of 64 MiB at `$D`'s byte 1 MiB.
const NTFS_AT_1_MIB: &str = "truncate -s 64M $P; mkfs.ntfs -q -F $P; \
     dd if=$P of=$D bs=1M seek=1 conv=notrunc,sparse status=none";

fn assert_captured_whole(survey: &Survey, size: u64) {
    assert_eq!(survey.layout.table, Table::Doubtful, "{:?}", survey.layout.notes);
    assert!(survey.used.contains(Extent::new(0, size)));
    let notes = &survey.layout.notes;
    assert!(notes.iter().any(|note| note.contains("NTFS at byte 1048576")), "{notes:?}");
}

#[test]
fn an_old_filesystem_of_the_whole_disk_does_not_hide_a_gpt_without_its_first_sectors() {
    let disk = Disk::new(512 * MIB);
    disk.run("mkfs.btrfs -q -f $D; sgdisk -n 1:2048:+64M -t 1:0700 $D");
    disk.run(NTFS_AT_1_MIB);
    disk.write(0, &[0; 34 * 512]);
    assert_captured_whole(&disk.survey(), 512 * MIB);
}

#[test]
fn an_old_filesystem_of_the_whole_disk_does_not_hide_an_mbr_without_its_first_sector() {
    for make in ["mkfs.btrfs -q -f $D", "mkfs.ext4 -q -F $D"] {
        let disk = Disk::new(512 * MIB);
        disk.run(make);
        disk.run(NTFS_AT_1_MIB);
        disk.write(0, &[0; 512]);
        assert_captured_whole(&disk.survey(), 512 * MIB);
    }
}

#[test]
fn an_old_gpt_does_not_make_the_image_of_a_filesystem_on_the_whole_disk_large() {
    let disk = Disk::new(512 * MIB);
    disk.run(
        "sgdisk -n 1:2048:+64M -t 1:0700 $D; dd if=/dev/zero of=$D bs=512 count=34 \
         conv=notrunc status=none; mkfs.btrfs -q -f $D",
    );
    let survey = disk.survey();
    assert_eq!(survey.layout.table, Table::None, "{:?}", survey.layout.notes);
    assert!(survey.used.total() < 64 * MIB);
}

/// Makes `$D` a physical volume of a group of its own, for the commands that follow.
const LVM: &str = r#"
    node=$(losetup -f --show $D); trap 'losetup -d $node' EXIT
    export LVM_SUPPRESS_FD_WARNINGS=1; group=remetal_survey_$$
    lvm() {
        "$1" --driverloaded n --config "devices{use_devicesfile=0 filter=[\"a|^$node$|\",\"r|.*|\"]
            obtain_device_list_from_udev=0} backup{backup=0 archive=0}
            activation{udev_sync=0 udev_rules=0 monitoring=0}" "${@:2}"
    }
    create() { lvm lvcreate -an -Zn -Wn -L $1 -n $2 $group; }
    lvm pvcreate $node; lvm vgcreate $group $node"#;

/// Puts an ext4 of 64 MiB at `$D`'s byte 1 MiB, where the first logical volume starts.
const EXT4_AT_1_MIB: &str = "blockdev --flushbufs $node; rm -f $P; truncate -s 64M $P; \
     mkfs.ext4 -q -F $P; dd if=$P of=$D bs=1M seek=1 conv=notrunc,sparse status=none";

#[test]
fn the_first_logical_volume_of_a_disk_without_a_table_is_no_partition() {
    for size in ["64M", "72M"] {
        let disk = Disk::new(128 * MIB);
        disk.run(&format!("{LVM}; create {size} root; {EXT4_AT_1_MIB}"));
        let survey = disk.survey();
        assert_eq!(survey.layout.table, Table::None, "{size}: {:?}", survey.layout.notes);
        assert_eq!(survey.volumes.len(), 2, "{:?}", survey.volumes);
        assert!(survey.used.total() < 80 * MIB, "{:?}", survey.used);
    }
}

/// Makes a mirror of the volumes image0 and image1, as `lvconvert --type raid1` leaves it where
/// there is a device mapper.
const MIRROR: &str = r#"
    lvm vgcfgbackup -f $P $group
    root='root { id = "Abcdef-Abcd-Abcd-Abcd-Abcd-Abcd-Abcdef" flags = []
        status = ["READ", "WRITE", "VISIBLE"] segment_count = 1
        segment1 { start_extent = 0 extent_count = 16 type = "raid1" device_count = 2 region_size = 4096 raids =
            ["root_rmeta_0", "root_rimage_0", "root_rmeta_1", "root_rimage_1"] } }'
    sed -i -E 's/, "VISIBLE"//; s/^\t\t(image|meta)([01]) \{/root_r\1_\2 {/' $P
    sed -i "s/^\tlogical_volumes {/& ${root//$'\n'/ }/" $P
    lvm vgcfgrestore -f $P $group"#;

#[test]
fn the_first_half_of_a_mirror_of_lvm_is_no_partition() {
    let disk = Disk::new(256 * MIB);
    let volumes = "create 64M image0; create 64M image1; create 4M meta0; create 4M meta1";
    disk.run(&format!("{LVM}; {volumes}; {MIRROR}; {EXT4_AT_1_MIB}"));
    let survey = disk.survey();
    assert_eq!(survey.layout.table, Table::None, "{:?}", survey.layout.notes);
    let places: Vec<&str> = survey.volumes.iter().map(|volume| &volume.place[..]).collect();
    assert_eq!(places, ["the whole disk"]);
    assert!(survey.used.contains(Extent::between(0, 137 * MIB)), "{:?}", survey.used);
    assert!(survey.used.total() < 144 * MIB, "{:?}", survey.used);
}

#[test]
fn a_partition_beyond_the_end_of_the_disk_cannot_be_chosen() {
    let disk = Disk::new(256 * MIB);
    disk.run("sgdisk -n 1:2048:+64M -n 2:160M:+32M $D; truncate -s 128M $D");
    let refusal = disk.survey_of(&[1, 2]).unwrap_err();
    assert!(matches!(refusal, EngineError::Refused { .. }), "{refusal}");
    assert!(refusal.to_string().contains("partition 2 lies beyond the end"), "{refusal}");
    assert_eq!(refusal.guidance(), "Choose among: 1.");
    let notes = disk.survey_of(&[1]).unwrap().layout.notes;
    assert!(notes.contains(&"partition 2 lies beyond the end of the disk".to_owned()), "{notes:?}");
}

#[test]
fn space_outside_of_partitions_is_told_where_it_was_written_to() {
    let disk = Disk::new(256 * MIB);
    disk.run("sgdisk -n 1:2048:+16M -n 2:160M:+16M $D");
    assert_eq!(disk.survey().layout.notes, Vec::<String>::new());
    for (start, length) in [(17, 143), (176, 79)] {
        disk.run(&format!(
            "dd if=/dev/urandom of=$D bs=1M seek={start} count={length} conv=notrunc status=none"
        ));
    }
    let survey = disk.survey();
    let told = "232 MB outside of partitions counts as free and is not in the backup";
    assert!(survey.layout.notes.contains(&told.to_owned()), "{:?}", survey.layout.notes);
    assert!(survey.used.total() < 48 * MIB);

    let options = SurveyOptions { partitions: None, all_sectors: true };
    let survey = engine::survey(&disk.open(), &options, &Cancel::default()).unwrap();
    assert_eq!(survey.layout.notes, Vec::<String>::new());

    let disk = Disk::new(256 * MIB);
    disk.run("sgdisk -n 1:2048:0 $D");
    assert_eq!(disk.survey().layout.notes, Vec::<String>::new());
}

#[test]
fn a_deleted_partition_is_captured_whole() {
    let disk = Disk::new(256 * MIB);
    disk.run("sgdisk -n 1:2048:+64M -n 2:160M:+16M $D");
    disk.run(NTFS_AT_1_MIB);
    disk.run("sgdisk -d 1 -n 3:192M:+16M $D");
    let survey = disk.survey();
    assert!(survey.used.contains(Extent::between(0, 160 * MIB)), "{:?}", survey.used);
    assert!(!survey.used.intersects(Extent::new(180 * MIB, MIB)), "{:?}", survey.used);
    let notes = &survey.layout.notes;
    assert_eq!(notes.len(), 1, "{notes:?}");
    let told = "there is NTFS outside of partitions, at byte 1048576: the space there is captured";
    assert!(notes.iter().any(|note| note.contains(told)), "{notes:?}");
}

/// That a note says `told`, and that all of `gap` is captured.
fn assert_told(disk: &Disk, told: &str, gap: Extent) {
    let survey = disk.survey();
    let notes = &survey.layout.notes;
    assert!(notes.iter().any(|note| note.contains(told)), "{notes:?}");
    assert!(survey.used.contains(gap), "{told}: {:?}", survey.used);
}

#[test]
fn a_deleted_volume_behind_other_deleted_partitions_is_captured() {
    let disk = Disk::new(2048 * MIB);
    disk.run(
        "sgdisk -n 1:2048:+16M -t 1:0c01 -n 2:0:+1800M -n 3:0:0 $D
         truncate -s 1800M $P; mkfs.ntfs -q -f -F $P; head -c 50000000 /dev/urandom > $P.in
         ntfscp $P $P.in file; dd if=$P of=$D bs=1M seek=17 conv=notrunc,sparse status=none
         sgdisk -d 1 -d 2 $D",
    );
    assert_told(&disk, "NTFS outside of partitions, at byte 17825792", Extent::new(0, 1817 * MIB));
}

#[test]
fn a_deleted_volume_is_found_where_the_systems_put_theirs() {
    let behind_another = 40 * 512 + 64 * MIB;
    for (first_partition, start) in [
        // A memory card.
        ("-n 1:900M:+16M", 4 * MIB),
        // Windows, behind 100 and 16 MiB.
        ("-n 1:900M:+16M", 117 * MIB),
        // Linux, behind 512 MiB.
        ("-n 1:900M:+16M", 513 * MIB),
        // macOS, behind 200 MiB, and with 128 MiB between it and the partition before.
        ("-n 1:900M:+16M", 40 * 512 + 200 * MIB),
        ("-a 8 -n 1:40:+64M", behind_another + 128 * MIB),
    ] {
        let disk = Disk::new(1024 * MIB);
        disk.run(&format!(
            "sgdisk {first_partition} $D; truncate -s 64M $P; mkfs.fat $P
             dd if=$P of=$D bs=512 seek={} conv=notrunc,sparse status=none",
            start / 512
        ));
        assert_told(&disk, &format!("at byte {start}:"), Extent::new(start, 64 * MIB));
    }
}

#[test]
fn a_deleted_ntfs_is_found_by_its_last_sector() {
    for (others, size, start) in [
        // Right before the next partition.
        ("-n 1:633M:+16M -n 2:2048:+8M", "300M", 333 * MIB),
        // At the end of the disk, where a GPT and what aligning leaves come behind it.
        ("-n 2:2048:+8M", "690M", 333 * MIB + 512),
    ] {
        let disk = Disk::new(1024 * MIB);
        disk.run(&format!(
            "sgdisk {others} $D; truncate -s {size} $P; mkfs.ntfs -q -f -F $P
             dd if=$P of=$D bs=512 seek={} conv=notrunc,sparse status=none",
            start / 512
        ));
        let told = format!("NTFS outside of partitions, at byte {start}:");
        assert_told(&disk, &told, Extent::new(start, 300 * MIB));
    }
}

#[test]
fn what_was_written_anywhere_outside_of_partitions_is_told() {
    let disk_with = |start, length| {
        let disk = Disk::new(1024 * MIB);
        disk.run("sgdisk -n 1:2048:+48M $D");
        disk.write(start, &vec![7; length]);
        disk
    };
    let told = ["1021 MB outside of partitions counts as free and is not in the backup"];
    // Of a sparse file a single block is found.
    let sparse = disk_with(700 * MIB + 4096, 4096);
    assert_eq!(sparse.survey().layout.notes, told);
    // A disk knows no holes: samples of it are read.
    let disk = FaultDevice::new(disk_with(300 * MIB, 20 << 20).open());
    assert_eq!(
        survey(&disk, &SurveyOptions::default(), &Cancel::default()).unwrap().layout.notes,
        told
    );
}

#[test]
fn little_is_read_of_a_huge_disk() {
    let disk = Disk::new(15 << 40);
    disk.run("sgdisk $(printf -- '-n 0:%s00G:+8M ' {1..40}) $D");
    let counted = CountingDevice::new(disk.open());
    let survey = survey(&counted, &SurveyOptions::default(), &Cancel::default()).unwrap();
    assert_eq!((survey.volumes.len(), survey.layout.notes), (40, Vec::<String>::new()));
    let (reads, bytes) = (counted.reads(), counted.read());
    assert!(reads < 50_000 && bytes < 256 * MIB, "{reads} reads, {bytes} bytes");
}

#[test]
fn a_stop_ends_a_survey_after_the_read_at_hand() {
    const MAKERS: [&str; 5] =
        ["mkfs.ext4 -q -F", "mkfs.btrfs -q -f", "mkfs.xfs -q -f", "mkfs.vfat", "mkfs.ntfs -q -F"];
    let disk = Disk::new(2400 * MIB);
    for (number, make) in (1..).zip(MAKERS) {
        disk.run(&format!(
            "sgdisk -n {number}:{start}M:+310M $D; rm -f $P; truncate -s 310M $P; {make} $P; \
             dd if=$P of=$D bs=1M seek={start} conv=notrunc,sparse status=none",
            start = 350 * number
        ));
    }
    let options = SurveyOptions::default();
    let all = CountingDevice::new(disk.open());
    survey(&all, &options, &Cancel::default()).unwrap();
    // In all of it: the table, what is on each volume and its map, and the gaps.
    for stop_at in (1..all.reads()).step_by(usize::try_from(all.reads() / 60).unwrap().max(1)) {
        let cancel = Cancel::default();
        let stopped = ActingDevice::new(disk.open(), |_, number, _| {
            if number == stop_at {
                cancel.cancel();
            }
        });
        let result = survey(&stopped, &options, &cancel);
        assert!(matches!(result, Err(EngineError::Cancelled)), "{stop_at}: {result:?}");
        assert_eq!(stopped.reads(), stop_at, "reads after the stop");
    }
}

/// Lets the swap space that starts at `offset` hold the memory of a suspended system.
fn suspend(disk: &Disk, offset: u64) {
    disk.write(offset + 4086, b"S1SUSPEND\0");
}

const SUSPENDED: &str = "a system that is suspended to disk may have it open";

fn is_whole_because_suspended(capture: &VolumeCapture) -> bool {
    matches!(capture, VolumeCapture::Whole(reason) if reason == SUSPENDED)
}

#[test]
fn what_a_suspended_system_may_have_open_is_captured_whole() {
    const MAKERS: [(&str, bool); 8] = [
        ("mkswap $P", false),
        ("mkfs.ext4 -q -F $P", false),
        ("mkfs.ext4 -q -F $P; debugfs -w -R 'feature needs_recovery' $P", true),
        ("mkfs.btrfs -q -f $P", true),
        ("mkfs.xfs -q -f $P", false),
        ("mkfs.vfat $P", false),
        ("mkfs.ntfs -q -F $P", true),
        ("mkswap $P", true),
    ];
    let disk = Disk::new(3200 * MIB);
    for (number, (make, _)) in (1..).zip(MAKERS) {
        disk.run(&format!(
            "sgdisk -n {number}:{start}M:+310M $D; rm -f $P; truncate -s 310M $P; {make}; \
             dd if=$P of=$D bs=1M seek={start} conv=notrunc,sparse status=none",
            start = 350 * number
        ));
    }
    let is_mapped = |capture: &VolumeCapture| matches!(capture, VolumeCapture::Mapped { .. });
    assert!(disk.survey().volumes.iter().all(|volume| is_mapped(&volume.capture)));

    suspend(&disk, 350 * MIB);
    let survey = disk.survey();
    let memory = &survey.volumes[0].capture;
    assert!(matches!(memory, VolumeCapture::Whole(why) if why.contains("S1SUSPEND")), "{memory:?}");
    for (volume, (make, is_open)) in survey.volumes.iter().zip(MAKERS).skip(1) {
        let capture = &volume.capture;
        assert_eq!(is_whole_because_suspended(capture), is_open, "{make}: {capture:?}");
        assert_eq!(is_mapped(capture), !is_open, "{make}: {capture:?}");
        assert_eq!(survey.used.contains(volume.extents[0]), is_open, "{make}");
    }

    // Also when the swap space itself is not kept.
    let survey = disk.survey_of(&[4]).unwrap();
    assert!(is_whole_because_suspended(&survey.volumes[3].capture), "{:?}", survey.volumes);
}

#[test]
fn a_physical_volume_with_the_memory_of_a_suspended_system_is_captured_whole() {
    let disk = Disk::new(128 * MIB);
    disk.run(&format!(
        "{LVM}; create 64M swap; blockdev --flushbufs $node; truncate -s 64M $P; mkswap $P
         dd if=$P of=$D bs=1M seek=1 conv=notrunc"
    ));
    assert!(matches!(disk.survey().volumes[0].capture, VolumeCapture::Mapped { .. }));
    suspend(&disk, MIB);
    let survey = disk.survey();
    assert!(is_whole_because_suspended(&survey.volumes[0].capture), "{:?}", survey.volumes);
    assert_eq!(survey.used.total(), 128 * MIB);
}

#[test]
fn a_swap_file_with_the_memory_of_a_suspended_system_is_found() {
    const MAKERS: [&str; 3] = [
        "mkfs.ext4 -q -F -d $P.files $P; debugfs -w -R 'feature needs_recovery' $P",
        "mv $P.files/swapfile $P.files/swap.img; mkfs.ext4 -q -F -d $P.files $P; \
         debugfs -w -R 'feature needs_recovery' $P",
        "mkfs.btrfs -q -f -r $P.files $P",
    ];
    for make in MAKERS {
        for (signature, is_suspended) in [("SWAPSPACE2", false), ("S1SUSPEND\\0", true)] {
            let disk = Disk::new(512 * MIB);
            disk.run(&format!(
                "sgdisk -n 1:1M:+128M -n 2:256M:+128M $D; mkdir $P.files; \
                 head -c 1M /dev/zero > $P.files/swapfile; mkswap $P.files/swapfile; \
                 printf '{signature}' \
                     | dd of=$P.files/swapfile bs=1 seek=4086 conv=notrunc status=none; \
                 truncate -s 128M $P; {make}; \
                 dd if=$P of=$D bs=1M seek=1 conv=notrunc,sparse status=none; \
                 rm $P; truncate -s 128M $P; mkfs.btrfs -q -f $P; \
                 dd if=$P of=$D bs=1M seek=256 conv=notrunc,sparse status=none"
            ));
            for volume in disk.survey().volumes {
                let is_whole = is_whole_because_suspended(&volume.capture);
                assert_eq!(is_whole, is_suspended, "{make}: {volume:?}");
            }
        }
    }
}

/// Asserts that all of a disk is captured because of `reason`, which the notes tell as well.
fn assert_belongs(disk: &Disk, reason: &str) {
    let survey = disk.survey();
    for volume in &survey.volumes {
        let capture = &volume.capture;
        assert_eq!(*capture, VolumeCapture::Whole(reason.to_owned()), "{}", volume.place);
    }
    assert_eq!(survey.used.total(), survey.disk_size);
    let told = format!("{reason}, so all of it is captured");
    assert!(survey.layout.notes.contains(&told), "{:?}", survey.layout.notes);
}

fn captures(survey: &Survey) -> Vec<bool> {
    let is_mapped = |capture: &VolumeCapture| matches!(capture, VolumeCapture::Mapped { .. });
    survey.volumes.iter().map(|volume| is_mapped(&volume.capture)).collect()
}

#[test]
fn a_dynamic_disk_of_windows_is_captured_whole() {
    for table in [
        "printf 'label: dos\\nstart=2048, type=42\\n' | sfdisk -q $D",
        "sgdisk -n 1:2048:0 -t 1:AF9B60A0-1431-4F62-BC68-3311714A69AD $D",
        "sgdisk -n 1:2048:+200M -n 2:0:+1M -t 2:5808C8AA-7E8F-42E0-85D2-E1E90434CFB3 $D",
        // Of a type that hides it.
        "printf 'label: dos\\nstart=2048, type=7\\n' | sfdisk -q $D
         printf PRIVHEAD | dd of=$D bs=512 seek=6 conv=notrunc status=none",
    ] {
        let disk = Disk::new(256 * MIB);
        disk.run(NTFS_AT_1_MIB);
        disk.run(table);
        assert_belongs(&disk, "the disk belongs to a group of Windows dynamic disks");
    }
}

#[test]
fn a_pool_over_the_table_of_a_disk_is_captured_whole() {
    let uberblock = 0x00ba_b10c_u64.to_le_bytes();
    for (table, is_older) in [("dos", false), ("gpt", true)] {
        let disk = Disk::new(256 * MIB);
        disk.run(NTFS_AT_1_MIB);
        disk.run(&format!("printf 'start=2048, size=131072\\n' | sfdisk -q -X {table} $D"));
        assert_eq!(captures(&disk.survey()), [true]);
        disk.write(128 << 10, &uberblock);
        match is_older {
            false => assert_belongs(&disk, "the disk belongs to a pool"),
            true => assert_eq!(captures(&disk.survey()), [true]),
        }
    }
}

/// Puts a superblock of version 0.90 for an array of `kib` at the end of the disk.
fn write_old_md(disk: &Disk, kib: u32) {
    let mut block = [0; 128];
    block[..4].copy_from_slice(&0xa92b_4efc_u32.to_le_bytes());
    block[32..36].copy_from_slice(&kib.to_le_bytes());
    disk.write(256 * MIB - (64 << 10), &block);
}

#[test]
fn the_old_superblock_of_an_array_belongs_to_the_last_partition_if_it_fits() {
    let layouts = |last: &str| {
        let disk = Disk::new(256 * MIB);
        disk.run(NTFS_AT_1_MIB);
        disk.run(&format!(
            "printf 'label: dos\\nstart=2048, size=131072\\n{last}\\n' | sfdisk -q $D"
        ));
        disk
    };
    // Up to the end of the disk, 128 MiB.
    let disk = layouts("start=262144, type=fd");
    for kib in [0, (128 << 10) - 64] {
        write_old_md(&disk, kib);
        assert_eq!(captures(&disk.survey()), [true, false]);
        assert_eq!(disk.survey().volumes[1].info.title, "Linux RAID 0.90");
    }
    let array = "the disk is a member of an array (Linux RAID 0.90)";
    write_old_md(&disk, (256 << 10) - 64);
    assert_belongs(&disk, array);
    // Of a partition that ends before, it is not.
    let disk = layouts("start=262144, size=131072, type=fd");
    write_old_md(&disk, (128 << 10) - 64);
    assert_belongs(&disk, array);
}

#[test]
fn a_mark_at_the_end_of_the_last_partition_is_not_of_the_disk() {
    for (last, is_of_disk) in [("start=262144", false), ("start=262144, size=131072", true)] {
        let disk = Disk::new(256 * MIB);
        disk.run(NTFS_AT_1_MIB);
        disk.run(&format!("printf 'label: dos\nstart=2048, size=131072\n{last}\n' | sfdisk -q $D"));
        disk.write(256 * MIB - 4096 + 60, &0x8374_026b_u32.to_be_bytes());
        match is_of_disk {
            true => assert_belongs(&disk, "the disk belongs to a DRBD device"),
            false => assert_eq!(captures(&disk.survey()), [true, false]),
        }
    }
}

#[test]
fn what_may_be_a_part_of_an_xfs_is_captured_whole() {
    for option in ["-r rtdev=$P.2", "-l logdev=$P.2"] {
        let disk = Disk::new(1200 * MIB);
        disk.run(&format!(
            "sgdisk -n 1:1M:+320M -n 2:330M:+320M -n 3:660M:+320M -n 4:990M:+8M $D
             truncate -s 320M $P $P.2 $P.3; truncate -s 8M $P.4
             mkfs.xfs -q -f {option} $P; mkfs.btrfs -q -f $P.2; mkfs.btrfs -q -f $P.3; mkswap $P.4
             put() {{ dd if=$1 of=$D bs=1M seek=$2 conv=notrunc,sparse status=none; }}
             put $P 1; put $P.2 330; put $P.3 660; put $P.4 990"
        ));
        let survey = disk.survey();
        // The last is too small.
        assert_eq!(captures(&survey), [false, false, false, true], "{option}");
        for volume in &survey.volumes[1..3] {
            let VolumeCapture::Whole(reason) = &volume.capture else { unreachable!() };
            assert_eq!(reason, "an XFS on this disk has a part on another volume, maybe this one");
            assert!(survey.used.contains(volume.extents[0]));
        }
        disk.run("rm $P; truncate -s 320M $P; mkfs.xfs -q -f $P; dd if=$P of=$D bs=1M seek=1 conv=notrunc status=none");
        assert_eq!(captures(&disk.survey()), [true; 4]);
    }
}
