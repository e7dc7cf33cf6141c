//! GRUB for BIOS: one image with all it needs, on a CD as the boot image, on a stick behind the
//! first sector.

use std::fs;
use std::path::{Path, PathBuf};

use super::search;
use crate::archive::Unpacked;
use crate::cache::{Cache, Key};
use crate::command::run;
use crate::error::{BuildError, Doing, Result};
use crate::toolkit::Toolkit;

/// Where the boot image lies on the ISO.
pub(crate) const BIOS_IMAGE: &str = "boot/grub/bios.img";

/// What GRUB does for BIOS is in modules; these are built in, so that none need be looked for.
const MODULES: [&str; 27] = [
    "all_video",
    "biosdisk",
    "chain",
    "configfile",
    "drivemap",
    "echo",
    "gfxterm",
    "halt",
    "iso9660",
    "linux",
    "linux16",
    "minicmd",
    "normal",
    "ntldr",
    "part_gpt",
    "part_msdos",
    "probe",
    "reboot",
    "regexp",
    "search",
    "search_fs_file",
    "serial",
    "sleep",
    "smbios",
    "terminal",
    "test",
    "vga",
];

/// The two parts of GRUB for BIOS.
pub(crate) struct Bios {
    /// For the CD.
    pub(crate) image: PathBuf,
    /// The first sector of the stick; it starts the same image.
    pub(crate) boot_sector: PathBuf,
}

impl Bios {
    /// Makes the image; `mark` is the file by which GRUB knows the ISO.
    pub(crate) fn make(
        grub: &Unpacked,
        mark: &str,
        toolkit: &Toolkit,
        cache: &Cache,
    ) -> Result<Self> {
        let modules = grub.folder.join("usr/lib/grub/i386-pc");
        let key =
            Key::default().with(&grub.package.sha256).with(search(mark)).with(MODULES.join(" "));
        let folder = cache.step("boot-bios", toolkit.versions(key), |folder| {
            let config = folder.join("grub.cfg");
            fs::write(&config, search(mark)).doing("writing", &config)?;
            let core = folder.join("core.img");
            let mut command = toolkit.program("grub-mkimage")?;
            command.args(["-O", "i386-pc", "-p", "/boot/grub", "-d"]).arg(&modules);
            command.arg("-c").arg(&config).arg("-o").arg(&core).args(MODULES);
            run(&mut command)?;
            join(&modules.join("cdboot.img"), &core, &folder.join("bios.img"))
        })?;
        let boot_sector = modules.join("boot_hybrid.img");
        if !boot_sector.exists() {
            return Err(BuildError::Package {
                package: grub.package.name.clone(),
                problem: "has no boot_hybrid.img".to_owned(),
            });
        }
        Ok(Self { image: folder.join("bios.img"), boot_sector })
    }
}

fn join(first: &Path, second: &Path, both: &Path) -> Result<()> {
    let mut bytes = fs::read(first).doing("reading", first)?;
    bytes.extend(fs::read(second).doing("reading", second)?);
    fs::write(both, bytes).doing("writing", both)
}
