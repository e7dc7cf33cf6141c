//! Made-up disks.

use block::Extent;
use filesystem::{Kind, State, VolumeInfo};
use hardware::{Bus, DeviceNumber, Disk, Health, KernelPartition, Verdict};
use report::content;
use report::disk::{DiskReport, TableReport, VolumeReport};
use tui::job::{
    BackupId, BackupPlan, BackupRequest, DiskPlan, RestorePlan, RestoreRequest, Source, VolumePlan,
};
use tui::{BackupEntry, Look, Place};

pub const GB: u64 = 1_000_000_000;

/// A disk as the kernel tells it, without partitions.
pub fn disk(name: &str, model: &str, serial: &str, bus: Bus, size: u64) -> Disk {
    Disk {
        path: format!("/dev/{name}").into(),
        name: name.to_owned(),
        number: DeviceNumber { major: 8, minor: u32::from(*name.as_bytes().last().unwrap()) },
        arrival: None,
        model: Some(model.to_owned()),
        vendor: None,
        serial: Some(serial.to_owned()),
        wwn: None,
        bus,
        size,
        logical_sector: 512,
        physical_sector: 512,
        removable: bus == Bus::Usb,
        rotational: false,
        read_only: false,
        usb_megabits: None,
        has_double: false,
        backing_file: None,
        partitions: Vec::new(),
        holders: Vec::new(),
        mounted_at: Vec::new(),
        swap: false,
        health: None,
    }
}

/// A partition, beginning where the one before it ends.
pub fn volume(report: &mut DiskReport, length: u64, info: VolumeInfo) -> &mut VolumeReport {
    let last = report.volumes.last();
    let start = last.map_or(1 << 20, |last| last.start + last.length);
    let number = u32::try_from(report.volumes.len()).unwrap() + 1;
    report.volumes.push(VolumeReport {
        partition: Some(number),
        start,
        length,
        ..VolumeReport::new(format!("partition {number}"), info)
    });
    report.volumes.last_mut().unwrap()
}

pub fn info(kind: Kind, title: &str, label: Option<&str>, used: u64) -> VolumeInfo {
    VolumeInfo {
        label: label.map(str::to_owned),
        used: Some(used),
        state: State::Clean,
        ..VolumeInfo::named(kind, title)
    }
}

pub fn system(kind: Kind, name: &str, used: u64) -> VolumeInfo {
    let title = if kind == Kind::Ntfs { "NTFS" } else { "ext4" };
    VolumeInfo { system: Some(name.to_owned()), ..info(kind, title, None, used) }
}

pub fn health(verdict: Verdict, warnings: &[&str]) -> Health {
    Health {
        verdict,
        temperature: Some(38),
        power_on_hours: Some(4000),
        reallocated_sectors: None,
        pending_sectors: None,
        uncorrected_errors: None,
        percentage_used: Some(3),
        warnings: warnings.iter().map(|warning| (*warning).to_owned()).collect(),
    }
}

/// The kernel's partitions, after those of the report.
pub fn with_partitions(mut disk: Disk, report: &DiskReport) -> Disk {
    let separator =
        if disk.name.ends_with(|letter: char| letter.is_ascii_digit()) { "p" } else { "" };
    disk.partitions = report
        .volumes
        .iter()
        .map(|volume| KernelPartition {
            path: format!("{}{separator}{}", disk.path.display(), volume.partition.unwrap()).into(),
            name: format!("{}{separator}{}", disk.name, volume.partition.unwrap()),
            number: volume.partition.unwrap(),
            extent: Extent::new(volume.start, volume.length),
            read_only: false,
            holders: Vec::new(),
            mounted_at: Vec::new(),
            swap: false,
        })
        .collect();
    disk
}

/// A volume with files, as [`notebook`]'s or a drive's.
pub fn place(device: &str, title: &str, size: u64, free: u64) -> Place {
    Place { device: device.into(), title: title.to_owned(), size, free, ..Place::default() }
}

