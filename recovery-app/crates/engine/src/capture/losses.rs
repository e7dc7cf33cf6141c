//! The ranges of a source that could not be read: a list that stays short however bad the disk
//! is, because it lies in memory until the end and then in a manifest.

use block::Extent;
use image::Manifest;
use image::manifest::UnreadableRecord;

use crate::SurveyedVolume;
use crate::damage::MOST_FILES;

/// Most ranges that a manifest lists: what every command holds and shows within its memory.
const MOST_RANGES: usize = 50_000;
/// So many more are kept meanwhile, so that ranges are seldom joined.
const ROOM: usize = 10_000;

/// Takes the lost ranges of a source in the order of the disk.
pub(super) struct Losses<'a> {
    volumes: &'a [SurveyedVolume],
    ranges: Vec<UnreadableRecord>,
    found: u64,
}

impl<'a> Losses<'a> {
    /// None yet, on a disk with `volumes`.
    pub(super) fn new(volumes: &'a [SurveyedVolume]) -> Self {
        Self { volumes, ranges: Vec::new(), found: 0 }
    }

    /// How many ranges were found, joined or not.
    pub(super) fn found(&self) -> u64 {
        self.found
    }

    /// Takes a range and what was said about it.
    pub(super) fn add(&mut self, extent: Extent, reason: &str) {
        let volume = self.volume_of(extent);
        let (files, reason) = (Vec::new(), reason.to_owned());
        self.ranges.push(UnreadableRecord { extent, intact: 0, volume, files, reason });
        self.found += 1;
        if self.ranges.len() >= MOST_RANGES + ROOM {
            join_nearest(&mut self.ranges, MOST_RANGES);
        }
    }

    fn volume_of(&self, extent: Extent) -> Option<String> {
        let lies_in = |place: Extent| place.intersection(&extent).is_some();
        let hit = self.volumes.iter().find(|volume| volume.single_extent().is_some_and(lies_in));
        hit.map(|volume| volume.place.clone())
    }

    /// The list for the manifest.
    pub(super) fn finish(mut self) -> Vec<UnreadableRecord> {
        join_nearest(&mut self.ranges, MOST_RANGES);
        self.ranges
    }
}

/// Joins lost ranges until a reader takes the manifest: names may be long.
pub(super) fn shorten(manifest: &mut Manifest) {
    while !manifest.fits() {
        let before = manifest.unreadable.len();
        join_nearest(&mut manifest.unreadable, before / 2);
        if manifest.unreadable.len() == before {
            return;
        }
    }
}

/// Joins the ranges that lie closest to each other until there are at most `most`. Those of
/// different volumes stay apart, even if there are more then.
fn join_nearest(ranges: &mut Vec<UnreadableRecord>, most: usize) {
    while ranges.len() > most {
        let is_joined = choose_pairs(ranges, ranges.len() - most);
        if !is_joined.contains(&true) {
            return;
        }
        let mut is_joined = is_joined.into_iter().skip(1);
        ranges.dedup_by(|next, last| {
            let joins = is_joined.next().unwrap_or(false);
            if joins {
                join(last, next);
            }
            joins
        });
    }
}

/// For each range, whether it is to be joined to the one before: at most `excess` of them, and no
/// gap is closed that is wider than the `excess` narrowest. No range is in two pairs, so that on a
/// disk that is bad at regular distances the ranges grow evenly.
fn choose_pairs(ranges: &[UnreadableRecord], excess: usize) -> Vec<bool> {
    let pairs = ranges.windows(2).enumerate().filter(|(_, pair)| pair[0].volume == pair[1].volume);
    let cost = |(number, pair): (usize, &[UnreadableRecord])| {
        let length = pair[0].extent.length + pair[1].extent.length;
        (gap(&pair[0], &pair[1]), length, number)
    };
    let mut costs: Vec<_> = pairs.map(cost).collect();
    costs.sort_unstable();
    let widest = costs.get(excess - 1).or(costs.last()).map_or(0, |(gap, ..)| *gap);
    let (mut is_joined, mut is_taken) = (vec![false; ranges.len()], vec![false; ranges.len()]);
    let mut chosen = 0;
    for (_, _, number) in costs.into_iter().take_while(|(gap, ..)| *gap <= widest) {
        if chosen < excess && !is_taken[number] && !is_taken[number + 1] {
            (is_taken[number], is_taken[number + 1]) = (true, true);
            is_joined[number + 1] = true;
            chosen += 1;
        }
    }
    is_joined
}

