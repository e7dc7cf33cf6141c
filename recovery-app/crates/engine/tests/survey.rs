//! Which bytes of odd disks are captured.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::Command;

use block::{Access, Caching, Extent, FileDevice};
use engine::{EngineError, Survey, SurveyOptions, survey};
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
        survey(&self.open(), &SurveyOptions::default()).unwrap()
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
    let survey_of = |chosen: &[u32]| {
        let partitions = Some(chosen.to_vec());
        survey(&disk.open(), &SurveyOptions { partitions, all_sectors: false })
    };
    let refusal = survey_of(&[1, 2]).unwrap_err();
    assert!(matches!(refusal, EngineError::Refused { .. }), "{refusal}");
    assert!(refusal.to_string().contains("partition 2 lies beyond the end"), "{refusal}");
    assert_eq!(refusal.guidance(), "Choose among: 1.");
    let notes = survey_of(&[1]).unwrap().layout.notes;
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
    let survey = engine::survey(&disk.open(), &options).unwrap();
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
