use std::fs;
use std::sync::Arc;

use serde_json::json;
use tui::{Options, Surroundings};

use crate::answer::{Answer, Exit};
use crate::boot_medium;
use crate::cli::ScreensArgs;
use crate::failure::Failure;
use crate::machine::{self, ThisComputer};

/// `remetal screens`
pub fn run(arguments: &ScreensArgs) -> Result<Answer, Failure> {
    let surroundings = match (boot_medium::is_environment(), arguments.serial) {
        (false, _) => Surroundings::Guest,
        (true, false) => Surroundings::Screen,
        (true, true) => Surroundings::Serial,
    };
    machine::clear_leftovers();
    let options = Options {
        ascii: arguments.ascii,
        serial: arguments.serial,
        notice: arguments.notice.clone(),
        surroundings,
        keymap: keymap(&fs::read_to_string("/proc/cmdline").unwrap_or_default()),
    };
    tui::run(Arc::new(ThisComputer::telling_others()), &options)?;
    Ok(Answer::new(Exit::Verified, json!({}), String::new()))
}

/// The keyboard layout that the recovery environment was started with, from the kernel's command
/// line.
fn keymap(command_line: &str) -> Option<String> {
    let mut options = command_line.split_ascii_whitespace();
    options.find_map(|option| option.strip_prefix("remetal.keymap=")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_an_option_of_the_kernel() {
        let line = "BOOT_IMAGE=/boot/vmlinuz quiet remetal.keymap=de remetal.ascii\n";
        assert_eq!(keymap(line).as_deref(), Some("de"));
        assert_eq!(keymap("quiet"), None);
    }
}