/// Bytes between two ranges.
fn gap(last: &UnreadableRecord, next: &UnreadableRecord) -> u64 {
    next.extent.start.saturating_sub(last.extent.end())
}

fn join(last: &mut UnreadableRecord, next: &mut UnreadableRecord) {
    last.intact += gap(last, next) + next.intact;
    last.extent = Extent::between(last.extent.start, next.extent.end());
    last.files.append(&mut next.files);
    last.files.truncate(MOST_FILES);
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn range(start: u64, length: u64, volume: &str) -> UnreadableRecord {
        UnreadableRecord {
            extent: Extent::new(start, length),
            intact: 0,
            volume: Some(volume.to_owned()),
            files: vec![format!("file at {start}")],
            reason: String::new(),
        }
    }

    /// First byte, length and intact bytes of each.
    fn joined(mut ranges: Vec<UnreadableRecord>, most: usize) -> Vec<(u64, u64, u64)> {
        let lost = |ranges: &[UnreadableRecord]| -> u64 {
            ranges.iter().map(|range| range.extent.length - range.intact).sum()
        };
        let before = lost(&ranges);
        join_nearest(&mut ranges, most);
        assert_eq!(lost(&ranges), before);
        ranges.iter().map(|range| (range.extent.start, range.extent.length, range.intact)).collect()
    }

    #[test]
    fn the_closest_ranges_are_joined_first() {
        let ranges = || [0, 100, 130, 150, 300].map(|start| range(start, 10, "a")).to_vec();
        assert_eq!(joined(ranges(), 5).len(), 5);
        assert_eq!(joined(ranges(), 4)[2], (130, 30, 10));
        assert_eq!(joined(ranges(), 3), [(0, 10, 0), (100, 60, 30), (300, 10, 0)]);
        assert_eq!(joined(ranges(), 1), [(0, 310, 260)]);
        assert_eq!(joined(Vec::new(), 1), []);
    }

    #[test]
    fn ranges_at_equal_distances_grow_evenly() {
        let ranges = (0..8).map(|number| range(number * 20, 10, "a")).collect();
        assert_eq!(joined(ranges, 4), [0, 40, 80, 120].map(|start| (start, 30, 10)));
    }

    #[test]
    fn ranges_of_different_volumes_stay_apart() {
        let ranges = vec![range(0, 10, "a"), range(10, 10, "b"), range(50, 10, "b")];
        assert_eq!(joined(ranges, 1), [(0, 10, 0), (10, 50, 30)]);
    }

    /// A manifest that says nothing.
    pub(in crate::capture) fn empty_manifest() -> Manifest {
        serde_json::from_value(serde_json::json!({
            "format_version": 1, "image_id": uuid::Uuid::nil(), "tool": "", "created": "",
            "disk": {"path": "", "size": 0, "logical_sector": 512, "physical_sector": 512},
            "table": {"kind": "none", "partitions": [], "notes": [], "verbatim": []},
            "volumes": [], "options": {"all_sectors": false, "level": ""},
            "totals": {"used": 0, "data": 0, "zero": 0, "holes": 0, "excluded": 0, "stored": 0},
            "unreadable": []
        }))
        .unwrap()
    }

    #[test]
    fn ranges_are_joined_until_the_manifest_is_small_enough() {
        let mut manifest = empty_manifest();
        let name = "a".repeat(1 << 20);
        manifest.unreadable = (0..70).map(|number| range(number * 20, 10, &name)).collect();
        shorten(&mut manifest);
        assert!(manifest.fits());
        assert_eq!(manifest.unreadable.len(), 35);
    }

    #[test]
    fn a_joined_range_names_no_more_files_than_one_search_does() {
        let mut ranges: Vec<_> = (0..500).map(|number| range(number * 20, 10, "a")).collect();
        join_nearest(&mut ranges, 1);
        assert_eq!(ranges[0].files.len(), MOST_FILES);
    }
}
