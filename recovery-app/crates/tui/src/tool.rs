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

/// The layouts that can be chosen.
pub const LAYOUTS: [Layout; 16] = [
    Layout { name: "us", words: "English, United States (QWERTY)" },
    Layout { name: "uk", words: "English, United Kingdom" },
    Layout { name: "de", words: "German (QWERTZ)" },
    Layout { name: "fr", words: "French (AZERTY)" },
    Layout { name: "es", words: "Spanish" },
    Layout { name: "it", words: "Italian" },
    Layout { name: "pt", words: "Portuguese" },
    Layout { name: "br", words: "Portuguese, Brazil" },
    Layout { name: "se", words: "Swedish" },
    Layout { name: "no", words: "Norwegian" },
    Layout { name: "dk", words: "Danish" },
    Layout { name: "fi", words: "Finnish" },
    Layout { name: "jp", words: "Japanese" },
    Layout { name: "be", words: "Belgian (AZERTY)" },
    Layout { name: "ch", words: "Swiss (QWERTZ)" },
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
