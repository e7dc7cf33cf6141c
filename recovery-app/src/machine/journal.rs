//! What the screens were asked to do and how it ended, in the log of the recovery environment:
//! Tools copies it to a drive. On another system there is no such log, and nothing is written.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use image::text::one_line;
use report::identity;
use tui::job::{Done, Ending, Trouble, Work};

use crate::boot_medium::LOG_OF_INIT;

/// Work begins.
pub fn begun(work: &Work) {
    append(Path::new(LOG_OF_INIT), &[format!("{}: begun", name(work))]);
}

/// Work has ended.
pub fn ended(work: &Work, end: &Result<Done, Trouble>) {
    let lines = match end {
        Ok(Done::Check(check)) if !check.damage.is_empty() => {
            let places = check.damage.len() as u64 + check.unlisted;
            vec![format!("{}: damaged in {places} place(s)", name(work))]
        }
        Ok(_) => vec![format!("{}: done", name(work))],
        Err(trouble) => lines_of(&name(work), trouble),
    };
    append(Path::new(LOG_OF_INIT), &lines);
}

/// A plan could not be made.
pub fn not_planned(what: &str, trouble: &Trouble) {
    append(Path::new(LOG_OF_INIT), &lines_of(what, trouble));
}

fn name(work: &Work) -> String {
    match work {
        Work::BackUp(request) => {
            let disks = request.sources.iter().map(|source| source.disk.path.display().to_string());
            let disks = disks.collect::<Vec<_>>().join(", ");
            format!("backup {} of {disks} to {}", request.name, request.destination.display())
        }
        Work::Restore(confirmed) => {
            let request = &confirmed.plan().request;
            let target = &request.target;
            format!(
                "restore of {} on {} onto {} ({})",
                request.backup.folder.display(),
                request.backup.device.display(),
                target.path.display(),
                identity::of_disk(target)
            )
        }
        Work::Check(backup) => {
            format!("check of {} on {}", backup.folder.display(), backup.device.display())
        }
        Work::Format(confirmed) => {
            format!("making {} ready for backups", confirmed.request().disk.path.display())
        }
    }
}

/// What happened, and each of the details.
fn lines_of(what: &str, trouble: &Trouble) -> Vec<String> {
    let end = match trouble.end {
        Ending::Refused => "not begun",
        Ending::Stopped => "stopped",
        Ending::Failed => "failed",
    };
    let details = trouble.details.iter().map(|detail| format!("  {detail}"));
    std::iter::once(format!("{what}: {end}: {}", trouble.what)).chain(details).collect()
}

/// Adds lines to a log that is there, in its own form: seconds since the kernel's start, and the
/// line. A log that cannot be written is no reason to stop.
fn append(log: &Path, lines: &[String]) {
    let uptime = fs::read_to_string("/proc/uptime").unwrap_or_default();
    let uptime: f64 = uptime.split(' ').next().and_then(|time| time.parse().ok()).unwrap_or(0.0);
    let lines = lines.iter().map(|line| format!("[{uptime:>9.3}] {}\n", one_line(line)));
    if let Ok(mut file) = OpenOptions::new().append(true).open(log) {
        // One write: two screens may write at the same time.
        let _ = file.write_all(lines.collect::<String>().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use tui::job::BackupId;

    use super::*;

    #[test]
    fn a_failure_is_logged_with_its_details_where_there_is_a_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let backup = BackupId { device: "/dev/sdb1".into(), folder: "a\nb".into() };
        let what = name(&Work::Check(Box::new(backup)));
        let trouble = Trouble { details: vec!["byte 7".to_owned()], ..Trouble::refused("No.") };
        append(&log, &lines_of(&what, &trouble));
        assert!(!log.exists(), "another system has no such log");
        fs::write(&log, "[    1.000] started\n").unwrap();
        append(&log, &lines_of(&what, &trouble));
        let text = fs::read_to_string(&log).unwrap();
        let lines: Vec<&str> = text.lines().map(|line| &line[12..]).collect();
        let expected = ["started", "check of a?b on /dev/sdb1: not begun: No.", "  byte 7"];
        assert_eq!(lines, expected, "{text}");
    }
}
