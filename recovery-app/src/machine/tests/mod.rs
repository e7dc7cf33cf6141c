//! The computer behind the screens, with files shown as disks and the filesystems of this system.

mod drives;
mod exchanged;
mod jobs;
mod looking;
mod refusals;
mod unseen;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use engine::{Cancel, Phase};
use hardware::{Disk, Roots};
use tui::job::{
    AtTheEnd, BackupDone, BackupId, BackupPlan, BackupRequest, Compression, Done, FormatRequest,
    NewFilesystem, News, RestoreRequest, Source, Trouble, Work,
};
use tui::{Look, Machine};
use vm::assets::disk::make_gpt;
use vm::{sh, try_sh};

use super::{ThisComputer, drives as our_drives};

/// A file shown as a disk; taken down at the end.
struct LoopDisk {
    node: PathBuf,
    file: PathBuf,
}

impl LoopDisk {
    fn new(file: &Path) -> Self {
        let node = sh(&format!("losetup --find --show {}", file.display())).unwrap();
        Self { node: node.trim().into(), file: file.to_owned() }
    }

    fn disk(&self) -> Disk {
        hardware::disk_at(&Roots::default(), &self.node).unwrap()
    }

    /// Taken out, and another one like it put in the same place: it says the same of itself.
    fn exchange(&self) {
        sh(&format!(
            "losetup --detach {node}; mv {file} {file}.old
             head -c $(stat -c %s {file}.old) /dev/urandom >{file}; losetup {node} {file}",
            node = self.node.display(),
            file = self.file.display()
        ))
        .unwrap();
    }

    /// SHA-256 of all that is on it.
    fn hash(&self) -> String {
        sh(&format!("blockdev --flushbufs {}; sync {}", self.node.display(), self.file.display()))
            .unwrap();
        vm::assets::hash(&self.file).unwrap()
    }
}

impl Drop for LoopDisk {
    fn drop(&mut self) {
        // The kernel keeps the flag for the next file on this loop device.
        let node = self.node.display();
        try_sh(&format!("blockdev --setrw {node}; losetup --detach {node}")).unwrap();
    }
}

/// A computer with a disk, a drive for backups and another disk.
struct Bench {
    computer: ThisComputer,
    /// A GPT disk of 48 MiB: FAT16 and ext4, with files on both.
    old: LoopDisk,
    /// ext4 on the whole drive, labelled Backups, 160 MiB.
    drive: LoopDisk,
    /// 64 MiB of noise.
    new: LoopDisk,
    folder: tempfile::TempDir,
}

