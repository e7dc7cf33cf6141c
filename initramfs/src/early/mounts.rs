use std::fs;
use std::path::Path;

use rustix::mount::{MountFlags, mount};

use crate::{InitError, log};

/// What is mounted where, before anything else. The order matters: the log needs `/dev`.
pub(super) const FIRST: [(&str, &str, Option<&std::ffi::CStr>); 4] = [
    ("devtmpfs", "/dev", Some(c"mode=0755")),
    ("proc", "/proc", None),
    ("sysfs", "/sys", None),
    ("tmpfs", "/run", Some(c"mode=0755")),
];

/// What can wait until the system image is the root.
const LATER: [(&str, &str, Option<&std::ffi::CStr>); 3] = [
    ("devpts", "/dev/pts", Some(c"mode=0620,gid=5,ptmxmode=0666")),
    ("tmpfs", "/dev/shm", Some(c"mode=1777")),
    // Says whether the kernel is locked down, and by what.
    ("securityfs", "/sys/kernel/security", None),
];

pub(super) fn kernel_filesystems() {
    for (kind, at, data) in FIRST {
        log::gone_past(kernel_filesystem(kind, at, data));
    }
    let _ = fs::create_dir_all(log::FOLDER);
    // Without this, the kernel drops what we say beyond ten lines in five seconds.
    let _ = fs::write("/proc/sys/kernel/printk_devkmsg", "on");
}

pub(super) fn after_switch() {
    for (kind, at, data) in LATER {
        log::gone_past(kernel_filesystem(kind, at, data));
    }
}

fn kernel_filesystem(kind: &str, at: &str, data: Option<&std::ffi::CStr>) -> Result<(), InitError> {
    let at = Path::new(at);
    // The kernel makes those below /sys itself, and nobody else can.
    let _ = fs::create_dir_all(at);
    let devices = kind.starts_with("dev");
    let flags = if devices { MountFlags::NOSUID } else { MountFlags::NOSUID | MountFlags::NODEV };
    match mount(kind, at, kind, flags, data) {
        // Mounted by the kernel already.
        Err(rustix::io::Errno::BUSY) => Ok(()),
        result => result.map_err(|error| InitError::mount(kind, at, error)),
    }
}
