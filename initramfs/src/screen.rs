//! Plain words on every screen, for the times when there is nothing better to show.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::termios::isatty;

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
    let path = Path::new("/dev").join(terminal);
    if let Ok(mut terminal) = open_terminal(&path, OpenOptions::new().write(true)) {
        let _ = terminal.write_all(text.replace('\n', "\r\n").as_bytes());
    }
}

/// Opens what is a terminal and nothing else: a name that somebody has typed may be that of a disk.
/// A serial line is not waited for until somebody is at its other end.
pub(crate) fn open_terminal(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let no_terminal = || io::Error::new(ErrorKind::InvalidInput, "it is no terminal");
    if !fs::metadata(path)?.file_type().is_char_device() {
        return Err(no_terminal());
    }
    let flags = OFlags::NOCTTY | OFlags::NONBLOCK;
    let file = options.custom_flags(flags.bits().cast_signed()).open(path)?;
    if isatty(&file) { Ok(file) } else { Err(no_terminal()) }
}

/// The terminals that the kernel itself speaks to: `console=` on its command line, as far as the
/// hardware is there.
pub(crate) fn active_consoles(sys: &Path) -> Vec<String> {
    let names = fs::read_to_string(sys.join("class/tty/console/active")).unwrap_or_default();
    names.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_terminal_is_opened_as_one() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for path in [file.path(), Path::new("/dev/null"), Path::new("/dev/none")] {
            assert!(open_terminal(path, OpenOptions::new().read(true).write(true)).is_err());
        }
    }
}
