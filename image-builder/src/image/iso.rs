//! The ISO: a CD for BIOS and UEFI, and a disk for both when it is written to a stick.

use std::path::{Path, PathBuf};

use initramfs::layout;

use crate::boot::BIOS_IMAGE;
use crate::command::run;
use crate::error::Result;
use crate::tree::Tree;
use crate::workshop::Workshop;

/// What an ISO is made of.
pub(crate) struct IsoParts<'a> {
    /// The files on it.
    pub(crate) files: &'a Tree,
    /// What a BIOS starts from a stick: the first sector.
    pub(crate) boot_sector: &'a Path,
    /// What UEFI starts from: a FAT filesystem.
    pub(crate) esp: &'a Path,
    /// The time of everything, in seconds since 1970.
    pub(crate) epoch: u32,
}

/// Makes the ISO; returns where it lies.
pub(crate) fn make_iso(parts: &IsoParts<'_>, workshop: &Workshop) -> Result<PathBuf> {
    let toolkit = &workshop.toolkit;
    let key = parts.files.key()?.with_file(parts.boot_sector)?.with_file(parts.esp)?;
    let key = key.with(parts.epoch.to_string()).with(arguments(parts).join(" "));
    let name = "remetal.iso";
    let folder = workshop.cache.step("iso", toolkit.versions(key), |folder| {
        let staged = folder.join("files");
        parts.files.write_to(&staged)?;
        let mut command = toolkit.program("xorriso")?;
        // xorriso takes its dates and identifiers from here.
        command.env("SOURCE_DATE_EPOCH", parts.epoch.to_string());
        command.args(["-as", "mkisofs", "-o"]).arg(folder.join(name));
        command.args(arguments(parts)).arg("--grub2-mbr").arg(parts.boot_sector);
        command.args(["-append_partition", "2", "0xef"]).arg(parts.esp).arg(&staged);
        run(&mut command)?;
        crate::error::Doing::doing(std::fs::remove_dir_all(&staged), "removing", &staged)
    })?;
    Ok(folder.join(name))
}

fn arguments(parts: &IsoParts<'_>) -> Vec<String> {
    let date = format!("={}", parts.epoch);
    let text = [
        // Long names, and everything belongs to root.
        "-r",
        "-V",
        layout::ISO_LABEL,
        "--set_all_file_dates",
        &date,
        // BIOS, from a CD.
        "-b",
        BIOS_IMAGE,
        "-no-emul-boot",
        "-boot-load-size",
        "4",
        "-boot-info-table",
        "--grub2-boot-info",
        // Some BIOSes start a stick only when one of its partitions is marked.
        "--mbr-force-bootable",
        // UEFI, from a CD and from a stick: the same partition behind the files.
        "-appended_part_as_gpt",
        "-eltorito-alt-boot",
        "-e",
        "--interval:appended_partition_2:all::",
        "-no-emul-boot",
    ];
    text.map(str::to_owned).to_vec()
}
