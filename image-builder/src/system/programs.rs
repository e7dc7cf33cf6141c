//! Our own programs: the recovery program and PID 1.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Serialize;

use crate::command::run;
use crate::error::{Doing, Result};

/// Packages of cargo that make the programs.
const PACKAGES: [&str; 4] = ["-p", "recovery-app", "-p", "initramfs"];

/// The programs, built.
pub(crate) struct Programs {
    pub(crate) remetal: PathBuf,
    pub(crate) init: PathBuf,
    /// What is compiled into them.
    pub(crate) crates: Vec<Crate>,
}

/// A crate, or the C library, that is in our programs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Crate {
    pub(crate) name: String,
    pub(crate) version: String,
    /// As its manifest states it.
    pub(crate) licence: String,
}

impl Programs {
    /// Builds them with cargo, statically linked.
    pub(crate) fn build() -> Result<Self> {
        let options = ["--profile", "iso", "--message-format", "json-render-diagnostics"];
        let printed = run(cargo("build")?.args(options))?;
        let built = |name: &str| executable(&printed, name);
        Ok(Self { remetal: built("remetal")?, init: built("init")?, crates: compiled_in()? })
    }
}

/// A command of cargo for our programs.
fn cargo(command: &str) -> Result<Command> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let workspace = std::fs::canonicalize(&workspace).doing("opening", &workspace)?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(&workspace).args([command, "--locked"]).args(PACKAGES);
    Ok(cargo)
}

/// The crates in the programs: neither those that only tests or build scripts need, nor macros,
/// which run while the programs are built.
fn compiled_in() -> Result<Vec<Crate>> {
    let options = ["--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}|{l}"];
    let mut found = crates(&run(cargo("tree")?.args(options))?);
    found.push(c_library(&run(Command::new("getconf").arg("GNU_LIBC_VERSION"))?));
    Ok(found)
}

/// The C library that the programs are linked with, from a line such as `glibc 2.36`.
fn c_library(line: &str) -> Crate {
    let version = line.split_whitespace().last().unwrap_or_default().to_owned();
    Crate { name: "glibc".to_owned(), version, licence: "LGPL-2.1-or-later".to_owned() }
}

/// Reads lines such as `gpt v4.1.0|MIT`; those of our own crates have their folder behind the
/// version, and repeated ones a star at their end.
fn crates(lines: &str) -> Vec<Crate> {
    let one = |line: &str| {
        let (package, licence) = line.split_once('|')?;
        let (name, version) = package.split_once(" v")?;
        let version = version.split(' ').next()?.to_owned();
        let licence = licence.trim_end_matches(" (*)").to_owned();
        Some(Crate { name: name.to_owned(), version, licence })
    };
    lines.lines().filter_map(one).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The file that cargo says it made for the program `name`.
fn executable(messages: &str, name: &str) -> Result<PathBuf> {
    let message = |line: &str| -> Option<PathBuf> {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        (message["target"]["name"] == name).then_some(())?;
        message["executable"].as_str().map(PathBuf::from)
    };
    messages.lines().find_map(message).ok_or_else(|| crate::error::BuildError::Package {
        package: name.to_owned(),
        problem: "cargo did not say where the program is".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_are_read_from_cargos_tree() {
        let lines = "recovery-app v0.1.0 (/a b/recovery-app)|MIT OR Apache-2.0\n\
                     gpt v4.1.0|MIT\n\ngpt v4.1.0|MIT (*)\n";
        let found: Vec<_> = crates(lines)
            .into_iter()
            .map(|found| [found.name, found.version, found.licence].join(" / "))
            .collect();
        assert_eq!(found, ["gpt / 4.1.0 / MIT", "recovery-app / 0.1.0 / MIT OR Apache-2.0"]);
    }

    #[test]
    fn all_that_is_compiled_in_has_a_licence() {
        let crates = compiled_in().unwrap();
        let has = |name: &str| crates.iter().any(|found| found.name == name);
        assert!(has("glibc") && !crates.iter().any(|found| found.version.is_empty()), "{crates:?}");
        assert!(has("zstd-sys") && has("ratatui") && has("initramfs"), "{crates:?}");
        assert!(!has("tempfile") && !has("serde_derive"), "not compiled in: {crates:?}");
        let without: Vec<_> = crates.iter().filter(|found| found.licence.is_empty()).collect();
        assert!(without.is_empty(), "{without:?}");
    }
}
