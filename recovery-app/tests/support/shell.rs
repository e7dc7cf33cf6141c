//! Foreign tools, run with everything they printed at hand when they fail.

use std::process::{Command, Output};

/// Runs a bash command that must succeed, and returns its standard output.
pub fn sh(command: &str) -> String {
    let output = try_sh(command);
    assert!(output.status.success(), "{command}\n{}", said(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs a bash command and returns how it ended.
pub fn try_sh(command: &str) -> Output {
    Command::new("bash").args(["-euo", "pipefail", "-c", command]).output().unwrap()
}

/// All that a command printed.
pub fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
