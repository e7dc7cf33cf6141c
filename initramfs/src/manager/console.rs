//! Where the screens appear.

use std::fs;
use std::path::Path;

use crate::options::Options;
use crate::screen::active_consoles;

/// The first virtual terminal, which is what a screen shows after the start.
const FIRST_SCREEN: &str = "tty1";

/// A terminal that shows the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Console {
    /// Its name in `/dev`.
    pub name: String,
    /// A line, not a screen with a keyboard: nothing is known about who is at its other end.
    pub serial: bool,
}

impl Console {
    fn named(name: &str) -> Self {
        let virtual_terminal = name
            .strip_prefix("tty")
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()));
        Self { name: name.to_owned(), serial: !virtual_terminal }
    }
}

/// The consoles for the program: those that were asked for, otherwise the screen and every
/// serial console with hardware behind it. `sys` is where sysfs is mounted.
#[must_use]
pub fn for_program(sys: &Path, options: &Options) -> Vec<Console> {
    match &options.consoles {
        Some(names) => names.iter().map(|name| Console::named(name)).collect(),
        None => {
            let screen = sys.join("class/tty").join(FIRST_SCREEN).exists();
            let mut consoles = serial(sys);
            // A kernel without screens has no such terminal; one that cannot be asked has one.
            if screen || consoles.is_empty() {
                consoles.insert(0, Console::named(FIRST_SCREEN));
            }
            consoles
        }
    }
}

/// The consoles that hear of an unattended command: the ones for the program, and every serial
/// one besides.
#[must_use]
pub fn for_results(sys: &Path, options: &Options) -> Vec<Console> {
    let mut consoles = for_program(sys, options);
    for console in serial(sys) {
        if !consoles.contains(&console) {
            consoles.push(console);
        }
    }
    consoles
}

/// The serial lines that the kernel speaks to.
fn serial(sys: &Path) -> Vec<Console> {
    let consoles = active_consoles(sys).into_iter().map(|name| Console::named(&name));
    consoles.filter(|console| console.serial && is_real(sys, &console.name)).collect()
}

/// The kernel makes four nodes for serial ports, whatever the machine has: those without a chip
/// are of type 0. Other kinds, such as a hypervisor's console, have no type.
fn is_real(sys: &Path, name: &str) -> bool {
    let terminal = sys.join("class/tty").join(name);
    let kind = fs::read_to_string(terminal.join("type"));
    terminal.exists() && kind.map_or(true, |kind| kind.trim() != "0")
}
