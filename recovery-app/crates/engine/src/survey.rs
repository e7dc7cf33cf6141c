use block::{BlockDevice, Extent, ExtentSet, ExtentSetBuilder, Window};
use filesystem::{Allocation, Kind, State, VolumeInfo};
use partition_table::{Layout, Partition, Table, TableError};

use self::doubt::doubt;
use self::elsewhere::Elsewhere;
use crate::stoppable::Stoppable;
use crate::{Cancel, EngineError};

mod blank;
mod doubt;
mod elsewhere;
mod former;
mod gaps;
mod member;
mod suspended;

/// What to look for on a disk.
#[derive(Debug, Clone, Default)]
pub struct SurveyOptions {
    /// Only these partitions; all when `None`.
    pub partitions: Option<Vec<u32>>,
    /// Every sector counts as used.
    pub all_sectors: bool,
}

/// A disk as it was understood.
#[derive(Debug, Clone)]
pub struct Survey {
    /// Size of the disk in bytes.
    pub disk_size: u64,
    /// Logical sector size of the device in bytes.
    pub logical_sector: u32,
    /// The partition table.
    pub layout: Layout,
    /// The volumes.
    pub volumes: Vec<SurveyedVolume>,
    /// Bytes that must be captured, in whole sectors.
    pub used: ExtentSet,
    /// Bytes of partitions that were not chosen, without what is used for another reason.
    pub excluded: ExtentSet,
}

/// A volume: a partition, a logical volume, or a disk without a table.
#[derive(Debug, Clone)]
pub struct SurveyedVolume {
    /// What it is called: "partition 2", "volume vg/root", "the whole disk".
    pub place: String,
    /// Partition number, if it lies in one.
    pub partition: Option<u32>,
    /// Where its bytes lie on the disk, in the order of the volume.
    pub extents: Vec<Extent>,
    /// What is on it.
    pub info: VolumeInfo,
    /// How it is to be captured.
    pub capture: VolumeCapture,
}

impl SurveyedVolume {
    /// Where it lies, if that is one piece: files are looked for in such volumes only.
    pub(crate) fn single_extent(&self) -> Option<Extent> {
        match self.extents[..] {
            [place] => Some(place),
            _ => None,
        }
    }
}

/// How a volume is to be captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VolumeCapture {
    /// Its used bytes, by a map from `source`.
    Mapped {
        /// Where the map comes from.
        source: String,
        /// Bytes in use.
        used: u64,
    },
    /// Every byte, and why.
    Whole(String),
    /// As part of the physical volume that it lies in.
    Inside,
    /// Not at all.
    Excluded,
}

/// Looks at a disk: its partition table, what is on each volume, and which bytes are in use.
///
/// `device` must take reads of any alignment. Nothing is written. Fails when the disk is gone or a
/// chosen partition does not exist; whatever else is odd, a first sector that cannot be read
/// included, ends up as "captured whole". A stop is obeyed after the read at hand.
pub fn survey(
    device: &dyn BlockDevice,
    options: &SurveyOptions,
    cancel: &Cancel,
) -> Result<Survey, EngineError> {
    let survey = survey_until_stopped(&Stoppable::new(device, cancel), options);
    // Reads that were refused because of a stop make a disk look worse than it is.
    cancel.check()?;
    survey
}

fn survey_until_stopped(
    device: &dyn BlockDevice,
    options: &SurveyOptions,
) -> Result<Survey, EngineError> {
    let mut member = None;
    let read = layout_and_member(device).map(|(layout, of)| {
        member = of;
        layout
    });
    let mut layout = chosen_from(device, options, read)?;
    let disk = Extent::new(0, device.size());
    let mut surveyor = Surveyor::new(device, options, &layout);
    match whole_disk_reason(&layout, options, member) {
        Some(Whole::AsVolume) => surveyor.whole_disk(),
        Some(Whole::Because(reason)) => {
            surveyor.name_partitions(&layout, &reason);
            surveyor.used.add(disk);
        }
        None => {
            for partition in layout.volumes() {
                surveyor.partition(partition);
            }
            surveyor.outside(&mut layout);
        }
    }
    let sector = u64::from(layout.sector_size).max(u64::from(device.geometry().logical_sector));
    let used = surveyor.used.build();
    let used: ExtentSet = used.iter().map(|extent| extent.aligned_out(sector)).collect();
    let used = used.clipped(disk);
    Ok(Survey {
        disk_size: disk.length,
        logical_sector: device.geometry().logical_sector,
        volumes: surveyor.volumes,
        excluded: surveyor.excluded.build().clipped(disk).difference(&used),
        used,
        layout,
    })
}

