//! Foreign tools, run with everything they printed at hand when they fail.

use std::process::Output;

pub use vm::said;

/// Runs a bash command that must succeed, and returns its standard output.
pub fn sh(command: &str) -> String {
    vm::sh(command).unwrap()
}

/// Runs a bash command and returns how it ended.
pub fn try_sh(command: &str) -> Output {
    vm::try_sh(command).unwrap()
}
