//! How soon the screens are there, beside the least that any system on the same kernel needs.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod support;

use std::path::{Path, PathBuf};
use std::time::Duration;

use support::{BACK_UP, BOOT, iso};
use vm::{Bus, Disk, Machine, sh};

/// What GRUB's menu shows on the serial line, and what is taken for its start.
const GRUB: &str = "GNU GRUB";
/// What the bare system prints when its shell can be used.
const BARE: &str = "bare-shell-ready";
/// So many times as long the screens may take.
const ALLOWED: f64 = 3.0;
/// So often it is measured at most: whatever else this machine does may hold up a start.
const TRIES: usize = 3;

/// The same ISO, with nothing but busybox in its initial file system.
fn bare(folder: &Path) -> PathBuf {
    let (iso, bare) = (iso(), folder.join("bare.iso"));
    sh(&format!(
        "cd {folder}\nmkdir -p root/bin root/dev root/proc\ncp /bin/busybox root/bin/\n\
         ln -s busybox root/bin/sh\n\
         printf '#!/bin/sh\\n/bin/busybox mount -t devtmpfs dev /dev\\n\
         echo {BARE} > /dev/ttyS0\\nexec /bin/sh\\n' > root/init\nchmod 755 root/init\n\
         (cd root && find . | cpio --quiet --create --format newc) > initrd\n\
         xorriso -indev {iso} -outdev {bare} -boot_image any replay \
         -update initrd /boot/initrd.img > xorriso.log 2>&1 || (cat xorriso.log; exit 1)",
        folder = folder.display(),
        iso = iso.canonicalize().unwrap().display(),
        bare = bare.display()
    ))
    .unwrap();
    bare
}

/// The time from GRUB's start until `ready` is there. The menu is not waited for.
fn measure(iso: &Path, ready: impl Fn(&mut Machine)) -> Duration {
    let disc = Disk::new(Bus::Cd, iso);
    let mut machine = Machine::builder("measured").disk(disc).start().unwrap();
    machine.wait_for(GRUB, BOOT).unwrap();
    machine.press("ret").unwrap();
    ready(&mut machine);
    machine.moment_of(GRUB).unwrap().elapsed()
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are to be seen")]
fn the_screens_are_there_in_three_times_the_time_of_a_bare_shell() {
    let folder = vm::scratch().unwrap();
    let bare = bare(folder.path());
    let mut fewest = f64::INFINITY;
    for _ in 0..TRIES {
        let shell = measure(&bare, |machine| machine.wait_for(BARE, BOOT).unwrap());
        let screens = measure(&iso(), |machine| machine.wait_for_screen(BACK_UP, BOOT).unwrap());
        let times = screens.as_secs_f64() / shell.as_secs_f64();
        println!(
            "from GRUB's start: bare shell {:.1} s, screens {:.1} s, {times:.2} times as long",
            shell.as_secs_f64(),
            screens.as_secs_f64()
        );
        fewest = fewest.min(times);
        if fewest <= ALLOWED {
            return;
        }
    }
    panic!("{fewest:.2} times as long as a bare shell");
}
