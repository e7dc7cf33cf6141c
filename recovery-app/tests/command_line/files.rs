//! Backups whose files are joined, cut anew, or no files at all.

use std::fs;

use crate::damage::is_unusable;
use crate::machine::{Bench, VERIFIED, expect};
use crate::support::image::parts;
use crate::support::remetal::text;
use crate::support::shell::sh;

#[test]
fn parts_that_were_joined_or_cut_anew() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify", "--part-size", "1M"]);
    let target = bench.path("new.disk");
    let is_good = || {
        expect(VERIFIED, &["verify", text(&backup)]);
        expect(VERIFIED, &["plan", text(&backup), text(&target)]);
    };
    let files = parts(&backup);
    let folder = backup.display();
    sh(&format!("cd {folder}; cat disk0.img.zst.* >joined; mv joined disk0.img.zst"));
    is_good();
    files.iter().for_each(|file| fs::remove_file(file).unwrap());
    is_good();
    sh(&format!(
        "cd {folder}; split -b 512K -d -a 3 --numeric-suffixes=1 disk0.img.zst disk0.img.zst.
         rm disk0.img.zst"
    ));
    is_good();
}

#[test]
fn parts_that_are_no_files() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify", "--part-size", "1M"]);
    let part = parts(&backup)[1].clone();
    for _ in 0..2 {
        for command in ["mkdir", "mkfifo", "ln -s /dev/zero", "ln -s nowhere"] {
            sh(&format!("rm -rf {0}; {command} {0}", part.display()));
            is_unusable(&bench, &backup, "disk0.img.zst.002: ");
        }
        // Again without the list of parts.
        let _ = fs::remove_file(backup.join("manifest.json"));
    }
}
