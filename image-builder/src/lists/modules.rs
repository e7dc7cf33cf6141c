//! `initramfs/lists/modules`

use std::path::Path;

use globset::{Glob, GlobMatcher};

use super::{Line, optional, read};
use crate::error::Result;

/// The name of the list.
const NAME: &str = "modules";

/// Which modules are wanted.
pub(crate) struct ModuleList {
    pub(crate) rules: Vec<ModuleRule>,
}

/// One line.
pub(crate) struct ModuleRule {
    pub(crate) line: Line,
    pub(crate) wanted: Wanted,
}

/// What a line asks for.
pub(crate) enum Wanted {
    /// The first of these modules that there is, and whether every kernel must have one.
    Name(Vec<String>, bool),
    /// All below a folder, and whether every kernel must have it.
    Folder(String, bool),
    /// None of those that the section took so far and whose name matches.
    ButNot(GlobMatcher),
    /// None of those that the section took so far and that lie in a folder of this name.
    ButNotIn(String),
}

impl ModuleList {
    /// Reads the list from the folder of lists.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        Self::from_lines(read(folder, NAME)?)
    }

    /// Reads a list given as text.
    #[cfg(test)]
    pub(crate) fn parse(text: &str) -> Result<Self> {
        Self::from_lines(super::lines(NAME, text))
    }

    fn from_lines(lines: Vec<Line>) -> Result<Self> {
        let rules = lines.into_iter().map(ModuleRule::parse);
        Ok(Self { rules: rules.collect::<Result<_>>()? })
    }
}

impl ModuleRule {
    fn parse(line: Line) -> Result<Self> {
        let (text, required) = optional(&line.text);
        let wanted = match text.strip_prefix("- ") {
            Some(folder) if folder.ends_with('/') => Wanted::ButNotIn(folder.to_owned()),
            Some(name) => Wanted::ButNot(
                Glob::new(&module_name(name))
                    .map_err(|error| line.wrong(error.to_string()))?
                    .compile_matcher(),
            ),
            None if text.ends_with('/') => Wanted::Folder(text.to_owned(), required),
            None => {
                let names: Vec<String> = text.split(" | ").map(module_name).collect();
                if names.iter().any(|name| name.contains(['/', '*', ' '])) {
                    return Err(line.wrong("a module is given by its name, a folder ends in /"));
                }
                Wanted::Name(names, required)
            }
        };
        Ok(Self { line, wanted })
    }
}

/// The name that the kernel uses: `-` and `_` mean the same.
fn module_name(text: &str) -> String {
    text.trim().replace('-', "_")
}
