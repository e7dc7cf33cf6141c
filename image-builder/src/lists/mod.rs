//! The lists in `initramfs/lists`, which say what goes into the image. `#` begins a comment,
//! `[name]` a section.

mod firmware;
mod modules;
mod patterns;
mod tools;

use std::fs;
use std::path::Path;

pub(crate) use self::firmware::FirmwareList;
pub(crate) use self::modules::{ModuleList, ModuleRule, Wanted};
pub(crate) use self::patterns::Patterns;
pub(crate) use self::tools::{Tool, ToolList};
use crate::error::{BuildError, Doing, Result};

/// A line of a list that is neither empty nor a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The list's name.
    pub(crate) list: String,
    /// Counted from one.
    pub(crate) number: usize,
    /// The section it is in; empty before the first.
    pub(crate) section: String,
    pub(crate) text: String,
}

impl Line {
    /// What is wrong with this line.
    pub(crate) fn wrong(&self, problem: impl Into<String>) -> BuildError {
        BuildError::List { list: self.list.clone(), line: self.number, problem: problem.into() }
    }
}

fn read(folder: &Path, name: &str) -> Result<Vec<Line>> {
    let path = folder.join(name);
    Ok(lines(name, &fs::read_to_string(&path).doing("reading", &path)?))
}

fn lines(list: &str, text: &str) -> Vec<Line> {
    let mut section = String::new();
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(name) = line.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            section = name.to_owned();
        } else if !line.is_empty() {
            let (list, section, text) = (list.to_owned(), section.clone(), line.to_owned());
            lines.push(Line { list, number, section, text });
        }
    }
    lines
}

/// A name without the `?` behind it, and whether it must be there.
fn optional(text: &str) -> (&str, bool) {
    match text.strip_suffix('?') {
        Some(name) => (name.trim_end(), false),
        None => (text, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_sections_are_no_lines() {
        let lines = lines("l", "# c\n[one two]\n\n a b # c\nd?\n");
        assert_eq!(lines.len(), 2);
        assert_eq!((lines[0].section.as_str(), lines[0].text.as_str()), ("one two", "a b"));
        assert_eq!((lines[1].number, optional(&lines[1].text)), (5, ("d", false)));
        assert_eq!(optional("d ?"), ("d", false));
        assert_eq!(optional("d"), ("d", true));
    }
}
