//! Plain words on every screen, for the times when there is nothing better to show.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

/// Says `text` on the first screen and on every serial console, whatever they show just now.
pub fn tell(text: &str) {
    let mut names = active_consoles(Path::new("/sys"));
    // Kernel's word for the screen that is being looked at.
    names.retain(|name| name != "tty0");
    names.push("tty0".to_owned());
    for name in names {
        show(&name, text);
    }
}

/// Writes to one terminal; one that is not there, or does not take it, is passed over.
pub fn show(terminal: &str, text: &str) {
    let flags = OFlags::NOCTTY | OFlags::NONBLOCK;
    let mut options = OpenOptions::new();
    options.write(true).custom_flags(flags.bits().cast_signed());
    if let Ok(mut terminal) = options.open(Path::new("/dev").join(terminal)) {
        let _ = terminal.write_all(text.replace('\n', "\r\n").as_bytes());
    }
}

/// The terminals that the kernel itself speaks to: `console=` on its command line, as far as the
/// hardware is there.
pub(crate) fn active_consoles(sys: &Path) -> Vec<String> {
    let names = fs::read_to_string(sys.join("class/tty/console/active")).unwrap_or_default();
    names.split_whitespace().map(str::to_owned).collect()
}
