//! What a build says while it runs: one line a step, on standard error.

use std::io::{self, Write};
use std::time::Duration;

/// Where a build says what it does.
#[derive(Debug, Default)]
pub struct Report {
    silent: bool,
}

impl Report {
    /// Says nothing; for tests.
    #[must_use]
    pub fn silent() -> Self {
        Self { silent: true }
    }

    /// A sentence.
    pub fn say(&self, text: &str) {
        if !self.silent {
            // Nobody may be reading; the build goes on.
            let _ = writeln!(io::stderr().lock(), "{text}");
        }
    }

    /// What a step is about to do.
    pub fn step(&self, text: &str) {
        self.say(&format!("== {text}"));
    }

    /// Something was made that was not in the cache.
    pub fn made(&self, name: &str, took: Duration) {
        if took > Duration::from_secs(1) {
            self.say(&format!("   {name}: {:.1} s", took.as_secs_f64()));
        }
    }
}

/// A size in MiB with one decimal, as in the limit of the ISO.
#[must_use]
pub fn mebibytes(bytes: u64) -> String {
    // 53 bits are plenty for one decimal.
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
