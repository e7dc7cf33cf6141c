//! `remetal-iso`: builds the bootable ISO from Debian packages and writes it to a stick.

fn main() {}
