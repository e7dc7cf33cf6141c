//! The terminal: what it can show, how it is drawn on, how it is left.

mod backend;
pub mod glyphs;
mod probe;
mod profile;
mod raw;

pub use backend::ConsoleBackend;
pub use probe::{Probe, QUERY, QUERY_SIZE};
pub use profile::{Colours, Glyphs, Profile};
pub use raw::{RawMode, restore, restore_on_panic, size};
