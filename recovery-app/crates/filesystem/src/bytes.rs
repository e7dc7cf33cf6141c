//! Integers out of on-disk structures, with the check that they lie within what was read.

use crate::MapError;

/// A structure as read from a volume, with its name for errors.
#[derive(Clone, Copy)]
pub(crate) struct Bytes<'a> {
    bytes: &'a [u8],
    name: &'static str,
}

impl<'a> Bytes<'a> {
    pub(crate) fn new(bytes: &'a [u8], name: &'static str) -> Self {
        Self { bytes, name }
    }

    /// `length` bytes from byte `at`.
    pub(crate) fn slice(&self, at: usize, length: usize) -> Result<&'a [u8], MapError> {
        at.checked_add(length).and_then(|end| self.bytes.get(at..end)).ok_or_else(|| {
            MapError::damaged(format!("{}: field at byte {at} lies outside", self.name))
        })
    }

    fn array<const N: usize>(&self, at: usize) -> Result<[u8; N], MapError> {
        let mut array = [0; N];
        array.copy_from_slice(self.slice(at, N)?);
        Ok(array)
    }

    pub(crate) fn u8(&self, at: usize) -> Result<u8, MapError> {
        Ok(u8::from_le_bytes(self.array(at)?))
    }

    pub(crate) fn le16(&self, at: usize) -> Result<u16, MapError> {
        Ok(u16::from_le_bytes(self.array(at)?))
    }

    pub(crate) fn le32(&self, at: usize) -> Result<u32, MapError> {
        Ok(u32::from_le_bytes(self.array(at)?))
    }

    pub(crate) fn le64(&self, at: usize) -> Result<u64, MapError> {
        Ok(u64::from_le_bytes(self.array(at)?))
    }

    pub(crate) fn be16(&self, at: usize) -> Result<u16, MapError> {
        Ok(u16::from_be_bytes(self.array(at)?))
    }

    pub(crate) fn be32(&self, at: usize) -> Result<u32, MapError> {
        Ok(u32::from_be_bytes(self.array(at)?))
    }

    pub(crate) fn be64(&self, at: usize) -> Result<u64, MapError> {
        Ok(u64::from_be_bytes(self.array(at)?))
    }
}
