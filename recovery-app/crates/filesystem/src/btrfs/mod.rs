//! Btrfs on one device (single and DUP).
