use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
use rustix::mount::{MountFlags, mount};
use rustix::process::{Pid, Signal, kill_process};

use super::power_button;
use crate::options::Options;
use crate::{guard, log};

/// What has to be right before the first driver is loaded.
pub(super) fn set_up(options: &Options) {
    log::gone_past(rustix::system::sethostname(b"remetal"));
    // Without this, the kernel would rather end us than a program that takes all memory.
    let _ = fs::write("/proc/self/oom_score_adj", "-900");
    // Card readers and the like do not tell of a new medium: the kernel has to ask, in
    // milliseconds. Elsewhere udev switches that on.
    log::gone_past(fs::write("/sys/module/block/parameters/events_dfl_poll_msecs", "900"));
    if options.verbose {
        let _ = fs::write("/proc/sys/kernel/printk", "7");
    }
    make_static_nodes();
    power_button::attend_present();
}

/// The consoles are somebody else's from now on: only a kernel that falls writes to them. Whatever
/// fails on a disk is critical to the kernel, and comes just when the program has something to say
/// about it; the log on tty4 has it. Level 0 would keep emergencies away as well, but then a kernel
/// that falls is silent: the program draws anew what they have written over.
pub(super) fn quieten_kernel() {
    let _ = fs::write("/proc/sys/kernel/printk", "1");
}

/// What nobody waits for.
pub(super) fn set_up_later() {
    guard::spawn("set up later", || {
        if Path::new("/sys/firmware/efi").exists() {
            let at = "/sys/firmware/efi/efivars";
            let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
            let mounted = mount("efivarfs", at, "efivarfs", flags, None);
            log::gone_past(mounted.map_err(|error| format!("mounting {at}: {error}")));
        }
        let mut network = Command::new("/bin/busybox");
        network.args(["ip", "link", "set", "lo", "up"]).stdin(Stdio::null());
        let done = network.output().map_err(|error| format!("starting busybox: {error}"));
        log::gone_past(done);
    });
}

/// Makes the nodes that load a driver when they are opened, such as `/dev/mapper/control`. The
/// list comes from depmod: name of the module, name of the node, `b` or `c` and its numbers.
fn make_static_nodes() {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    let list = format!("/lib/modules/{release}/modules.devname");
    for (node, number) in
        fs::read_to_string(list).unwrap_or_default().lines().filter_map(static_node)
    {
        let path = Path::new("/dev").join(node);
        if let Some(folder) = path.parent() {
            let _ = fs::create_dir_all(folder);
        }
        let kind = FileType::CharacterDevice;
        let made = mknodat(CWD, &path, kind, Mode::RUSR | Mode::WUSR, number);
        if let Err(error) = made
            && error != rustix::io::Errno::EXIST
        {
            log::warning(format_args!("making {}: {error}", path.display()));
        }
    }
}

fn static_node(line: &str) -> Option<(&str, u64)> {
    let mut fields = line.split_whitespace();
    let node = fields.nth(1).filter(|_| !line.starts_with('#'))?;
    let (major, minor) = fields.next()?.strip_prefix('c')?.split_once(':')?;
    let outside = node.starts_with('/') || node.contains("..");
    (!outside).then_some((node, makedev(major.parse().ok()?, minor.parse().ok()?)))
}

/// Asks PID 1 to end the machine. Always true.
pub(super) fn ask_keeper(signal: Signal) -> bool {
    log::gone_past(kill_process(Pid::INIT, signal));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_read_from_depmods_list() {
        let node = |line| static_node(line);
        assert_eq!(
            node("dm_mod mapper/control c10:236"),
            Some(("mapper/control", makedev(10, 236)))
        );
        assert_eq!(node("# Device nodes to trigger on-demand module loading."), None);
        assert_eq!(node("x ../etc/passwd c1:3"), None);
        assert_eq!(node("floppy fd0 b2:0"), None, "block devices appear by themselves");
        assert_eq!(node("x y c1"), None);
        assert_eq!(node(""), None);
    }
}
