//! Pieces that screens are made of.

pub mod bar;
pub mod card;
pub mod chrome;
pub mod entry;
pub mod field;
pub mod list;
pub mod scroll;
pub mod shelf;
pub mod text;
