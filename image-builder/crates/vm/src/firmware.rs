//! What starts a machine.

use std::fmt;
use std::fs;
use std::path::Path;

use crate::error::Error;

/// The firmware of a machine; that of UEFI has no boot entries of its own at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firmware {
    /// SeaBIOS.
    Bios,
    /// OVMF without Secure Boot.
    Uefi,
    /// OVMF that starts only what Microsoft's keys have signed.
    SecureBoot,
}

impl Firmware {
    /// All of them.
    pub const ALL: [Firmware; 3] = [Firmware::Bios, Firmware::Uefi, Firmware::SecureBoot];

    /// Code and variables, as Debian's package `ovmf` has them.
    fn files(self) -> Option<[&'static str; 2]> {
        match self {
            Firmware::Bios => None,
            Firmware::Uefi => {
                Some(["/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"])
            }
            Firmware::SecureBoot => Some([
                "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd",
                "/usr/share/OVMF/OVMF_VARS_4M.ms.fd",
            ]),
        }
    }

    /// QEMU's arguments; the variables are copied into `folder`, where the machine may change
    /// them.
    pub(crate) fn arguments(self, folder: &Path) -> Result<Vec<String>, Error> {
        let Some([code, variables]) = self.files() else {
            return Ok(["-machine", "q35"].map(str::to_owned).to_vec());
        };
        let own = folder.join("variables");
        fs::copy(variables, &own).map_err(Error::file("copy", Path::new(variables)))?;
        // Only code in system management mode may write the variables: without it Secure Boot
        // could be switched off by any kernel.
        let secure = if self == Firmware::SecureBoot { "on" } else { "off" };
        Ok(vec![
            "-machine".to_owned(),
            "q35,smm=on".to_owned(),
            "-global".to_owned(),
            format!("driver=cfi.pflash01,property=secure,value={secure}"),
            "-drive".to_owned(),
            format!("if=pflash,format=raw,unit=0,readonly=on,file={code}"),
            "-drive".to_owned(),
            format!("if=pflash,format=raw,unit=1,file={}", own.display()),
        ])
    }
}

impl fmt::Display for Firmware {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Firmware::Bios => "BIOS",
            Firmware::Uefi => "UEFI",
            Firmware::SecureBoot => "UEFI with Secure Boot",
        })
    }
}
