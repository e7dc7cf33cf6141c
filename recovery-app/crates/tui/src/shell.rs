//! A shell in place of the screens, for terminals that have no other console beside them.

use std::io::{self, Write};
use std::process::Command;

use crate::console::RawMode;
use crate::reader::Reader;

/// Runs a shell until it ends, with the terminal as it was before.
pub fn run(raw: &mut RawMode, reader: &Reader) -> io::Result<()> {
    let _pause = reader.pause();
    raw.leave();
    writeln!(io::stdout(), "Type exit to come back to Remetal.\n")?;
    let ended = Command::new("/bin/sh").status();
    raw.enter_again()?;
    ended.map(|_| ())
}
