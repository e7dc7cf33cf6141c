//! LVM2 physical volumes.
