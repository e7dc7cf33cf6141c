//! `initramfs/lists/firmware`

use std::path::Path;

use super::{Line, Patterns, read};
use crate::error::Result;

/// Where firmware is taken from, and for which modules.
pub(crate) struct FirmwareList {
    /// Packages that may have it.
    pub(crate) packages: Vec<String>,
    /// Sections of the module list whose modules get their firmware.
    pub(crate) sections: Vec<String>,
    /// Files that are left out although a module names them.
    pub(crate) left_out: Patterns,
}

impl FirmwareList {
    /// Reads the list from the folder of lists.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let lines = read(folder, "firmware")?;
        let in_section = |name: &'static str| lines.iter().filter(move |line| line.section == name);
        let texts = |name| in_section(name).map(|line| line.text.clone()).collect();
        if let Some(line) = lines.iter().find(|line| !SECTIONS.contains(&line.section.as_str())) {
            return Err(line.wrong(format!("the sections are {}", SECTIONS.join(", "))));
        }
        let pattern = |line: &'_ Line| line.text.clone();
        Ok(Self {
            packages: texts("packages"),
            sections: texts("modules"),
            left_out: Patterns::read(in_section("left out").map(|line| (line, pattern(line))))?,
        })
    }
}

const SECTIONS: [&str; 3] = ["packages", "modules", "left out"];
