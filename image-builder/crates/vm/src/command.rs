//! Foreign tools, run with everything they printed at hand when they fail.

use std::process::{Command, Output};

use crate::error::Error;

/// What is kept of a failed tool's output, in bytes: its end.
const KEPT: usize = 6000;

/// Runs a bash command that must succeed, and returns its standard output.
///
/// # Errors
/// The command with the end of what it printed.
pub fn sh(command: &str) -> Result<String, Error> {
    let output = try_sh(command)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Error::Command { command: command.to_owned(), said: tail(said(&output).as_bytes()) })
}

/// Runs a bash command, which may fail.
///
/// # Errors
/// When there is no bash.
pub fn try_sh(command: &str) -> Result<Output, Error> {
    Command::new("bash")
        .args(["-euo", "pipefail", "-c", command])
        .output()
        .map_err(|source| Error::Program { program: "bash".to_owned(), source })
}

/// All that a command printed.
#[must_use]
pub fn said(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// The end of a text.
pub(crate) fn tail(text: &[u8]) -> String {
    String::from_utf8_lossy(&text[text.len().saturating_sub(KEPT)..]).into_owned()
}
