//! What technicians use beside backups.

use std::path::PathBuf;

use hardware::Disk;

/// Something to be done with the computer itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Tool {
    /// The keys mean what is printed on them.
    Keyboard(Layout),
    /// Letters of this size.
    Text(TextSize),
    /// Logs and what is known of the disks, as files on a drive.
    CopyLogs {
        /// The device node of the volume, such as `/dev/sdb1`.
        device: PathBuf,
        /// The drive, for the sentence that tells it.
        drive: Box<Disk>,
    },
}

/// A keyboard layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// As `loadkeys` names it.
    pub name: &'static str,
    /// In words.
    pub words: &'static str,
}

impl Layout {
    /// The one that `loadkeys` knows by this name, or by a longer one for a kind of it
    /// (`de-latin1-nodeadkeys`).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let family = |name: &str| name.split('-').next().unwrap_or_default().to_owned();
        let exact = LAYOUTS.into_iter().find(|layout| layout.name == name);
        exact.or_else(|| LAYOUTS.into_iter().find(|layout| family(layout.name) == family(name)))
    }
}

/// The layouts that can be chosen. The names are those of Debian's package console-data.
pub const LAYOUTS: [Layout; 16] = [
    Layout { name: "us", words: "English, United States (QWERTY)" },
    Layout { name: "uk", words: "English, United Kingdom" },
    Layout { name: "de", words: "German (QWERTZ)" },
    Layout { name: "fr", words: "French (AZERTY)" },
    Layout { name: "es", words: "Spanish" },
    Layout { name: "it", words: "Italian" },
    Layout { name: "pt-latin1", words: "Portuguese" },
    Layout { name: "br-abnt2", words: "Portuguese, Brazil" },
    Layout { name: "se-latin1", words: "Swedish" },
    Layout { name: "no-latin1", words: "Norwegian" },
    Layout { name: "dk-latin1", words: "Danish" },
    Layout { name: "fi", words: "Finnish" },
    Layout { name: "jp106", words: "Japanese" },
    Layout { name: "be-latin1", words: "Belgian (AZERTY)" },
    Layout { name: "sg-latin1", words: "Swiss (QWERTZ)" },
    Layout { name: "pl", words: "Polish" },
];

/// The size of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextSize {
    /// As the screen has it.
    Normal,
    /// Twice as high and wide, where the screen has room.
    Large,
}

/// What there is to know about the computer itself. What is not known is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Version of this program.
    pub version: String,
    /// Maker and model.
    pub computer: Option<String>,
    /// `UEFI, Secure Boot on`.
    pub firmware: Option<String>,
    /// Date and time as the computer's clock has it, `2026-11-24 02:10 UTC`.
    pub clock: Option<String>,
    /// Processor and its cores.
    pub processor: Option<String>,
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Bytes of memory that are free.
    pub free_memory: Option<u64>,
    /// The kernel's version.
    pub kernel: Option<String>,
    /// The battery's charge in percent, when the computer runs on it.
    pub on_battery: Option<u8>,
    /// Disks are hidden behind this kind of controller: `Intel VMD`.
    pub hidden_disks: Option<String>,
    /// The licences of everything on the medium, a line each.
    pub licences: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_is_known_by_the_name_of_a_kind_of_it() {
        let words = |name| Layout::named(name).map(|layout| layout.words);
        assert_eq!(words("de"), Some("German (QWERTZ)"));
        assert_eq!(words("de-latin1-nodeadkeys"), Some("German (QWERTZ)"));
        assert_eq!(words("pt-latin1"), Some("Portuguese"));
        assert_eq!(words("dvorak"), None);
    }
}