/// The partition table of a disk. Where there is none but something lies where partitions usually
/// do, it is doubtful and a note says why: a filesystem that seems to fill the disk may be all that
/// is left of older days. Another note tells of a disk with partitions that belongs to something
/// larger, such as an array.
///
/// `device` must take reads of any alignment. Nothing is written. Fails when the first sector cannot
/// be read.
pub fn layout(device: &dyn BlockDevice) -> Result<Layout, TableError> {
    layout_and_member(device).map(|(layout, _)| layout)
}

/// The partition table, and what the disk belongs to, in words, if it does.
fn layout_and_member(device: &dyn BlockDevice) -> Result<(Layout, Option<String>), TableError> {
    let mut layout = partition_table::read(device)?;
    doubt(device, &mut layout);
    let member = member::of(device, &layout);
    let note = member.as_ref().map(|of| format!("{of}, so all of it is captured"));
    layout.notes.extend(note);
    Ok((layout, member))
}

/// Refuses a choice of partitions that are not on the disk, and a disk that is gone. `device` must
/// take reads of any alignment.
pub fn check_partitions(
    device: &dyn BlockDevice,
    options: &SurveyOptions,
) -> Result<(), EngineError> {
    chosen_from(device, options, partition_table::read(device)).map(drop)
}

/// The layout that was read, if what is chosen is on the disk. A disk whose first sector cannot be
/// read still has all the others: it can be captured whole.
fn chosen_from(
    device: &dyn BlockDevice,
    options: &SurveyOptions,
    read: Result<Layout, TableError>,
) -> Result<Layout, EngineError> {
    match read {
        Ok(layout) => check_choice(&layout, options).map(|()| layout),
        Err(TableError::Device { source, .. }) if source.is_gone() => Err(source.into()),
        Err(error) if options.partitions.is_some() => Err(EngineError::refused(
            format!("no partition can be chosen: {error}"),
            "Capture the whole disk: then all of it is saved that can be read.",
        )),
        Err(error) => Ok(partition_table::unread(device, &error)),
    }
}

fn check_choice(layout: &Layout, options: &SurveyOptions) -> Result<(), EngineError> {
    let is_on_disk = |partition: &&Partition| partition.extent.start < layout.disk_size;
    let known: Vec<u32> = layout.volumes().filter(is_on_disk).map(|one| one.number).collect();
    let unknown = |number: &&u32| !known.contains(number);
    let Some(number) = options.partitions.iter().flatten().find(unknown) else { return Ok(()) };
    let reason = match layout.volumes().any(|partition| partition.number == *number) {
        true => format!("partition {number} lies beyond the end of the disk"),
        false => format!("there is no partition {number} on this disk"),
    };
    Err(EngineError::refused(reason, format!("Choose among: {}.", join(&known))))
}

fn join(numbers: &[u32]) -> String {
    let words: Vec<String> = numbers.iter().map(u32::to_string).collect();
    if words.is_empty() { "no partition at all".to_owned() } else { words.join(", ") }
}

enum Whole {
    /// There is no table: the disk is one volume.
    AsVolume,
    /// Every byte is captured.
    Because(String),
}

/// `member` is what the disk belongs to.
fn whole_disk_reason(
    layout: &Layout,
    options: &SurveyOptions,
    member: Option<String>,
) -> Option<Whole> {
    match layout.table {
        Table::None => return Some(Whole::AsVolume),
        Table::Doubtful => {
            let reason = layout.notes.join("; ");
            return Some(Whole::Because(format!("the partition table is not clear: {reason}")));
        }
        Table::Gpt(_) | Table::Mbr(_) => {}
    }
    if options.all_sectors && options.partitions.is_none() {
        return Some(Whole::Because("every sector was asked for".to_owned()));
    }
    member.map(Whole::Because)
}

struct Surveyor<'a> {
    device: &'a dyn BlockDevice,
    options: &'a SurveyOptions,
    /// A suspended system may have volumes of the disk open.
    is_suspended: bool,
    /// Filesystems of which volumes of the disk may hold a part.
    elsewhere: Elsewhere,
    volumes: Vec<SurveyedVolume>,
    used: ExtentSetBuilder,
    excluded: ExtentSetBuilder,
}

impl<'a> Surveyor<'a> {
    fn new(device: &'a dyn BlockDevice, options: &'a SurveyOptions, layout: &Layout) -> Self {
        Self {
            device,
            options,
            is_suspended: suspended::is_on(device, layout),
            elsewhere: Elsewhere::find(device, layout),
            volumes: Vec::new(),
            used: ExtentSetBuilder::new(),
            excluded: ExtentSetBuilder::new(),
        }
    }

    fn whole_disk(&mut self) {
        let disk = Extent::new(0, self.device.size());
        self.volume("the whole disk".to_owned(), None, disk);
    }

