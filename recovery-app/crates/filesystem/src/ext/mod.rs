//! The second, third and fourth extended filesystems.
