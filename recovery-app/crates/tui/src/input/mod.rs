//! Keys, and a terminal's answers, from the bytes that a terminal sends.

mod decoder;
mod key;

pub use decoder::{Decoder, Input};
pub use key::Key;
