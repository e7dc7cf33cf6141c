//! Names with `*` in them.

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::Line;
use crate::error::Result;

/// Patterns of names or paths.
#[derive(Debug, Clone, Default)]
pub(crate) struct Patterns(GlobSet);

impl Patterns {
    /// Reads patterns; the line that each comes from is named in an error.
    pub(crate) fn read<'a>(patterns: impl Iterator<Item = (&'a Line, String)>) -> Result<Self> {
        let mut set = GlobSetBuilder::new();
        for (line, pattern) in patterns {
            set.add(Glob::new(&pattern).map_err(|error| line.wrong(error.to_string()))?);
        }
        set.build().map(Self).map_err(|error| crate::error::BuildError::List {
            list: "patterns".to_owned(),
            line: 0,
            problem: error.to_string(),
        })
    }

    pub(crate) fn match_any(&self, name: &str) -> bool {
        self.0.is_match(name)
    }
}
