//! Our own programs: the recovery program and PID 1.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::run;
use crate::error::{Doing, Result};

/// The programs, built.
pub(crate) struct Programs {
    pub(crate) remetal: PathBuf,
    pub(crate) init: PathBuf,
}

impl Programs {
    /// Builds them with cargo, statically linked.
    pub(crate) fn build() -> Result<Self> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let workspace = std::fs::canonicalize(&workspace).doing("opening", &workspace)?;
        let arguments =
            ["build", "--locked", "--profile", "iso", "-p", "recovery-app", "-p", "initramfs"];
        let messages = ["--message-format", "json-render-diagnostics"];
        let printed =
            run(Command::new(cargo).current_dir(&workspace).args(arguments).args(messages))?;
        let built = |name: &str| executable(&printed, name);
        Ok(Self { remetal: built("remetal")?, init: built("init")? })
    }
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
