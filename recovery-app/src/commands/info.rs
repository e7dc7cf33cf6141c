use std::path::Path;

use block::Caching;
use serde_json::json;

use crate::answer::{Answer, Exit};
use crate::cli::InfoArgs;
use crate::failure::Failure;
use crate::look;
use crate::source::Source;
use report::{backup, disk_text};

/// `remetal info`
pub fn run(arguments: &InfoArgs) -> Result<Answer, Failure> {
    let path = &arguments.subject;
    if is_backup(path) {
        let image = engine::open_backup(path, Caching::Cached)?;
        let json = json!({ "backup": backup::to_json(&image) });
        let text = format!(
            "{}\n  Its content was not checked now: remetal verify does that.",
            backup::to_text(&image)
        );
        return Ok(Answer::new(Exit::Verified, json, text));
    }
    let report = look::of_source(&Source::find(path, arguments.sector_size)?)?;
    let text = disk_text::of_disk(&report);
    Ok(Answer::new(Exit::Verified, json!({ "disk": report }), text))
}

/// True for a folder and for the files of an image: `disk0.img.zst`, `disk0.img.zst.002`. An
/// image in parts can be named without their numbers.
fn is_backup(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let base = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    path.is_dir() || base.trim_end_matches('.').ends_with(".zst")
}
