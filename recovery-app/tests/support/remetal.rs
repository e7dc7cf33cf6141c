//! The program under test, run as a person would.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::shell::said;

/// All was done and proven.
pub const VERIFIED: i32 = 0;
/// Nothing was written, since a safety rule forbids it.
pub const REFUSED: i32 = 3;

/// What confirms a restore onto one of these tests' targets: the last four characters of the
/// file's name. All of them end in `.disk`.
pub const WORD: &str = "disk";

/// Runs `remetal` and returns how it ended.
pub fn remetal<S: AsRef<OsStr>>(arguments: &[S]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_remetal")).args(arguments).output().unwrap()
}

/// Runs `remetal`, which must end with `code`; returns all that it printed.
pub fn expect<S: AsRef<OsStr> + std::fmt::Debug>(code: i32, arguments: &[S]) -> String {
    let output = remetal(arguments);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(code), "remetal {arguments:?}\n{said}");
    said
}

/// Runs `remetal --json`, which must verify, and returns its one document.
pub fn json<S: AsRef<OsStr> + std::fmt::Debug>(arguments: &[S]) -> Value {
    let mut all: Vec<&OsStr> = arguments.iter().map(AsRef::as_ref).collect();
    all.push(OsStr::new("--json"));
    let output = remetal(&all);
    assert_eq!(output.status.code(), Some(VERIFIED), "remetal {all:?}\n{}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("remetal {all:?}: not one JSON document: {error}\n{}", said(&output))
    })
}

/// `remetal capture` of `source` into a backup of that name, with the given options; checked to
/// have verified itself and to have left the source alone is up to the caller.
pub fn capture(source: &Path, destination: &Path, name: &str, options: &[&str]) {
    let mut arguments = vec!["capture", text(source), text(destination), "--name", name];
    arguments.extend(options);
    expect(VERIFIED, &arguments);
}

/// `remetal restore` with the word that `remetal plan` asks for.
pub fn restore(backup: &Path, target: &Path) {
    let plan = json(&["plan", text(backup), text(target)]);
    let word = plan.pointer("/target/word").and_then(serde_json::Value::as_str);
    let word = word.unwrap_or_else(|| panic!("no confirmation word in {plan:#}"));
    assert_eq!(word, WORD, "the word of a file is the end of its name");
    expect(VERIFIED, &["restore", text(backup), text(target), "--confirm", word]);
}

/// A path of these tests, which are all UTF-8.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
