use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;

use engine::{Cancel, Unfinished};
use hardware::Disk;
use report::content::Content;
use report::disk::DiskReport;

use crate::holdings::Holdings;
use crate::job::{
    BackupId, BackupPlan, BackupRequest, Done, News, RestorePlan, RestoreRequest, Trouble, Work,
};
use crate::occupation::Occupation;
use crate::tool::{Facts, Tool};

/// The computer, as the screens know it. The program puts the real one behind it, tests a made-up
/// one.
///
/// All of it is called on threads of its own and may take as long as a disk takes.
pub trait Machine: Send + Sync + 'static {
    /// Tells the disks at once and then whenever they change, until `seen` breaks off. Must not
    /// wait for a disk: no more than the kernel knows is told.
    fn watch(&self, seen: &mut dyn FnMut(DisksSeen) -> ControlFlow<()>);

    /// Looks at what is on a disk. May hang as long as the disk does. Writes nothing.
    fn look(&self, disk: &Disk) -> Look;

    /// What a backup would do. Writes nothing, and lets the disks go soon after `cancel` asks for
    /// it.
    fn plan_backup(&self, request: &BackupRequest, cancel: &Cancel) -> Result<BackupPlan, Trouble>;

    /// What a restore would do. Writes nothing.
    fn plan_restore(&self, request: &RestoreRequest) -> Result<RestorePlan, Trouble>;

    /// Does a piece of work, and tells what comes of it meanwhile.
    fn work(
        &self,
        work: &Work,
        told: &(dyn Fn(News) + Sync),
        cancel: &Cancel,
    ) -> Result<Done, Trouble>;

    /// Uses a tool; gives what there is to say about it, in a sentence.
    fn use_tool(&self, tool: &Tool) -> Result<String, String>;

    /// What there is to know about the computer itself.
    fn facts(&self) -> Facts;

    /// What is at work in other processes (on another screen), and what becomes of it when the
    /// computer is ended, a sentence for each.
    fn at_work_elsewhere(&self) -> Vec<String>;

    /// Powers the computer off, or starts it again. Returns when that is under way.
    fn end(&self, end: End) -> Result<(), String>;
}

/// The disks that are there, or why they cannot be told.
pub type DisksSeen = Result<DiskList, String>;

/// The disks that are there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiskList {
    /// All of them, in the order in which they are shown.
    pub disks: Vec<Disk>,
    /// The kernel's names of those whose content may be another one than before.
    pub touched: Vec<String>,
    /// Those that a job in another process has to itself, by the kernel's name.
    pub occupied: BTreeMap<String, Occupation>,
}

impl From<Vec<Disk>> for DiskList {
    fn from(disks: Vec<Disk>) -> Self {
        Self { disks, ..Self::default() }
    }
}

/// What was found on a disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// The disk and what is on it.
    pub report: DiskReport,
    /// Its volumes with files, in the order of the disk.
    pub places: Vec<Place>,
    /// Remetal itself was started from it: it is not overwritten. On a stick that has places beside
    /// Remetal (Ventoy), backups can be found and saved.
    pub is_boot_medium: bool,
    /// Why the kernel refuses writes to it, and what to do, in sentences, where this program has
    /// asked the kernel to.
    pub protected: Option<String>,
}

impl Look {
    /// How many backups are on it, where its files can be seen; `None` where they cannot.
    #[must_use]
    pub fn backups(&self) -> Option<usize> {
        let mut seen = self.places.iter().filter(|place| place.problem.is_none()).peekable();
        seen.peek()?;
        Some(seen.map(|place| place.backups.len()).sum())
    }

    /// What is on it, exactly.
    #[must_use]
    pub fn holdings(&self) -> Holdings {
        Holdings::of(&self.report, &self.places)
    }
}

/// A volume with files. Sizes are bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Its device node, such as `/dev/sdb1`.
    pub device: PathBuf,
    /// Its filesystem: `exFAT`.
    pub title: String,
    /// Its label.
    pub label: Option<String>,
    /// Bytes that it holds.
    pub size: u64,
    /// Bytes that can still be written.
    pub free: u64,
    /// Why its files cannot be seen, in a sentence.
    pub problem: Option<String>,
    /// Why nothing can be written to it, in a sentence.
    pub not_writable: Option<String>,
    /// An operating system is installed on it.
    pub has_system: bool,
    /// The backups in its outermost folder, in those and one below, newest first.
    pub backups: Vec<BackupEntry>,
    /// Not all of its folders were looked through for backups.
    pub is_cut: bool,
    /// What is there of backups that were never finished, by name. The next backup of such a name
    /// replaces it.
    pub unfinished: Vec<Unfinished>,
}

impl Place {
    /// Bytes that can be written once the unfinished backups are replaced.
    #[must_use]
    pub fn room(&self) -> u64 {
        let stored = self.unfinished.iter().map(|unfinished| unfinished.stored);
        stored.fold(self.free, u64::saturating_add)
    }
}

/// A backup, by its manifest. What it says is not proven. Sizes are bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupEntry {
    /// Where it is.
    pub id: BackupId,
    /// Its name.
    pub name: String,
    /// SHA-256 over the image's index, hexadecimal.
    pub fingerprint: String,
    /// When it was made, as `2026-11-23 21:04`, in UTC.
    pub made: String,
    /// The disk that it is of, in one phrase.
    pub source: String,
    /// Size of that disk.
    pub disk_size: u64,
    /// Its logical sectors.
    pub logical_sector: u32,
    /// What was on it, in the order of the disk.
    pub contents: Vec<Content>,
    /// Bytes of content.
    pub content: u64,
    /// Bytes of the backup.
    pub stored: u64,
    /// Places that the old disk could not give.
    pub lost: usize,
    /// Why it cannot be restored, without a full stop. What it says may then be missing: texts are
    /// empty and numbers 0.
    pub problem: Option<String>,
}

/// How the computer is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Powered off.
    PowerOff,
    /// Started again.
    Restart,
}

/// Where the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surroundings {
    /// In the recovery environment, on the computer's own screen; shells are on other consoles.
    Screen,
    /// In the recovery environment, on a serial line.
    Serial,
    /// As a program among others on a running system, which it neither ends nor restarts.
    Guest,
}
