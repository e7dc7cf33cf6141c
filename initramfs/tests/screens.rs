//! On which consoles the program appears, and what happens when it ends.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use initramfs::manager::console::{self, Console};
use initramfs::manager::supervision::{End, Supervision};
use initramfs::options::Options;
use tempfile::TempDir;

/// A machine with a screen, four nodes for serial ports and these kernel consoles.
fn machine(active: &str, real_ports: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let terminals = folder.path().join("class/tty");
    for name in ["console", "tty0", "tty1", "tty3", "ttyS0", "ttyS1", "ttyS2", "ttyS3", "hvc0"] {
        fs::create_dir_all(terminals.join(name)).unwrap();
    }
    for name in ["ttyS0", "ttyS1", "ttyS2", "ttyS3"] {
        let kind = if real_ports.contains(&name) { "4\n" } else { "0\n" };
        fs::write(terminals.join(name).join("type"), kind).unwrap();
    }
    fs::write(terminals.join("console/active"), active).unwrap();
    folder
}

fn names(consoles: &[Console]) -> Vec<(&str, bool)> {
    consoles.iter().map(|console| (console.name.as_str(), console.serial)).collect()
}

fn chosen(machine: &TempDir, line: &str) -> Vec<(String, bool)> {
    let consoles = console::for_program(machine.path(), &Options::parse(line));
    consoles.into_iter().map(|console| (console.name, console.serial)).collect()
}

#[test]
fn the_program_appears_on_the_screen_and_on_real_serial_consoles() {
    let usual = machine("ttyS0 tty0\n", &["ttyS0", "ttyS1"]);
    assert_eq!(chosen(&usual, ""), [("tty1".into(), false), ("ttyS0".into(), true)]);
    let without_port = machine("ttyS0 tty0\n", &[]);
    assert_eq!(chosen(&without_port, ""), [("tty1".into(), false)]);
    let hypervisor = machine("hvc0 tty0\n", &[]);
    assert_eq!(chosen(&hypervisor, ""), [("tty1".into(), false), ("hvc0".into(), true)]);
}

#[test]
fn a_machine_that_says_nothing_gets_the_screen() {
    assert_eq!(
        names(&console::for_program(Path::new("/nowhere"), &Options::default())),
        [("tty1", false)]
    );
}

#[test]
fn a_machine_without_screens_uses_the_line_only() {
    let headless = machine("ttyS0\n", &["ttyS0"]);
    fs::remove_dir(headless.path().join("class/tty/tty1")).unwrap();
    assert_eq!(chosen(&headless, ""), [("ttyS0".into(), true)]);
}

#[test]
fn who_chooses_consoles_gets_these_and_results_go_to_the_line_all_the_same() {
    let usual = machine("ttyS0 tty0\n", &["ttyS0", "ttyS1"]);
    let line = "remetal.console=ttyS1,tty3";
    assert_eq!(chosen(&usual, line), [("ttyS1".into(), true), ("tty3".into(), false)]);
    let results = console::for_results(usual.path(), &Options::parse(line));
    assert_eq!(names(&results), [("ttyS1", true), ("tty3", false), ("ttyS0", true)]);
}

#[test]
fn a_console_that_is_not_there_is_told_and_leaves_nobody_without_a_screen() {
    let usual = machine("ttyS0 tty0\n", &["ttyS0"]);
    let told = |line: &str| console::missing(usual.path(), &Options::parse(line));
    let mistyped = "remetal.console=ttys0";
    let expected = [("ttys0", true), ("tty1", false), ("ttyS0", true)];
    assert_eq!(chosen(&usual, mistyped), expected.map(|(name, line)| (name.to_owned(), line)));
    assert_eq!(told(mistyped).len(), 1);
    let one_of_two = "remetal.console=ttys0,ttyS0";
    let expected = [("ttys0", true), ("ttyS0", true)];
    assert_eq!(chosen(&usual, one_of_two), expected.map(|(name, line)| (name.to_owned(), line)));
    assert_eq!((told(one_of_two).len(), told("remetal.console=ttyS0").len()), (1, 0));
}

const SHORT: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(3600);

#[test]
fn a_fall_is_followed_by_a_start_at_once_with_a_notice() {
    let next = Supervision::default().after(&End::Signal(11), LONG);
    assert_eq!(next.pause, Duration::ZERO);
    assert!(next.notice.unwrap().contains("signal 11"));
    assert!(next.words.is_none());
}

#[test]
fn leaving_the_program_is_no_fall() {
    let mut supervision = Supervision::default();
    supervision.after(&End::Code(101), SHORT);
    let next = supervision.after(&End::Code(0), SHORT);
    assert!(next.notice.is_none() && next.words.is_none());
    assert!(!next.pause.is_zero(), "a program that leaves at once must not spin");
    assert_eq!(supervision.after(&End::Code(101), SHORT).pause, Duration::ZERO);
}

#[test]
fn falls_in_a_row_are_slowed_down_and_told() {
    let mut supervision = Supervision::default();
    let nexts: Vec<_> =
        (0..10).map(|_| supervision.after(&End::NotStarted("gone".into()), SHORT)).collect();
    let pauses: Vec<u64> = nexts.iter().map(|next| next.pause.as_secs()).collect();
    assert_eq!(pauses, [0, 1, 2, 5, 10, 30, 30, 30, 30, 30]);
    let told: Vec<bool> = nexts.iter().map(|next| next.words.is_some()).collect();
    assert_eq!(told[..4], [false, false, true, true]);
    assert!(nexts[9].words.as_ref().unwrap().contains("could not be started (gone)"));
    assert_eq!(supervision.after(&End::Code(1), LONG).pause, Duration::ZERO, "it ran well before");
}
