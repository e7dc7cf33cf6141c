//! How a command ends: what it prints, and its exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use engine::Event;
use image::text::{is_control, printable};
use serde::Serialize;
use serde_json::{Value, json};

use crate::failure::Failure;

/// The exit codes. [`EXIT_CODES`] tells people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done and proven, or done as asked without proof.
    Verified = 0,
    /// Not done, or not finished.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// Not begun: nothing was written.
    Refused = 3,
    /// Finished, and what is damaged is named.
    Damaged = 4,
}

/// The exit codes for people, below every `--help`.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  verified (or finished without proof, where --no-verify asked for that)
  1  failed or stopped: not finished
  2  the command line is wrong
  3  refused: nothing was written
  4  finished with named damage";

/// What a command has to say at its end.
pub struct Answer {
    exit: Exit,
    json: Value,
    text: String,
}

impl Answer {
    /// An answer; `json` must be an object.
    pub fn new(exit: Exit, json: Value, text: String) -> Self {
        Self { exit, json, text }
    }
}

/// The end of a command.
pub struct End(pub Result<Answer, Failure>);

impl End {
    /// Prints it, as one JSON document on standard output or as text.
    pub fn print(self, as_json: bool) -> ExitCode {
        let exit = self.0.as_ref().map_or_else(|failure| failure.exit, |answer| answer.exit);
        let printed = match self.0 {
            Ok(answer) if as_json => print_json(answer.json, exit),
            Ok(answer) => print(&mut io::stdout().lock(), &printable(&answer.text)),
            Err(failure) if as_json => print_json(json!({ "error": failure }), exit),
            Err(failure) => {
                err(&failure.to_string());
                Ok(())
            }
        };
        end(exit, printed, as_json)
    }
}

fn print_json(mut document: Value, exit: Exit) -> io::Result<()> {
    document["exit_code"] = json!(exit as u8);
    print(&mut io::stdout().lock(), &escaped(&format!("{document:#}")))
}

/// The exit code. An answer that did not arrive is a failure, but for a reader who has gone: that
/// one knows.
fn end(exit: Exit, printed: io::Result<()>, as_json: bool) -> ExitCode {
    match printed {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let text = format!("remetal: failed: the answer cannot be printed: {error}");
            if as_json {
                err_json(&Event::Note { text });
            } else {
                err(&text);
            }
            ExitCode::from(Exit::Failed as u8)
        }
        _ => ExitCode::from(exit as u8),
    }
}

/// What clap has to say: help, the version, or what is wrong with the command line.
pub fn usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
        return End(Err(Failure::usage(error.render().to_string()))).print(true);
    }
    let printed = error.print();
    if error.use_stderr() {
        return ExitCode::from(Exit::Usage as u8);
    }
    end(Exit::Verified, printed, false)
}

/// Prints lines for people on standard output. Where that fails, it does for the answer as well.
pub fn out(text: &str) {
    let _ = print(&mut io::stdout().lock(), &printable(text));
}

/// Prints lines for people on standard error. Nobody may be reading it: the exit code still tells.
pub fn err(text: &str) {
    let _ = print(&mut io::stderr().lock(), &printable(text));
}

/// Prints one line for programs on standard error.
pub fn err_json(line: &impl Serialize) {
    let line = serde_json::to_string(line).unwrap_or_default();
    let _ = print(&mut io::stderr().lock(), &escaped(&line));
}

fn print(stream: &mut dyn Write, text: &str) -> io::Result<()> {
    writeln!(stream, "{}", text.trim_end())?;
    stream.flush()
}

/// JSON that speaks to no terminal. Outside of its strings all is ASCII without DEL, and in them
/// serde escapes no character from DEL on; all that are escaped here have four digits.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter >= '\u{7f}' && is_control(letter) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(letter)));
        } else {
            escaped.push(letter);
        }
    }
    escaped
}
