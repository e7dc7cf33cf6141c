//! Pieces that screens are made of.

pub mod bar;
pub mod card;
pub mod chrome;
pub mod entry;
pub mod shelf;
pub mod text;
