//! `remetal`: captures whole-disk images of offline computers and restores them.

fn main() {}
