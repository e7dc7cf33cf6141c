//! What the pages say.

use super::guide;
use super::page::Piece;
use crate::machine::Surroundings;
use crate::state::Shared;

/// What a page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// How a backup is made.
    BackUp,
    /// How a backup is put back.
    Restore,
    /// Where the shells are.
    Shell,
    /// Explains the home screen.
    AboutHome,
    /// Explains the pages on how to do something.
    AboutGuide,
    /// Explains the question before the end.
    AboutEnd,
}

impl Topic {
    pub fn title(self) -> &'static str {
        match self {
            Self::BackUp => "Back up this computer",
            Self::Restore => "Restore this computer",
            Self::Shell => "Shell",
            Self::AboutHome | Self::AboutGuide | Self::AboutEnd => "Help",
        }
    }

    /// The page that explains this one.
    pub fn help(self) -> Option<Self> {
        match self {
            Self::BackUp | Self::Restore | Self::Shell => Some(Self::AboutGuide),
            Self::AboutHome | Self::AboutGuide | Self::AboutEnd => None,
        }
    }

    pub fn pieces(self, shared: &Shared) -> Vec<Piece> {
        match self {
            Self::BackUp => guide::back_up(shared),
            Self::Restore => guide::restore(shared),
            Self::Shell => shell(),
            Self::AboutHome => about_home(shared),
            Self::AboutGuide => about_guide(),
            Self::AboutEnd => about_end(),
        }
    }
}

fn pages(paragraphs: &[&str]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for paragraph in paragraphs {
        pieces.extend([Piece::Text((*paragraph).to_owned()), Piece::Gap]);
    }
    pieces.pop();
    pieces
}

fn shell() -> Vec<Piece> {
    pages(&[
        "A shell is a place to type commands. One is open already on another console:",
        "Alt+F2 goes to it (Alt+F3 to a second one, Alt+F4 to the log).",
        "Alt+F1 comes back here. Nothing is lost by going back and forth.",
    ])
}

fn about_home(shared: &Shared) -> Vec<Piece> {
    let mut pieces = pages(&[
        "Remetal saves all of a disk to another drive, and puts it back, on the same disk or on a \
         new one. Nothing is written to any disk while you look around here.",
        "Each card is a disk of this computer, known by its model, its size, and the end of the \
         serial number that is printed on its label. The bar shows what is where on it: each part \
         as wide as it is large, and filled as far as it is used.",
        "Drives that you attach appear by themselves, and disappear when they are taken out.",
        "A disk that does not answer is still being asked. One that stays silent may be failing, \
         or its cable is loose.",
        "If a built-in disk is missing here, it may be hidden by a setting of the computer's own \
         setup program: look there for 'Intel VMD', 'RST' or 'RAID', and choose 'AHCI' for as long \
         as you work with Remetal.",
        "Move with the arrow keys or Tab, or with first letters. Enter does what is marked with an \
         arrow. Ctrl+L draws the screen again.",
    ]);
    if shared.surroundings == Surroundings::Serial {
        pieces.push(Piece::Gap);
        pieces.extend(pages(&["This is a serial line: the shell opens in place of this screen, \
                               and 'exit' comes back."]));
    }
    pieces
}

fn about_guide() -> Vec<Piece> {
    pages(&[
        "The page says how this is done with commands, made out for the disks that are attached \
         now. It changes by itself when you attach another drive.",
        "A command is a line to be typed exactly as it stands, with Enter at its end. It asks and \
         refuses before it would do harm; if it refuses, it says why and what to do.",
        "Go back and forth between the page and the shell as often as you like.",
    ])
}

fn about_end() -> Vec<Piece> {
    pages(&[
        "Shut down switches the computer off; restart starts it again. What is still to be written \
         to drives is written first.",
        "Take the stick or disc with Remetal out before the computer starts, or Remetal starts \
         again.",
        "If you have restored onto a new disk and the old one still works, take the old one out as \
         well: two disks that say they are the same confuse every system.",
    ])
}