    fn partition(&mut self, partition: &Partition) {
        let disk = Extent::new(0, self.device.size());
        let Some(extent) = partition.extent.intersection(&disk) else { return };
        let chosen = self
            .options
            .partitions
            .as_ref()
            .is_none_or(|chosen| chosen.contains(&partition.number));
        let place = format!("partition {}", partition.number);
        if chosen {
            self.volume(place, Some(partition.number), extent);
        } else {
            let info = identify(&Window::new(self.device, extent));
            self.excluded.add(extent);
            self.push(place, Some(partition.number), extent, info, VolumeCapture::Excluded);
        }
    }

    fn volume(&mut self, place: String, partition: Option<u32>, extent: Extent) {
        let window = Window::new(self.device, extent);
        let info = identify(&window);
        let (capture, used) = self.allocation(&window, extent, &info);
        self.used.extend(used.iter().map(|part| part.shifted_by(extent.start)));
        self.push(place, partition, extent, info, capture);
        self.logical_volumes(&window, partition, extent);
    }

    fn allocation(
        &self,
        window: &Window<'_>,
        place: Extent,
        info: &VolumeInfo,
    ) -> (VolumeCapture, ExtentSet) {
        let whole = ExtentSet::whole(window.size());
        if self.options.all_sectors {
            return (VolumeCapture::Whole("every sector was asked for".to_owned()), whole);
        }
        match filesystem::allocation(window, info) {
            Allocation::Mapped(_) if self.is_suspended && suspended::may_be_open(info) => {
                (VolumeCapture::Whole(suspended::REASON.to_owned()), whole)
            }
            Allocation::Mapped(_) if self.elsewhere.may_be_at(place) => {
                (VolumeCapture::Whole(elsewhere::REASON.to_owned()), whole)
            }
            Allocation::Mapped(map) => {
                let used = map.used.total();
                (VolumeCapture::Mapped { source: map.source, used }, map.used)
            }
            Allocation::Whole(reason) => (VolumeCapture::Whole(reason), whole),
        }
    }

    /// Names the logical volumes inside a physical volume; their bytes are in its map already.
    fn logical_volumes(&mut self, window: &Window<'_>, partition: Option<u32>, extent: Extent) {
        if self.volumes.last().is_none_or(|volume| volume.info.kind != Kind::Lvm2) {
            return;
        }
        for volume in filesystem::lvm::logical_volumes(window).unwrap_or_default() {
            self.volumes.push(SurveyedVolume {
                place: format!("volume {}/{}", volume.group, volume.name),
                partition,
                extents: volume.segments.iter().map(|part| part.shifted_by(extent.start)).collect(),
                info: volume.info,
                capture: VolumeCapture::Inside,
            });
        }
    }

    /// What is to be captured outside of partitions: the structure of the disk, and of the rest
    /// what seems to be a deleted partition, or everything if every sector was asked for.
    fn outside(&mut self, layout: &mut Layout) {
        let structural = layout.structural();
        self.used.extend(structural.iter());
        let gaps = layout.volume_bytes().complement(Extent::new(0, self.device.size()));
        if self.options.all_sectors {
            self.used.extend(gaps.iter());
            return;
        }
        let mut left = gaps.difference(&structural);
        if self.options.partitions.is_none() {
            for (gap, note) in gaps::with_volumes(self.device, &gaps, &left) {
                self.used.add(gap);
                left = left.difference(&gap.into());
                layout.notes.push(note);
            }
        }
        layout.notes.extend(gaps::note_on(self.device, &left));
    }

    fn name_partitions(&mut self, layout: &Layout, reason: &str) {
        let disk = Extent::new(0, self.device.size());
        for partition in layout.volumes() {
            let Some(extent) = partition.extent.intersection(&disk) else { continue };
            let info = identify(&Window::new(self.device, extent));
            let place = format!("partition {}", partition.number);
            let capture = VolumeCapture::Whole(reason.to_owned());
            self.push(place, Some(partition.number), extent, info, capture);
        }
        if self.volumes.is_empty() {
            let info = VolumeInfo::named(Kind::Unknown, "unknown");
            let capture = VolumeCapture::Whole(reason.to_owned());
            self.push("the whole disk".to_owned(), None, disk, info, capture);
        }
    }

    fn push(
        &mut self,
        place: String,
        partition: Option<u32>,
        extent: Extent,
        info: VolumeInfo,
        capture: VolumeCapture,
    ) {
        self.volumes.push(SurveyedVolume {
            place,
            partition,
            extents: vec![extent],
            info,
            capture,
        });
    }
}

/// What is on a volume; a volume that cannot be read is damaged, not a reason to stop.
fn identify(volume: &dyn BlockDevice) -> VolumeInfo {
    filesystem::identify(volume).unwrap_or_else(|error| VolumeInfo {
        state: State::Damaged(error.to_string()),
        ..VolumeInfo::named(Kind::Unknown, "unreadable")
    })
}
