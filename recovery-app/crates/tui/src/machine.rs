use std::ops::ControlFlow;

use hardware::Disk;
use report::disk::DiskReport;

/// The computer, as the screens know it. The program puts the real one behind it, tests a made-up
/// one.
///
/// All of it is called on threads of its own and may take as long as a disk takes.
pub trait Machine: Send + Sync + 'static {
    /// Tells the disks at once and then whenever they change, until `seen` breaks off. Must not
    /// wait for a disk: no more than the kernel knows is told.
    fn watch(&self, seen: &mut dyn FnMut(DisksSeen) -> ControlFlow<()>);

    /// Looks at what is on a disk. May hang as long as the disk does.
    fn look(&self, disk: &Disk) -> Look;

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
}

impl From<Vec<Disk>> for DiskList {
    fn from(disks: Vec<Disk>) -> Self {
        Self { disks, touched: Vec::new() }
    }
}

/// What was found on a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The disk and what is on it.
    pub report: DiskReport,
    /// How many backups are on it, where its files can be seen; `None` where they cannot.
    pub backups: Option<usize>,
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
