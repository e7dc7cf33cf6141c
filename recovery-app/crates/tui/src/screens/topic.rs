//! What the pages say.

use crate::machine::Surroundings;

/// What a page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Where the shells are.
    Shell,
    /// Explains the home screen.
    AboutHome,
    /// Explains a screen, paragraph by paragraph.
    About(&'static [&'static str]),
}

impl Topic {
    pub fn title(self) -> &'static str {
        match self {
            Self::Shell => "Shell",
            Self::AboutHome | Self::About(_) => "Help",
        }
    }

    pub fn paragraphs(self, surroundings: Surroundings) -> Vec<&'static str> {
        match self {
            Self::Shell => SHELL.to_vec(),
            Self::AboutHome if surroundings == Surroundings::Serial => [HOME, SERIAL].concat(),
            Self::AboutHome => HOME.to_vec(),
            Self::About(paragraphs) => paragraphs.to_vec(),
        }
    }
}

const SHELL: &[&str] = &[
    "A shell is a place to type commands. One is open already on another console:",
    "Alt+F2 goes to it (Alt+F3 to a second one, Alt+F4 to the log).",
    "Alt+F1 comes back here. Nothing is lost by going back and forth.",
];

const HOME: &[&str] = &[
    "Remetal saves all of a disk to another drive, and puts it back, on the same disk or on a new \
     one. Nothing is written to any disk while you look around here.",
    "Each card is a disk of this computer, known by its model, its size, and the end of the serial \
     number that is printed on its label. The bar shows what is where on it: each part as wide as \
     it is large, and filled as far as it is used.",
    "Drives that you attach appear by themselves, and disappear when they are taken out.",
    "A disk that does not answer is still being asked. One that stays silent may be failing, or \
     its cable is loose.",
    "If a built-in disk is missing here, it may be hidden by a setting of the computer's own setup \
     program: look there for 'Intel VMD', 'RST' or 'RAID', and choose 'AHCI' for as long as you \
     work with Remetal.",
    "Move with the arrow keys or Tab, or with first letters. Enter does what is marked with an \
     arrow. Ctrl+L draws the screen again.",
];

const SERIAL: &[&str] =
    &["This is a serial line: the shell opens in place of this screen, and 'exit' comes back."];
