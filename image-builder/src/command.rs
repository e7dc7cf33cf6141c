//! Running programs: what they printed is in the error.

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::thread;

use crate::error::{BuildError, Result};

/// How many lines of a failed program's output are shown.
const SHOWN_LINES: usize = 15;

/// Runs a program to its end and returns what it printed on standard output.
pub(crate) fn run(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| start(command, error))?;
    judge(command, &output)
}

/// Like [`run`], with a function that writes the program's standard input.
///
/// # Errors
///
/// When the program stops reading early, its own words are the error.
pub(crate) fn run_with_input(
    command: &mut Command,
    write: impl FnOnce(&mut dyn Write) -> Result<()> + Send,
) -> Result<String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| start(command, error))?;
    let input = child.stdin.take();
    let (written, output) = thread::scope(|scope| {
        let writer = scope.spawn(move || input.map_or(Ok(()), |mut input| write(&mut input)));
        let output = child.wait_with_output();
        (writer.join(), output)
    });
    let printed = judge(command, &output.map_err(|error| start(command, error))?)?;
    match written {
        Ok(result) => result.map(|()| printed),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

fn start(command: &Command, source: std::io::Error) -> BuildError {
    BuildError::Start { program: name(command), source }
}

/// The program's name, also where the dynamic loader is told by which name to run it.
fn name(command: &Command) -> String {
    let mut arguments = command.get_args().skip_while(|argument| *argument != "--argv0");
    let name = arguments.nth(1).unwrap_or_else(|| command.get_program());
    name.to_string_lossy().into_owned()
}

fn judge(command: &Command, output: &Output) -> Result<String> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let text = String::from_utf8_lossy(&both);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let shown = lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n");
    Err(BuildError::Program {
        program: name(command),
        output: format!("{shown}\n({})", output.status),
    })
}
