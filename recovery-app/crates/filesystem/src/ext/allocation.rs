//! The allocation map: block bitmaps, the structures of the groups, and on a volume that was not
//! unmounted in order everything that its journal may still bring back.

use std::collections::HashSet;

use block::{BlockDevice, ExtentSet, ExtentSetBuilder};

use crate::{AllocationMap, MapError};

use super::bitmap::{all_set, count_clear, set_runs};
use super::features::incompat;
use super::group::{Descriptor, Descriptors};
use super::journal::{Journal, Log, fast_commit};
use super::layout::Run;
use super::volume::{MOST_AT_ONCE, Volume};

/// The used bytes of the volume; see [`super::allocation`].
pub(super) fn allocation(device: &dyn BlockDevice) -> Result<AllocationMap, MapError> {
    let volume = Volume::open(device)?;
    check_trustworthy(&volume)?;
    let journal = open_journal(&volume)?;
    let dirty = journal.as_ref().is_some_and(Journal::has_transactions);
    let needs_recovery = volume.superblock.needs_recovery();
    let mut covered = volume.superblock.covered();
    let mut used = ExtentSetBuilder::new();
    for run in journal.iter().flat_map(Journal::runs) {
        used.add(volume.bytes_of(run.first, run.count));
    }
    let source = match journal {
        Some(journal) if needs_recovery || dirty => {
            if journal.was_aborted() {
                return Err(MapError::damaged("ext4 journal: a failure ended its last use"));
            }
            let log = Log::scan(&volume, journal)?;
            log.check_end(&volume)?;
            let view = volume.replayed(log)?;
            check_trustworthy(&view)?;
            covered = view.superblock.covered();
            add_fast_commits(&view, &mut used)?;
            Scan::new(&view, false, &mut used)?.run()?;
            "ext4 block bitmaps with the journal replayed, and those before it"
        }
        _ => {
            Scan::new(&volume, true, &mut used)?.run()?;
            "ext4 block bitmaps"
        }
    };
    Ok(AllocationMap { used: used.build(), covered, source: source.to_owned() })
}

/// Refuses volumes whose bitmaps may not tell the truth whatever the journal says.
fn check_trustworthy(volume: &Volume<'_>) -> Result<(), MapError> {
    let superblock = &volume.superblock;
    superblock.features.check_known()?;
    if superblock.has_errors() {
        return Err(MapError::damaged("ext4: the kernel recorded errors in this filesystem"));
    }
    if !superblock.is_marked_valid() {
        return Err(MapError::damaged(
            "ext4: not unmounted in order and without a journal to rely on",
        ));
    }
    if superblock.covered() > volume.device_size() {
        return Err(MapError::damaged("ext4: the filesystem is larger than its volume"));
    }
    Ok(())
}

/// The journal inside the volume. One on another device is only missed when it is needed.
fn open_journal(volume: &Volume<'_>) -> Result<Option<Journal>, MapError> {
    let superblock = &volume.superblock;
    if !superblock.has_journal() || superblock.journal_inode == 0 {
        if superblock.needs_recovery() {
            return Err(MapError::unsupported(
                "ext4: its journal is on another device and has not been replayed",
            ));
        }
        return Ok(None);
    }
    Journal::open(volume).map(Some)
}

fn add_fast_commits(view: &Volume<'_>, used: &mut ExtentSetBuilder) -> Result<(), MapError> {
    let Some(log) = view.log() else { return Ok(()) };
    fast_commit::named_blocks(view, log.journal(), &mut |run| {
        used.add(view.bytes_of(run.first, run.count));
    })
}

/// A walk over the bitmaps of all groups.
struct Scan<'s, 'a> {
    volume: &'s Volume<'a>,
    /// On a clean volume, what disagrees is damage; on others, the group is used.
    clean: bool,
    used: &'s mut ExtentSetBuilder,
    /// The structures of all groups, in bytes of the volume.
    metadata: ExtentSet,
    free_clusters: u64,
}

