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
/// serial console with hardware behind it. Where none of those that were asked for is there, the
/// usual ones are used besides: a name may be mistyped, or a line be plugged in later. `sys` is
/// where sysfs is mounted.
#[must_use]
pub fn for_program(sys: &Path, options: &Options) -> Vec<Console> {
    let names = options.consoles.iter().flatten();
    let mut consoles: Vec<Console> = names.map(|name| Console::named(name)).collect();
    if !consoles.iter().any(|console| is_there(sys, &console.name)) {
        consoles.extend(usual(sys));
    }
    consoles
}

/// What is to be said of consoles that were asked for and are not there.
#[must_use]
pub fn missing(sys: &Path, options: &Options) -> Vec<String> {
    let names = options.consoles.iter().flatten().filter(|name| !is_there(sys, name));
    names
        .map(|name| {
            format!("The boot option remetal.console names {name}, which is no terminal here.")
        })
        .collect()
}

/// The screen, and every serial console with hardware behind it.
fn usual(sys: &Path) -> Vec<Console> {
    let mut consoles = serial(sys);
    // A kernel without screens has no such terminal; one that cannot be asked has one.
    if is_there(sys, FIRST_SCREEN) || consoles.is_empty() {
        consoles.insert(0, Console::named(FIRST_SCREEN));
    }
    consoles
}

fn is_there(sys: &Path, name: &str) -> bool {
    sys.join("class/tty").join(name).exists()
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
