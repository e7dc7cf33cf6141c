use serde_json::json;

use crate::answer::{Answer, Exit};
use crate::failure::Failure;
use crate::look;
use report::disk_text;

/// `remetal disks`
pub fn run() -> Result<Answer, Failure> {
    let disks = look::all_disks()?;
    let paragraphs: Vec<String> = disks.iter().map(disk_text::of_disk).collect();
    let text = if paragraphs.is_empty() {
        "No disks were found.".to_owned()
    } else {
        paragraphs.join("\n\n")
    };
    Ok(Answer::new(Exit::Verified, json!({ "disks": disks }), text))
}
