//! Other programs, run with everything that they said at hand when they fail.

use std::fmt;
use std::io::Write;
use std::process::{Command, Stdio};

/// How much of what a program said is told, in bytes from the end.
const TOLD: usize = 600;

/// Why a program did not do its work.
#[derive(Debug)]
pub struct RunError {
    /// The program and its arguments.
    pub command: String,
    /// How it ended, and the end of what it said.
    pub reason: String,
}

impl fmt::Display for RunError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.command, self.reason)
    }
}

/// Runs a program that must succeed, with `input` on its standard input; gives what it printed.
pub fn run(program: &str, arguments: &[&str], input: &str) -> Result<Vec<u8>, RunError> {
    let command = [&[program], arguments].concat().join(" ");
    let fail = |reason: String| RunError { command: command.clone(), reason };
    let mut child = Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| fail(format!("it cannot be started: {error}")))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ends without reading all of it says why itself.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| fail(error.to_string()))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = if output.stderr.is_empty() { &output.stdout } else { &output.stderr };
    Err(fail(format!("{}: {}", output.status, end_of(said))))
}

/// The end of what a program said, on one line.
fn end_of(said: &[u8]) -> String {
    let end = &said[said.len().saturating_sub(TOLD)..];
    let lines = String::from_utf8_lossy(end);
    let lines: Vec<&str> = lines.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_says_is_told() {
        assert_eq!(run("cat", &["-"], "all of it").unwrap(), b"all of it");
        let error = run("sh", &["-c", "seq 1000 >&2; echo last >&2; exit 3"], "").unwrap_err();
        assert!(error.reason.starts_with("exit status: 3: "), "{error}");
        assert!(error.reason.ends_with("1000; last") && error.reason.len() < 800, "{error}");
        let error = run("no-such-program", &[], "").unwrap_err();
        assert!(error.to_string().starts_with("no-such-program: it cannot be started: "));
    }
}
