//! What happened, for the kernel's log (`dmesg`, tty4) and for `/run/remetal/log`.
//!
//! Each line opens the files anew: PID 1 moves mounts about, and a log that cannot be written is
//! no reason to stop.

use std::fmt::Display;
use std::fs::{self, OpenOptions};
use std::io::Write;

/// The folder of what is known about this start, in memory.
pub const FOLDER: &str = "/run/remetal";

/// How loud a line is: the kernel's own levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Warning = 4,
    Info = 6,
}

/// Something that was done.
pub fn info(line: impl Display) {
    write(Level::Info, &line.to_string());
}

/// Something that failed, and was gone past.
pub fn warning(line: impl Display) {
    write(Level::Warning, &line.to_string());
}

/// Logs the failure of a step that is not needed to go on.
pub fn gone_past<T, E: Display>(result: Result<T, E>) -> Option<T> {
    result.map_err(|error| warning(&error)).ok()
}

fn write(level: Level, text: &str) {
    let line = text.replace('\n', " / ");
    // One write each: the kernel takes every write for one record.
    if let Ok(mut kernel) = OpenOptions::new().write(true).open("/dev/kmsg") {
        let _ = kernel.write_all(format!("<{}>remetal: {line}\n", level as u8).as_bytes());
    }
    if let Ok(mut file) = OpenOptions::new().append(true).create(true).open(log_file()) {
        let _ = file.write_all(format!("[{:>9.3}] {line}\n", uptime()).as_bytes());
    }
}

fn log_file() -> String {
    format!("{FOLDER}/log")
}

/// Seconds since the kernel's start.
#[must_use]
pub fn uptime() -> f64 {
    let text = fs::read_to_string("/proc/uptime").unwrap_or_default();
    text.split(' ').next().and_then(|seconds| seconds.parse().ok()).unwrap_or_default()
}
