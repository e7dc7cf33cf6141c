//! Volumes that are mounted for a moment, or for the time of a job.
//!
//! Every process has a folder of its own below [`ROOT`]: on a computer with a screen and a serial
//! line, two of them look at the same disks.

use std::collections::BTreeSet;
use std::ffi::CStr;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use block::{Access, Caching, FileDevice};
use filesystem::Kind;
use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::volume::Volume;

/// Below it is all that this program mounts.
pub const ROOT: &str = "/run/remetal/drives";
/// The end of the name of a file that says of a device whether it is held read-only: see [`Hold`].
const HELD: &str = ".held";

/// True for what this program has mounted, in whatever process.
pub fn is_ours(mount_point: &Path) -> bool {
    mount_point.starts_with(ROOT)
}

/// The path of something below one of our mount points (`ROOT/PROCESS/DEVICE/...`), on its volume;
/// any other path as it is.
pub fn without_mount_point(path: &str) -> String {
    let below = path.strip_prefix(ROOT).map(|rest| rest.splitn(4, '/').nth(3));
    below.flatten().unwrap_or(path).to_owned()
}

/// A mounted volume.
pub struct Mounted {
    folder: PathBuf,
    /// Mounted by us, and not by somebody else before.
    is_own: bool,
    _hold: Option<Hold>,
}

impl Mounted {
    /// Shows the files of a volume without a single write to it. The error is a sentence.
    pub fn reading(volume: &Volume) -> Result<Self, String> {
        if let Some(folder) = &volume.mounted_at {
            return Ok(Self::found(folder));
        }
        let (drivers, options) = reading_options(volume.kind)?;
        let hold = if volume.may_be_cleaned_up() { Some(Hold::of(&volume.device)?) } else { None };
        let flags = MountFlags::RDONLY | MountFlags::NOATIME;
        Self::mount(volume, drivers, flags, options, hold)
    }

    /// Makes the files of a volume writable. The error is a sentence.
    pub fn writing(volume: &Volume) -> Result<Self, String> {
        if let Some(reason) = &volume.not_writable {
            return Err(reason.clone());
        }
        if let Some(folder) = &volume.mounted_at {
            return Ok(Self::found(folder));
        }
        let (drivers, _) = reading_options(volume.kind)?;
        let options = if volume.kind == Kind::Xfs { Some(c"nouuid") } else { None };
        Self::mount(volume, drivers, MountFlags::NOATIME, options, None)
    }

    fn found(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), is_own: false, _hold: None }
    }

    fn mount(
        volume: &Volume,
        drivers: &[&str],
        flags: MountFlags,
        options: Option<&CStr>,
        hold: Option<Hold>,
    ) -> Result<Self, String> {
        let folder = own_folder().join(file_name(&volume.device));
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(&folder).map_err(|error| in_words(&error, volume))?;
        let flags = flags | MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
        let mount = |driver: &&str| mount(&volume.device, &folder, *driver, flags, options);
        let mut results =
            drivers.iter().map(mount).skip_while(|result| *result == Err(Errno::NODEV));
        if let Err(error) = results.next().unwrap_or(Err(Errno::NODEV)) {
            let _ = fs::remove_dir(&folder);
            return Err(in_words(&error.into(), volume));
        }
        Ok(Self { folder, is_own: true, _hold: hold })
    }

    /// Its outermost folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Brings all that was written to stable storage and, if it was mounted by us, unmounts it.
    pub fn finish(mut self) -> io::Result<()> {
        let folder = fs::File::open(&self.folder)?;
        rustix::fs::syncfs(&folder)?;
        drop(folder);
        self.unmount()
    }

    fn unmount(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.is_own, false) {
            return Ok(());
        }
        let result = unmount_patiently(&self.folder);
        // An empty folder does no harm where it stays.
        let _ = fs::remove_dir(&self.folder);
        result
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Whoever wants to know calls `finish`.
        let _ = self.unmount();
    }
}

type Driving = (&'static [&'static str], Option<&'static CStr>);

/// The drivers of a filesystem, of which kernels have one or the other, and the options with which
/// they read and never write: no journal is replayed, no state changed.
fn reading_options(kind: Kind) -> Result<Driving, String> {
    Ok(match kind {
        Kind::Ext2 | Kind::Ext3 | Kind::Ext4 => (&["ext4"], Some(c"noload")),
        // A copy of an attached volume has the same UUID.
        Kind::Xfs => (&["xfs"], Some(c"norecovery,nouuid")),
        Kind::Btrfs => (&["btrfs"], Some(c"rescue=nologreplay")),
        // Linux has had `ntfs3` since 5.15, and a new `ntfs` that takes its place in some kernels.
        Kind::Ntfs => (&["ntfs3", "ntfs"], None),
        Kind::Fat12 | Kind::Fat16 | Kind::Fat32 => (&["vfat"], None),
        Kind::ExFat => (&["exfat"], None),
        other => return Err(format!("The files of {other} cannot be shown.")),
    })
}

