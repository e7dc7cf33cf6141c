//! A panic leaves a usable terminal, and its message is seen.

use std::fs::File;
use std::io::Read;
use std::process::Command;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};
use tui::console::{RawMode, restore_on_panic};

/// Set for the process that is to panic.
const CHILD: &str = "REMETAL_TEST_PANICS";

#[test]
fn a_panic_leaves_a_usable_terminal() {
    if std::env::var_os(CHILD).is_some() {
        restore_on_panic();
        let _raw = RawMode::enter(true).unwrap();
        let other = std::thread::spawn(|| panic!("in another thread"));
        assert!(other.join().is_err());
        panic!("the reason");
    }
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let line = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    let before = tcgetattr(&line).unwrap();
    let end = || line.try_clone().unwrap();
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_panic_leaves_a_usable_terminal", "--nocapture"])
        .env(CHILD, "1")
        .stdin(end())
        .stdout(end())
        .stderr(end())
        .status()
        .unwrap();
    assert!(!status.success());
    let after = tcgetattr(&line).unwrap();
    assert_eq!(after.local_modes, before.local_modes);
    assert!(after.local_modes.contains(LocalModes::ECHO));
    drop(line);
    let mut bytes = Vec::new();
    // The read ends with an error when the last writer is gone.
    let _ = File::from(master).read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let left = text.rfind("\x1b[?25h").unwrap();
    assert!(text[left..].contains("the reason"), "{text}");
    assert!(!text.contains("in another thread"), "{text}");
}
