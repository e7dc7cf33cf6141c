//! Settings of tools that Debian's packages leave to scripts of their installation, or that are
//! other than Debian's because neither udev nor systemd runs here.

use std::io::Read;
use std::path::Path;

use crate::error::{Doing, Result};
use crate::tree::{Node, Tree};

/// LVM asks udev for devices and waits for it, unless it is told otherwise.
const LVM: &str = "\
devices {
    obtain_device_list_from_udev = 0
    external_device_info_source = \"none\"
    use_devicesfile = 0
}
activation {
    udev_sync = 0
    udev_rules = 0
    monitoring = 0
}
backup {
    backup = 0
    archive = 0
}
";

/// For shells. mdadm and libdevmapper make their own nodes when they need not wait for udev.
const PROFILE: &str = "\
export PATH=/usr/sbin:/usr/bin LANG=C.UTF-8 EDITOR=nano
export DM_DISABLE_UDEV=1 MDADM_NO_UDEV=1
";

/// Where packages have certificates, and where programs look for them.
const CERTIFICATES: &str = "usr/share/ca-certificates/";
const ALL_CERTIFICATES: &str = "etc/ssl/certs/ca-certificates.crt";

/// Adds the settings; the files of the packages must be there.
pub(super) fn add_settings(tree: &mut Tree) -> Result<()> {
    tree.put_bytes("etc/lvm/lvm.conf", LVM);
    tree.put_bytes("etc/profile", PROFILE);
    tree.put_bytes("root/.bashrc", PROFILE);
    let mut all = Vec::new();
    for (path, node) in tree.iter().filter(|(path, _)| path.starts_with(CERTIFICATES)) {
        if let Node::File(content, _) = node {
            content.open()?.1.read_to_end(&mut all).doing("reading", Path::new(path))?;
        }
    }
    if !all.is_empty() {
        tree.put_bytes(ALL_CERTIFICATES, all);
    }
    Ok(())
}
