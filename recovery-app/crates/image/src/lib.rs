//! The image format: a disk as one valid Zstandard file, with an index.
//!
//! `docs/image-format.md` describes every byte. In short: an image is a sequence of Zstandard
//! frames. Chunks of the disk and holes are ordinary frames, so `zstd -d` alone gives the disk
//! back; everything of ours lies in skippable frames, which `zstd` passes over:
//!
//! ```text
//! header | chunk chunk ... segment | chunk ... segment | ... | manifest | root | seek table
//! ```
//!
//! A **segment** lists the frames before it with their hashes, the **root** lists the segments,
//! and the SHA-256 of the root is the image's fingerprint. The **seek table** is Zstandard's
//! published seekable format. The stream may be cut into **parts** at any byte.
//!
//! [`ImageWriter`] makes an image, [`ImageReader`] opens one. Neither touches a disk: what is in
//! a chunk, and where it goes, is the caller's affair. Memory is bounded by one segment, plus 8
//! bytes for each frame (2 MiB for each TiB of captured data).

mod codec;
mod error;
mod header;
pub mod json;
pub mod manifest;
mod parts;
mod reader;
mod record;
mod root;
mod seek_check;
mod seek_table;
mod segment;
mod skippable;
pub mod text;
mod writer;
mod zero_frame;

pub use codec::{Decoder, Encoder, sha256, stored_checksum};
pub use error::{Damage, ImageError};
pub use header::Header;
pub use manifest::Manifest;
pub use parts::{MOST_PARTS, Part, find_parts, folder_of};
pub use reader::{ImageReader, Segments};
pub use record::{FrameKind, Record, Sha256Hash};
pub use seek_check::{SeekTableCheck, SeekTableFault};
pub use seek_table::MOST_CONTENT_FRAMES;
pub use writer::{FinishedImage, ImageWriter};
pub use zero_frame::{LARGEST_ZERO_FRAME, zero_frame};

/// Bytes of disk address space in a data frame. Holes are cut at its multiples as well.
pub const CHUNK_SIZE: u32 = 4 << 20;

/// The version of the format that is written, and the newest one that is read.
pub const FORMAT_VERSION: u32 = 1;