/// The ext4 partition of the old disk: first byte and length in MiB.
const EXT: (u64, u64) = (17, 24);

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path();
        let partitions = make_gpt(&place.join("old"), 48, &[(16, "uefi"), (24, "linux")]).unwrap();
        assert_eq!((partitions[1].start, partitions[1].size), (EXT.0 << 20, EXT.1 << 20));
        sh(&format!(
            "cd {}; mkdir tree; head -c 3000000 /dev/urandom >tree/noise; seq 200000 >tree/numbers
             truncate -s 16M fat; mkfs.vfat -F 16 -n EFI fat >/dev/null
             mcopy -i fat tree/numbers ::numbers
             truncate -s 24M ext; mkfs.ext4 -q -L root -d tree ext
             dd if=fat of=old bs=1M seek=1 conv=notrunc,sparse status=none
             dd if=ext of=old bs=1M seek={} conv=notrunc,sparse status=none
             truncate -s 160M drive; mkfs.ext4 -q -L Backups drive
             head -c 64M /dev/urandom >new",
            place.display(),
            EXT.0
        ))
        .unwrap();
        let [old, drive, new] =
            ["old", "drive", "new"].map(|name| LoopDisk::new(&place.join(name)));
        Self { computer: ThisComputer::default(), old, drive, new, folder }
    }

    fn request(&self) -> BackupRequest {
        BackupRequest {
            sources: vec![Source { disk: self.old.disk(), partitions: None }],
            destination: self.drive.node.clone(),
            drive: self.drive.disk(),
            name: "Old computer".to_owned(),
            compression: Compression::Fast,
            verify: true,
            at_the_end: AtTheEnd::Stay,
        }
    }

    fn back_up(&self) -> BackupDone {
        let done = self.work(&Work::BackUp(Box::new(self.request()))).unwrap();
        let Done::BackUp(mut backups) = done else { panic!("{done:?}") };
        backups.remove(0)
    }

    fn backup_id(&self) -> BackupId {
        BackupId { device: self.drive.node.clone(), folder: "Old computer".into() }
    }

    fn restore_request(&self) -> RestoreRequest {
        RestoreRequest { backup: self.backup_id(), target: self.new.disk(), compare: true }
    }

    /// To make a drive ready, agreed to now.
    fn format(&self, disk: &LoopDisk) -> Work {
        let request = FormatRequest {
            disk: disk.disk(),
            filesystem: NewFilesystem::Ext4,
            before: Vec::new(),
            held: self.look(disk).holdings(),
        };
        Work::Format(Box::new(request.confirm(&request.word()).unwrap()))
    }

    /// To put the backup back onto a disk, agreed to now.
    fn restore_onto(&self, disk: &LoopDisk) -> Work {
        let request = RestoreRequest { target: disk.disk(), ..self.restore_request() };
        let plan = self.computer.plan_restore(&request).unwrap();
        Work::Restore(Box::new(plan.confirm(&plan.word).unwrap()))
    }

    fn look(&self, disk: &LoopDisk) -> Look {
        self.computer.look(&disk.disk())
    }

    fn plan_backup(&self, request: &BackupRequest) -> Result<BackupPlan, Trouble> {
        self.computer.plan_backup(request, &Cancel::default())
    }

    fn work(&self, work: &Work) -> Result<Done, Trouble> {
        self.computer.work(work, &|_| (), &Cancel::default())
    }

    /// Does the work and stops it as soon as the phase tells of progress.
    fn stop_in(&self, phase: Phase, work: &Work) -> Result<Done, Trouble> {
        let cancel = Cancel::default();
        let told = |news| match news {
            News::Progress(progress) if progress.phase == phase => cancel.cancel(),
            _ => (),
        };
        self.computer.work(work, &told, &cancel)
    }

    /// Does the work, and runs a command once, as soon as the phase tells of progress.
    fn interrupt_in(&self, phase: Phase, command: &str, work: &Work) -> Result<Done, Trouble> {
        let once = std::sync::Once::new();
        let told = |news| match news {
            News::Progress(progress) if progress.phase == phase => {
                once.call_once(|| drop(sh(command).unwrap()));
            }
            _ => (),
        };
        self.computer.work(work, &told, &Cancel::default())
    }

    /// Does the work; as soon as the phase tells of progress, nothing on the drive for backups can
    /// be read any more, as if it were pulled.
    fn pull_drive_in(&self, phase: Phase, work: &Work) -> Result<Done, Trouble> {
        let point = format!("/run/remetal/drives/{}/", std::process::id());
        let name = self.drive.node.file_name().unwrap().to_string_lossy();
        self.interrupt_in(phase, &format!("xfs_io -r -x -c shutdown {point}{name}"), work)
    }

    /// Does the work, and gives what was told meanwhile.
    fn work_and_hear(&self, work: &Work) -> (Result<Done, Trouble>, Vec<News>) {
        let news = Mutex::new(Vec::new());
        let told = |told| news.lock().unwrap().push(told);
        let end = self.computer.work(work, &told, &Cancel::default());
        (end, news.into_inner().unwrap())
    }

    /// The files of the ext4 partition of a copy of the old disk, as one hash.
    fn files_on(&self, disk: &LoopDisk) -> String {
        sh(&format!(
            "cd {}; rm -rf cut; mkdir cut; sync {disk}
             dd if={disk} of=cut/ext bs=1M skip={} count={} status=none; e2fsck -fn cut/ext >&2
             debugfs -R 'dump noise cut/noise' cut/ext; debugfs -R 'dump numbers cut/numbers' cut/ext
             sha256sum cut/noise cut/numbers",
            self.folder.path().display(),
            EXT.0,
            EXT.1,
            disk = disk.file.display(),
        ))
        .unwrap()
    }

    /// Nothing of ours is mounted on any of the disks.
    fn assert_unmounted(&self) {
        for disk in [&self.old, &self.drive, &self.new] {
            let points = disk.disk().mounted_at;
            assert!(!points.iter().any(|point| our_drives::is_ours(point)), "{points:?}");
        }
    }
}
