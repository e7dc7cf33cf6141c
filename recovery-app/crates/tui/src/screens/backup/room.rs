//! How much room a backup takes, as far as that can be told without reading: only what is certain
//! forbids a drive, the last step measures.

use report::content::{self, Content, Role};

use super::part;
use crate::disks::Known;
use crate::job::Source;
use crate::state::Shared;

/// Ordinary content never gets smaller than this part of it.
const SMALLEST: u64 = 10;

/// The room that is needed, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Room {
    /// In no case less.
    pub least: u64,
    /// About this, if nothing gets smaller.
    pub likely: u64,
}

/// For all of these disks together.
pub fn needed(sources: &[Source], shared: &Shared) -> Room {
    let known = |source: &Source| shared.disks.attached(&source.disk);
    let rooms = sources.iter().filter_map(|source| Some(of_disk(known(source)?, source)));
    rooms.fold(Room::default(), |sum, room| Room {
        least: sum.least.saturating_add(room.least),
        likely: sum.likely.saturating_add(room.likely),
    })
}

fn of_disk(known: &Known, source: &Source) -> Room {
    let contents = match &source.partitions {
        Some(kept) => part::of(known)
            .into_iter()
            .filter(|part| kept.contains(&part.number))
            .map(|part| part.content)
            .collect(),
        None => known.look().map(|look| content::of_disk(&look.report)).unwrap_or_default(),
    };
    of_contents(&contents, known.disk.size)
}

/// What a volume says of itself may be wrong: no more than the disk holds is believed.
fn of_contents(contents: &[Content], size: u64) -> Room {
    let sum = |bytes: &dyn Fn(&Content) -> u64| {
        contents.iter().map(bytes).fold(0, u64::saturating_add).min(size)
    };
    Room { least: sum(&|content| used(content).unwrap_or(0)) / SMALLEST, likely: sum(&likely) }
}

fn used(content: &Content) -> Option<u64> {
    content.used.map(|used| used.min(content.length))
}

fn likely(content: &Content) -> u64 {
    let unseen = match content.role {
        Role::Startup | Role::Swap | Role::Unknown => 0,
        Role::System | Role::Encrypted | Role::Files | Role::Array => content.length,
    };
    used(content).unwrap_or(unseen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(role: Role, length: u64, used: Option<u64>) -> Content {
        Content { role, words: String::new(), start: 0, length, used }
    }

    #[test]
    fn only_what_is_certain_counts_as_least() {
        let contents = [
            content(Role::Startup, 100, None),
            content(Role::System, 1000, Some(600)),
            content(Role::Encrypted, 300, None),
            content(Role::Swap, 80, None),
        ];
        assert_eq!(of_contents(&contents, 2000), Room { least: 60, likely: 900 });
    }

    #[test]
    fn nonsense_is_not_believed() {
        let contents = [content(Role::Files, 50, Some(u64::MAX)), content(Role::Files, 70, None)];
        assert_eq!(of_contents(&contents, 100), Room { least: 5, likely: 100 });
        let beyond = [content(Role::Files, u64::MAX, Some(u64::MAX)); 1];
        assert_eq!(of_contents(&beyond, 100), Room { least: 10, likely: 100 });
    }
}
