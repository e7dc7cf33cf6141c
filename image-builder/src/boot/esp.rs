//! What UEFI starts: a FAT filesystem with shim and GRUB, both as Debian signed them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::archive::Unpacked;
use crate::cache::Key;
use crate::command::run;
use crate::error::{BuildError, Doing, Result};
use crate::toolkit::Toolkit;
use crate::workshop::Workshop;

/// Where each program lies in its package, and the name that the one before it looks for. The
/// firmware starts `BOOTX64.EFI`; that is shim, which checks and starts `grubx64.efi`.
const PROGRAMS: [(&str, &str); 3] = [
    ("usr/lib/shim/shimx64.efi.signed", "BOOTX64.EFI"),
    ("usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed", "grubx64.efi"),
    ("usr/lib/shim/mmx64.efi.signed", "mmx64.efi"),
];

/// Room for the structures of the filesystem, in KiB.
const SPARE: u64 = 256;

/// Makes the filesystem; `redirection` is what GRUB does first.
pub(crate) fn make_esp(
    packages: &[Unpacked],
    redirection: &str,
    epoch: u32,
    workshop: &Workshop,
) -> Result<PathBuf> {
    let toolkit = &workshop.toolkit;
    let mut files = Vec::new();
    let mut key = Key::default().with(redirection).with(epoch.to_string());
    for (path, name) in PROGRAMS {
        let found = packages.iter().find_map(|package| package.find(path));
        let file = found.ok_or_else(|| missing(path))?;
        key = key.with(name).with_file(&file)?;
        files.push((file, format!("EFI/BOOT/{name}")));
    }
    let folder = workshop.cache.step("boot-uefi", toolkit.versions(key), |folder| {
        let config = folder.join("grub.cfg");
        fs::write(&config, redirection).doing("writing", &config)?;
        files.push((config, "boot/grub/grub.cfg".to_owned()));
        fill(&folder.join("esp.img"), &files, epoch, toolkit)
    })?;
    Ok(folder.join("esp.img"))
}

fn fill(image: &Path, files: &[(PathBuf, String)], epoch: u32, toolkit: &Toolkit) -> Result<()> {
    let mut size = SPARE << 10;
    for (file, _) in files {
        size += fs::metadata(file).doing("reading", file)?.len();
    }
    let mtools = |name: &str| -> Result<std::process::Command> {
        let mut command = toolkit.program(name)?;
        command.env("SOURCE_DATE_EPOCH", epoch.to_string()).env("MTOOLS_SKIP_CHECK", "1");
        Ok(command)
    };
    let sectors = (size.next_multiple_of(1 << 20) / 512).to_string();
    let serial = format!("{epoch:08x}");
    let mut format = mtools("mformat")?;
    format.arg("-i").arg(image).args(["-C", "-T", &sectors, "-h", "64", "-s", "32"]);
    run(format.args(["-N", &serial, "-v", "REMETAL", "::"]))?;
    for folder in ["EFI", "EFI/BOOT", "boot", "boot/grub"] {
        run(mtools("mmd")?.arg("-i").arg(image).arg(format!("::{folder}")))?;
    }
    for (file, name) in files {
        run(mtools("mcopy")?.arg("-i").arg(image).arg(file).arg(format!("::{name}")))?;
    }
    Ok(())
}

fn missing(path: &str) -> BuildError {
    BuildError::Package {
        package: super::PACKAGES.join(", "),
        problem: format!("none of them has {path}"),
    }
}