impl<'s, 'a> Scan<'s, 'a> {
    fn new(
        volume: &'s Volume<'a>,
        clean: bool,
        used: &'s mut ExtentSetBuilder,
    ) -> Result<Self, MapError> {
        let (metadata, free_clusters) = group_metadata(volume)?;
        used.extend(metadata.iter());
        Ok(Self { volume, clean, used, metadata, free_clusters })
    }

    fn run(&mut self) -> Result<(), MapError> {
        let superblock = &self.volume.superblock;
        if self.clean && self.free_clusters * superblock.cluster_blocks != superblock.free_blocks {
            return Err(MapError::damaged(
                "ext4: the groups and the superblock disagree about free blocks",
            ));
        }
        let mut pending: Vec<Descriptor> = Vec::new();
        for descriptor in Descriptors::new(self.volume) {
            let descriptor = descriptor?;
            if descriptor.has_no_block_bitmap {
                self.add_without_bitmap(&descriptor)?;
                continue;
            }
            let follows = pending.last().is_none_or(|last| {
                last.block_bitmap + 1 == descriptor.block_bitmap
                    && (pending.len() as u64) < MOST_AT_ONCE / superblock.block_size
            });
            if !follows {
                self.add_bitmaps(&pending)?;
                pending.clear();
            }
            pending.push(descriptor);
        }
        self.add_bitmaps(&pending)
    }

    /// Groups whose bitmaps follow each other on the disk.
    fn add_bitmaps(&mut self, groups: &[Descriptor]) -> Result<(), MapError> {
        let Some(first) = groups.first() else { return Ok(()) };
        let (place, count) = (first.block_bitmap, groups.len() as u64);
        let bitmaps = self.volume.read_blocks(place, count)?;
        // Blocks freed by what will be replayed are taken too: replay may end earlier than here.
        let before = match self.volume.log() {
            Some(_) => self.volume.read_on_disk(place, count)?,
            None => Vec::new(),
        };
        let size = self.volume.block_len();
        for (descriptor, bitmap) in groups.iter().zip(bitmaps.chunks_exact(size)) {
            self.add_bitmap(descriptor, bitmap)?;
            self.add_logged(descriptor)?;
        }
        for (descriptor, bitmap) in groups.iter().zip(before.chunks_exact(size)) {
            self.add_set_bits(descriptor.group, bitmap);
        }
        Ok(())
    }

    fn add_bitmap(&mut self, descriptor: &Descriptor, bitmap: &[u8]) -> Result<(), MapError> {
        match self.objection(descriptor, bitmap) {
            None => self.add_set_bits(descriptor.group, bitmap),
            Some(objection) if self.clean => {
                let group = descriptor.group;
                return Err(MapError::damaged(format!("ext4 group {group}: {objection}")));
            }
            Some(_) => self.add_whole(descriptor.group),
        }
        Ok(())
    }

