use std::io::{BufRead, BufReader};
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::console::Console;
use super::terminal::{self, Terminal};
use crate::{InitError, guard, log};

/// Where shells are. They take memory only when somebody wants them.
const TERMINALS: [&str; 2] = ["tty2", "tty3"];

/// The better one first.
const SHELLS: [&str; 2] = ["/bin/bash", "/bin/sh"];

/// Offers a shell on the terminals for it.
pub(super) fn offer() {
    for name in TERMINALS {
        guard::spawn(name, move || {
            loop {
                if log::gone_past(serve(name)).is_none() {
                    thread::sleep(Duration::from_secs(10));
                }
            }
        });
    }
}

/// Waits for somebody to press Enter, and serves one shell.
fn serve(name: &str) -> Result<(), InitError> {
    let console = Console { name: name.to_owned(), serial: false };
    terminal::wait_for_earlier_program(&console);
    let mut terminal = Terminal::open(&console)?;
    terminal.write(
        b"\x1bcRemetal: a shell for experts, with all rights. Alt+F1 leads back.\r\n\
        Press Enter to begin. ",
    );
    let mut line = String::new();
    let read = BufReader::new(terminal.file()).read_line(&mut line);
    read.map_err(|error| InitError::file("reading", Path::new(name), error))?;
    let shell = SHELLS.into_iter().find(|shell| Path::new(shell).exists()).unwrap_or("/bin/sh");
    let mut child = terminal.start(shell, &["-l"])?;
    child.wait().map_err(|error| InitError::start(shell, error))?;
    Ok(())
}