/// A backup of this disk that lies on `device`.
pub fn entry(device: &str, name: &str, made: &str, (disk, look): &(Disk, Look)) -> BackupEntry {
    let contents = content::of_disk(&look.report);
    let content = contents.iter().filter_map(|content| content.used).sum();
    let model = disk.model.as_deref().unwrap_or("disk");
    BackupEntry {
        id: BackupId { device: device.into(), folder: name.into() },
        name: name.to_owned(),
        fingerprint: "5e0f".repeat(16),
        made: made.to_owned(),
        source: format!("{model}, {}", report::size::on_label(disk.size)),
        disk_size: disk.size,
        logical_sector: disk.logical_sector,
        contents,
        content,
        stored: content / 2,
        lost: 0,
        problem: None,
    }
}

fn told(disk: Disk, report: DiskReport, places: Vec<Place>) -> (Disk, Look) {
    let report =
        DiskReport { table: TableReport { kind: "gpt", id: None }, ..described(&disk, report) };
    (with_partitions(disk, &report), Look { report, places, ..Look::default() })
}

/// The report with what the kernel tells of the disk.
fn described(disk: &Disk, report: DiskReport) -> DiskReport {
    let DiskReport { volumes, health, .. } = report;
    DiskReport { volumes, health, ..DiskReport::listed(disk) }
}

/// A notebook's disk: Windows beside Debian.
pub fn notebook() -> (Disk, Look) {
    let model = "Samsung SSD 970 EVO Plus 500GB";
    let disk = disk("nvme0n1", model, "S4EVNX0R501123A", Bus::Nvme, 500_107_862_016);
    let mut report =
        DiskReport { health: Some(health(Verdict::Good, &[])), ..DiskReport::default() };
    let efi = volume(&mut report, 272 << 20, info(Kind::Fat32, "FAT32", None, 40 << 20));
    efi.type_name = Some("EFI system".to_owned());
    let reserved = volume(&mut report, 16 << 20, VolumeInfo::named(Kind::Unknown, "unknown"));
    reserved.type_name = Some("Microsoft reserved".to_owned());
    volume(&mut report, 330 * GB, system(Kind::Ntfs, "Windows 11 Pro", 212 * GB));
    volume(&mut report, 100 * GB, system(Kind::Ext4, "Debian GNU/Linux 12", 31 * GB));
    volume(&mut report, 8 * GB, VolumeInfo::named(Kind::Swap, "swap"));
    told(disk, report, Vec::new())
}

/// A USB drive with files and backups.
pub fn usb_drive() -> (Disk, Look) {
    let disk = disk("sda", "Elements 25A2", "575834314135374C9F21", Bus::Usb, 2_000_398_934_016);
    let mut report = DiskReport::default();
    volume(&mut report, 2_000_396_000_000, info(Kind::ExFat, "exFAT", Some("Backups"), 700 * GB));
    let backups = [
        ("notebook-3", "2026-11-23 21:04", &notebook()),
        ("notebook-2", "2026-08-02 09:30", &notebook()),
        ("old-computer", "2025-12-30 17:11", &failing()),
    ];
    let device = "/dev/sda1";
    let place = Place {
        label: Some("Backups".to_owned()),
        backups: backups.map(|(name, made, of)| entry(device, name, made, of)).to_vec(),
        ..place(device, "exFAT", 2_000_396_000_000, 1_300 * GB)
    };
    told(disk, report, vec![place])
}

/// A disk fresh from the shop.
pub fn fresh() -> (Disk, Look) {
    let disk = disk("sdb", "CT1000MX500SSD1", "2210E6160B7C", Bus::Sata, 1_000_204_886_016);
    let mut report =
        DiskReport { health: Some(health(Verdict::Good, &[])), ..DiskReport::default() };
    let nothing = VolumeInfo::named(Kind::Unknown, "unknown");
    report.volumes.push(VolumeReport {
        length: disk.size,
        blank: true,
        ..VolumeReport::new("the whole disk".to_owned(), nothing)
    });
    told_whole(disk, report)
}

fn told_whole(disk: Disk, report: DiskReport) -> (Disk, Look) {
    let table = TableReport { kind: "none", id: None };
    let report = DiskReport { table, ..described(&disk, report) };
    (disk, Look { report, ..Look::default() })
}