    /// Why a bitmap cannot be believed.
    fn objection(&self, descriptor: &Descriptor, bitmap: &[u8]) -> Option<&'static str> {
        let superblock = &self.volume.superblock;
        let end = bits(superblock.group_clusters(descriptor.group));
        if !descriptor.accepts_bitmap(superblock, bitmap) {
            return Some("its block bitmap has a wrong checksum");
        }
        if count_clear(bitmap, end) != descriptor.free_clusters {
            return Some("its block bitmap and its free count disagree");
        }
        let is_marked = self
            .structure_clusters(descriptor.group)
            .into_iter()
            .all(|(first, end)| all_set(bitmap, bits(first), bits(end)));
        (!is_marked).then_some("its block bitmap has the group's own structures free")
    }

    /// Every copy of the group's bitmap in the journal, wherever replay may end.
    fn add_logged(&mut self, descriptor: &Descriptor) -> Result<(), MapError> {
        let volume = self.volume;
        let Some(log) = volume.log() else { return Ok(()) };
        for copy in log.copies_of(descriptor.block_bitmap) {
            self.add_set_bits(descriptor.group, &volume.read_logged(copy)?);
        }
        Ok(())
    }

    /// A group of which only the clusters of structures are in use.
    fn add_without_bitmap(&mut self, descriptor: &Descriptor) -> Result<(), MapError> {
        let group = descriptor.group;
        let used = self.volume.superblock.group_clusters(group) - descriptor.free_clusters;
        let structures = self.structure_clusters(group);
        let known: u64 = structures.iter().map(|(first, end)| end - first).sum();
        for (first, end) in structures {
            self.add_clusters(group, first, end - first);
        }
        // More in use than is understood: all of it is.
        if used > known {
            self.add_whole(group);
        }
        self.add_logged(descriptor)
    }

    /// The clusters of a group that hold structures, as bits of its bitmap: first and end.
    fn structure_clusters(&self, group: u64) -> Vec<(u64, u64)> {
        let superblock = &self.volume.superblock;
        let start = superblock.group_start(group);
        let cluster = superblock.cluster_blocks * superblock.block_size;
        let offset = start * superblock.block_size;
        let bytes = self.volume.bytes_of(start, superblock.group_blocks(group));
        let mut clusters: Vec<(u64, u64)> = Vec::new();
        for structure in self.metadata.within(bytes) {
            let first = (structure.start - offset) / cluster;
            let end = (structure.end() - offset).div_ceil(cluster);
            match clusters.last_mut() {
                Some(last) if first <= last.1 => last.1 = end,
                _ => clusters.push((first, end)),
            }
        }
        clusters
    }

    fn add_whole(&mut self, group: u64) {
        let superblock = &self.volume.superblock;
        let start = superblock.group_start(group);
        self.used.add(self.volume.bytes_of(start, superblock.group_blocks(group)));
    }

    fn add_set_bits(&mut self, group: u64, bitmap: &[u8]) {
        let end = bits(self.volume.superblock.group_clusters(group));
        for (first, count) in set_runs(bitmap, end) {
            self.add_clusters(group, first, count);
        }
    }

    fn add_clusters(&mut self, group: u64, first: u64, count: u64) {
        let superblock = &self.volume.superblock;
        let cluster = superblock.cluster_blocks;
        let start = superblock.group_start(group) + first * cluster;
        self.used.add(self.volume.bytes_of(start, count * cluster));
    }
}

fn bits(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// The structures of all groups as bytes of the volume, and the sum of the free counts in
/// clusters.
fn group_metadata(volume: &Volume<'_>) -> Result<(ExtentSet, u64), MapError> {
    let superblock = &volume.superblock;
    let mut metadata = ExtentSetBuilder::new();
    // The boot sector and the primary superblock, with any block size.
    metadata.add(volume.bytes_of(0, superblock.superblock_block() + 1));
    if superblock.features.has_incompat(incompat::MMP) && superblock.mmp_block != 0 {
        metadata.add(volume.bytes_of(superblock.mmp_block, 1));
    }
    let mut free_clusters: u64 = 0;
    let mut bitmaps = HashSet::new();
    for descriptor in Descriptors::new(volume) {
        let descriptor = descriptor?;
        // Also those that are not in use yet have a block each. Sharing one would multiply the
        // copies in the journal, which are read for each group.
        if !bitmaps.insert(descriptor.block_bitmap) {
            return Err(MapError::damaged(format!(
                "ext4 group {}: its block bitmap is that of another group",
                descriptor.group
            )));
        }
        free_clusters = free_clusters.saturating_add(descriptor.free_clusters);
        for Run { first, count } in descriptor.metadata(superblock) {
            metadata.add(volume.bytes_of(first, count));
        }
    }
    Ok((metadata.build(), free_clusters))
}
