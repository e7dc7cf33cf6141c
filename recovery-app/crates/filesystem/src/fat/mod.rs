//! FAT with 12, 16 and 32-bit entries.
