//! Skippable frames (RFC 8878, section 3.1.2): where everything of ours lies.

use crate::record::le32;

/// The magic number of all our skippable frames, one of the sixteen that the format offers.
pub(crate) const MAGIC: u32 = 0x184D_2A52;

/// Bytes before the content: magic number and length.
pub(crate) const PREFIX: usize = 8;

/// Most bytes of a root or manifest frame, to bound what a reader allocates.
pub(crate) const LARGEST_STRUCTURE: u64 = 64 << 20;

/// What one of our frames is: the first eight bytes of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    Header,
    Segment,
    Manifest,
    Root,
}

impl Tag {
    pub(crate) fn bytes(self) -> [u8; 8] {
        *match self {
            Self::Header => b"RMTLHEAD",
            Self::Segment => b"RMTLSEGM",
            Self::Manifest => b"RMTLMANI",
            Self::Root => b"RMTLROOT",
        }
    }
}

/// The frame with `magic` around `content`.
pub(crate) fn wrap(magic: u32, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    let mut frame = Vec::with_capacity(PREFIX + content.len());
    frame.extend(magic.to_le_bytes());
    frame.extend(length.to_le_bytes());
    frame.extend(content);
    frame
}

/// Our frame with `tag` before `body`.
pub(crate) fn tagged(tag: Tag, body: &[u8]) -> Vec<u8> {
    wrap(MAGIC, &[&tag.bytes(), body].concat())
}

/// Bytes of the frame that [`tagged`] makes of a body of `body` bytes.
pub(crate) fn tagged_size(body: usize) -> u64 {
    (PREFIX + 8 + body) as u64
}

/// The body of a frame made by [`tagged`], or what is wrong with it.
pub(crate) fn untag(tag: Tag, frame: &[u8]) -> Result<&[u8], String> {
    if le32(frame, 0) != MAGIC {
        return Err("its magic number is wrong".to_owned());
    }
    let content = frame.get(PREFIX..).unwrap_or_default();
    if le32(frame, 4) as usize != content.len() {
        return Err("its length is wrong".to_owned());
    }
    content.strip_prefix(&tag.bytes()).ok_or_else(|| "it is not what the index says".to_owned())
}
