//! What volumes have in common wherever they are shown.

/// A name and a label: `ext4 "home"`.
pub fn labelled(title: &str, label: Option<&str>) -> String {
    label.map_or_else(|| title.to_owned(), |label| format!("{title} \"{label}\""))
}
