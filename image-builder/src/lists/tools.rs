//! `initramfs/lists/tools`, and `initramfs/lists/left-out`

use std::path::Path;

use super::{Line, Patterns, optional, read};
use crate::error::Result;

/// Which packages are wanted.
pub(crate) struct ToolList {
    pub(crate) tools: Vec<Tool>,
    /// Paths that are left out of every package.
    pub(crate) left_out: Patterns,
}

/// One package.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) line: Line,
    pub(crate) package: String,
    /// Whether every suite must have it.
    pub(crate) required: bool,
    /// Paths that are taken, with the line's place; all where there are none.
    pub(crate) paths: Vec<String>,
}

impl ToolList {
    /// Reads both lists from the folder of lists.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let tools = read(folder, "tools")?.into_iter().map(Tool::parse).collect::<Result<_>>()?;
        let left_out = read(folder, "left-out")?;
        let pattern = |line: &Line| line.text.trim_start_matches('/').to_owned();
        let patterns = left_out.iter().map(|line| (line, pattern(line)));
        Ok(Self { tools, left_out: Patterns::read(patterns)? })
    }
}

impl Tool {
    fn parse(line: Line) -> Result<Self> {
        let (name, paths) = line.text.split_once(':').unwrap_or((&line.text, ""));
        let (package, required) = optional(name.trim());
        let legal = |letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter);
        if package.is_empty() || !package.chars().all(legal) {
            return Err(line.wrong(format!("`{package}` is not the name of a package")));
        }
        let paths: Vec<String> = paths.split_whitespace().map(str::to_owned).collect();
        if let Some(path) = paths.iter().find(|path| !path.starts_with('/')) {
            return Err(line.wrong(format!("`{path}` does not begin with /")));
        }
        let package = package.to_owned();
        Ok(Self { package, required, paths, line })
    }
}