fn in_words(error: &io::Error, volume: &Volume) -> String {
    let kind = volume.kind;
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::PERM | Errno::ACCESS) => {
            "Its files can be shown to the administrator only: start Remetal as root.".to_owned()
        }
        Some(Errno::NODEV) => format!("This system has no driver for {kind}."),
        Some(Errno::BUSY) => "Another program is using it.".to_owned(),
        Some(Errno::IO) => "It cannot be read: the drive or its cable is failing.".to_owned(),
        _ => format!("Its files cannot be shown ({kind}: {error})."),
    }
}

/// Something may still be looking: the kernel closes files a moment after their program ends.
fn unmount_patiently(folder: &Path) -> io::Result<()> {
    const TRIES: u32 = 20;
    const PAUSE: Duration = Duration::from_millis(50);
    for _ in 0..TRIES {
        match unmount(folder, UnmountFlags::NOFOLLOW) {
            Err(Errno::BUSY) => std::thread::sleep(PAUSE),
            other => return Ok(other?),
        }
    }
    // It ends when the last file on it is closed.
    unmount(folder, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW)?;
    Err(Errno::BUSY.into())
}

fn own_folder() -> PathBuf {
    Path::new(ROOT).join(std::process::id().to_string())
}

/// The name of a device as that of a file: `cciss/c0d0p1` lies in a folder of `/dev`.
fn file_name(device: &Path) -> String {
    let name = device.strip_prefix("/dev").unwrap_or(device);
    name.to_string_lossy().trim_start_matches('/').replace('/', "!")
}

/// A device that the kernel refuses to write to until this is dropped.
///
/// An ext filesystem that was not closed in order may have files that were deleted while they
/// were open. The kernel removes these at the next mount, also at a read-only one; only a device
/// that is read-only itself keeps it from that (Linux `fs/ext4/orphan.c`).
///
/// The marker is a file that has content while the device is held, and stays, empty, afterwards:
/// by its time, whoever saw the device read-only knows why, even if the hold has ended meanwhile.
struct Hold {
    device: PathBuf,
    marker: Option<PathBuf>,
}

impl Hold {
    fn of(device: &Path) -> Result<Self, String> {
        let fail = |error: &dyn std::fmt::Display| format!("It cannot be protected: {error}.");
        let node = FileDevice::open(device, Access::Read, Caching::Cached)
            .map_err(|error| fail(&error))?;
        if node.is_read_only().map_err(|error| fail(&error))? {
            return Ok(Self { device: device.to_owned(), marker: None });
        }
        let marker = own_folder().join(format!("{}{HELD}", file_name(device)));
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(own_folder()).map_err(|error| fail(&error))?;
        fs::write(&marker, "held").map_err(|error| fail(&error))?;
        let hold = Self { device: device.to_owned(), marker: Some(marker) };
        node.set_read_only(true).map_err(|error| fail(&error))?;
        Ok(hold)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(marker) = &self.marker {
            release(&self.device);
            // At the worst the device is taken for one that is held until this process ends.
            let _ = fs::write(marker, "");
        }
    }
}

/// Lets the kernel write to a device again. A device that is gone needs nothing.
fn release(device: &Path) {
    if let Ok(node) = FileDevice::open(device, Access::Read, Caching::Cached) {
        let _ = node.set_read_only(false);
    }
}

/// The devices that are held read-only, in whatever process, or were at some time since `begin`.
pub fn held_since(begin: SystemTime) -> BTreeSet<PathBuf> {
    // The time of a file is that of the kernel's last tick, at most 10 milliseconds ago.
    const TICK: Duration = Duration::from_millis(10);
    let was_held = |marker: &Path| {
        fs::metadata(marker).is_ok_and(|file| {
            let changed = file.modified().is_ok_and(|changed| changed + TICK >= begin);
            file.len() > 0 || changed
        })
    };
    let processes = entries(Path::new(ROOT)).into_iter();
    let files = processes.flat_map(|process| entries(&process));
    files.filter_map(|file| held_device(&file).filter(|_| was_held(&file))).collect()
}

/// The device that a file is the marker of.
fn held_device(file: &Path) -> Option<PathBuf> {
    let name = file.file_name()?.to_str()?.strip_suffix(HELD)?;
    Some(Path::new("/dev").join(name.replace('!', "/")))
}

/// Undoes what processes have left behind that ended in the middle of something.
pub fn clear_leftovers() {
    for folder in entries(Path::new(ROOT)) {
        let process = folder.file_name().unwrap_or_default();
        if Path::new("/proc").join(process).exists() {
            continue;
        }
        for entry in entries(&folder) {
            match held_device(&entry) {
                Some(device) => {
                    if fs::metadata(&entry).is_ok_and(|marker| marker.len() > 0) {
                        release(&device);
                    }
                    let _ = fs::remove_file(&entry);
                }
                // A folder that is no mount point any more is removed below.
                None => drop(unmount(&entry, UnmountFlags::DETACH)),
            }
            let _ = fs::remove_dir(&entry);
        }
        let _ = fs::remove_dir(&folder);
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().map(|entry| entry.path()).collect()
}
