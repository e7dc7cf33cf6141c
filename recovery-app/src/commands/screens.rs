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
    };
    tui::run(Arc::new(ThisComputer::default()), &options)?;
    Ok(Answer::new(Exit::Verified, json!({}), String::new()))
}
