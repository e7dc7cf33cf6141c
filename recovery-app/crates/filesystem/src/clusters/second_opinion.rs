use std::ops::ControlFlow;

use block::{BlockDevice, ExtentSet, ExtentSetBuilder};

use super::{Directories, Node, Table, content_extents, walk};
use crate::MapError;

/// What the directories of a volume say of its clusters, besides its own map.
pub(crate) struct SecondOpinion {
    /// What files and directories that can be reached from the root have and the map does not
    /// know.
    pub missed: ExtentSet,
    /// Why not all directories were read.
    cut_short: Option<MapError>,
}

impl SecondOpinion {
    /// Reads all directories. `length` says how many bytes of a node's content are looked at,
    /// `None` for all that its chain leads to.
    ///
    /// On a clean volume the map is what there is to go by, and a directory that cannot be read,
    /// or more of them than are read, only end the search. Elsewhere the map may lack files that
    /// only those directories name.
    pub(crate) fn ask<T: Directories>(
        volume: &dyn BlockDevice,
        table: &mut Table<'_>,
        tree: &T,
        by_map: &ExtentSet,
        is_clean: bool,
        length: impl Fn(&Node) -> Option<u64>,
    ) -> Result<Self, MapError> {
        let mut missed = ExtentSetBuilder::new();
        let outcome = walk(volume, table, tree, |table, node, _| {
            content_extents(table, node.content, length(node), |extent| {
                if !by_map.contains(extent) {
                    missed.add(extent);
                }
                Ok(())
            })?;
            Ok(ControlFlow::Continue(()))
        });
        let cut_short = match outcome {
            Ok(()) => None,
            Err(error @ (MapError::Device(_) | MapError::TooLarge(_))) if is_clean => Some(error),
            Err(error) => return Err(error),
        };
        Ok(Self { missed: missed.build(), cut_short })
    }

    /// In words, where the map of a volume comes from whose own map is called `own`.
    pub(crate) fn source(&self, own: &str) -> String {
        let mut source = format!("{own} and directories");
        if !self.missed.is_empty() {
            source += &format!(" ({} bytes only in directories)", self.missed.total());
        }
        if let Some(reason) = &self.cut_short {
            source += &format!(", of which not all were read: {reason}");
        }
        source
    }
}