/// An old disk that is about to fail, its Windows asleep and encrypted parts on it.
pub fn failing() -> (Disk, Look) {
    let disk = disk("sdc", "TOSHIBA MQ01ABD100", "X3PJT0LGT", Bus::Sata, 1_000_204_886_016);
    let warnings = ["The disk says that it is failing.", "The disk has counted: 512 sectors."];
    let mut report =
        DiskReport { health: Some(health(Verdict::Failing, &warnings)), ..DiskReport::default() };
    let windows = VolumeInfo {
        state: State::Hibernated("Fast Startup".to_owned()),
        ..system(Kind::Ntfs, "Windows 10 Home", 402 * GB)
    };
    volume(&mut report, 600 * GB, windows);
    volume(&mut report, 300 * GB, VolumeInfo::named(Kind::BitLocker, "BitLocker"));
    told(disk, report, Vec::new())
}

/// A stick whose label is as bad as labels get.
pub fn strange() -> (Disk, Look) {
    let name = "Flash\u{1b}[2J\u{7} ✓漢字 Drive — “quoted” with a name that never seems to end";
    let disk = disk("sdd", name, "0", Bus::Usb, 15_376_000_000);
    let mut report = DiskReport::default();
    let label = Some("e\u{301}t\u{e9}\r\n\u{9b}31m 🎁");
    volume(&mut report, 15 * GB, info(Kind::Fat32, "FAT32", label, u64::MAX));
    told(disk, report, Vec::new())
}

/// A server's many disks.
pub fn many() -> Vec<(Disk, Look)> {
    let disk_of = |number: usize| {
        let name = format!("sd{}", char::from(b'a' + u8::try_from(number).unwrap()));
        let disk =
            disk(&name, "ST16000NM000J", &format!("ZR50{number:04}"), Bus::Sas, 16_000_900_661_248);
        let mut report = DiskReport::default();
        let member = VolumeInfo {
            state: State::Member("server:0".to_owned()),
            ..VolumeInfo::named(Kind::LinuxRaid, "Linux RAID 1.2")
        };
        volume(&mut report, 16_000_000_000_000, member);
        told(disk, report, Vec::new())
    };
    (0..24).map(disk_of).collect()
}

/// What a backup of a whole disk of [`notebook`] onto [`usb_drive`] would do.
pub fn backup_plan(request: &BackupRequest) -> BackupPlan {
    let disk_plan = |source: &Source| {
        let volume = |words: &str, read| VolumePlan {
            words: words.to_owned(),
            read: Some(read),
            whole_because: None,
        };
        let mut volumes = vec![
            volume("start-up files", 40 << 20),
            volume("start-up files", 16 << 20),
            volume("Windows 11 Pro, 212 GB used", 212 * GB),
            volume("Debian GNU/Linux 12, 31.0 GB used", 31 * GB),
            volume("swap space", 4096),
        ];
        volumes[1].whole_because = Some("nothing that is known lies there".to_owned());
        DiskPlan {
            disk: source.disk.clone(),
            name: request.name.clone(),
            read: 243 * GB,
            skipped: 257 * GB,
            left_out: 0,
            least: 98 * GB,
            most: 243 * GB,
            volumes,
        }
    };
    BackupPlan {
        disks: request.sources.iter().map(disk_plan).collect(),
        free: 1_300 * GB,
        seconds: Some(2710),
        remarks: Vec::new(),
    }
}

/// What a restore would do, as the computer with these disks tells it.
pub fn restore_plan(request: &RestoreRequest, disks: &[(Disk, Look)]) -> RestorePlan {
    let entries = disks.iter().flat_map(|(_, look)| &look.places).flat_map(|place| &place.backups);
    let entry = entries.clone().find(|entry| entry.id == request.backup).unwrap();
    let (_, target) = disks.iter().find(|(disk, _)| disk.path == request.target.path).unwrap();
    RestorePlan {
        request: request.clone(),
        fingerprint: "5e0f".repeat(16),
        source: entry.source.clone(),
        made: entry.made.clone(),
        source_size: entry.disk_size,
        before: content::of_disk(&target.report),
        held: target.holdings(),
        after: entry.contents.clone(),
        stays: Vec::new(),
        warnings: Vec::new(),
        refusals: Vec::new(),
        content: entry.content,
        stored: entry.stored,
        files: 3,
        word: request.target.confirmation_word(),
    }
}
