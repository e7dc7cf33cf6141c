//! The btrfs map against real filesystems.

mod common;
use common::*;

#[test]
fn first() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("image");
    sparse_file(&image, 512 << 20);
    sh(&format!("mkfs.btrfs -q -L hello {}", image.display()));
    let volume = open(&image);
    println!("{:?}", filesystem::btrfs::probe(&volume));
    let map = filesystem::btrfs::allocation(&volume).unwrap();
    println!("{:?}", map);
    let theirs = partclone_map("btrfs", &image);
    println!("theirs {:?}", theirs);
}
