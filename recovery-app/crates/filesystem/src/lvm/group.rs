use std::collections::HashSet;

use block::{Extent, ExtentSet};

use super::config::{Section, Value};
use super::label::Label;
use crate::MapError;

/// Sizes in the metadata are in sectors of this many bytes.
const SECTOR: u64 = 512;
/// What the status of a logical volume that is only a volume may say.
const PLAIN_STATUS: [&str; 4] = ["READ", "WRITE", "VISIBLE", "FIXED_MINOR"];

/// A volume group, as far as it concerns one physical volume.
#[derive(Debug)]
pub(super) struct Group {
    pub name: String,
    /// First byte and bytes of the extents on this physical volume.
    pub extents: Extent,
    pub volumes: Vec<Volume>,
}

/// A logical volume with extents on this physical volume.
#[derive(Debug)]
pub(super) struct Volume {
    pub name: String,
    /// False for the parts of other volumes, which people do not see.
    pub is_visible: bool,
    /// Its bytes, on whichever physical volumes they lie.
    pub length: u64,
    /// Its bytes on the physical volume, in its own order when it is plain.
    pub segments: Vec<Extent>,
    /// Why it is not just these segments in this order; `None` when it is.
    pub not_plain: Option<String>,
}

/// Where the extents of one physical volume lie.
struct Place<'a> {
    /// Its name in the metadata: "pv0".
    name: &'a str,
    start: u64,
    extent: u64,
    count: u64,
    /// Names of all physical volumes of the group.
    all: HashSet<&'a str>,
}

impl Group {
    pub(super) fn read(description: &Section, label: &Label) -> Result<Self, MapError> {
        let missing = |what: &str| MapError::damaged(format!("LVM2 metadata: {what} is missing"));
        let (name, group) =
            description.sections().next().ok_or_else(|| missing("the volume group"))?;
        let place = Place::read(group, label)?;
        let sections = || group.section("logical_volumes").into_iter().flat_map(Section::sections);
        let components: HashSet<&str> =
            sections().flat_map(|(_, volume)| referred(volume, &place)).collect();
        let mut volumes = Vec::new();
        for (name, section) in sections() {
            let mut volume = place.volume(name, section)?;
            let is_part = !volume.is_visible || components.contains(name);
            if volume.not_plain.is_none() && is_part {
                volume.not_plain = Some("it is a part of another volume".to_owned());
            }
            volumes.push(volume);
        }
        let extents = Extent::new(place.start, place.count * place.extent);
        volumes.retain(|volume| !volume.segments.is_empty());
        check_apart(&volumes)?;
        Ok(Self { name: name.to_owned(), extents, volumes })
    }

    /// The bytes of all extents that any logical volume has.
    pub(super) fn allocated(&self) -> ExtentSet {
        self.volumes.iter().flat_map(|volume| volume.segments.iter().copied()).collect()
    }
}

impl<'a> Place<'a> {
    fn read(group: &'a Section, label: &Label) -> Result<Self, MapError> {
        let damaged = |what: &str| MapError::damaged(format!("LVM2 metadata: {what}"));
        let all = || group.section("physical_volumes").into_iter().flat_map(Section::sections);
        let is_this = |section: &Section| {
            section.text("id").is_some_and(|id| id.replace('-', "") == label.id)
        };
        let (name, section) = all()
            .find(|(_, section)| is_this(section))
            .ok_or_else(|| damaged("this physical volume is not in its group"))?;
        let sectors = |number: Option<u64>| {
            number
                .and_then(|sectors| sectors.checked_mul(SECTOR))
                .ok_or_else(|| damaged("a size is missing or impossible"))
        };
        let place = Self {
            name,
            start: sectors(section.number("pe_start"))?,
            extent: sectors(group.number("extent_size"))?,
            count: section.number("pe_count").unwrap_or(0),
            all: all().map(|(name, _)| name).collect(),
        };
        let end =
            place.count.checked_mul(place.extent).and_then(|size| size.checked_add(place.start));
        if place.extent == 0 || end.is_none_or(|end| end > label.size) {
            return Err(damaged("its extents do not fit on the physical volume"));
        }
        Ok(place)
    }

    /// The bytes of `count` extents from number `first`.
    fn extents(&self, first: u64, count: u64) -> Result<Extent, MapError> {
        if first.checked_add(count).is_none_or(|end| end > self.count) {
            return Err(MapError::damaged("LVM2 metadata: a segment lies outside"));
        }
        Ok(Extent::new(self.start + first * self.extent, count * self.extent))
    }

    fn volume(&self, name: &str, section: &Section) -> Result<Volume, MapError> {
        let mut segments: Vec<(u64, &Section)> = section
            .sections()
            .map(|(_, segment)| (segment.number("start_extent").unwrap_or(0), segment))
            .collect();
        segments.sort_by_key(|(start, _)| *start);
        let mut not_plain = unusual_status(section);
        let mut on_this = Vec::new();
        let mut expected = 0;
        for (start, segment) in segments {
            let count = segment.number("extent_count").unwrap_or(0);
            not_plain = not_plain.or_else(|| self.not_linear(segment));
            if start != expected {
                not_plain = not_plain.or(Some("its segments leave a gap".to_owned()));
            }
            expected = start.saturating_add(count);
            let stripes = segment.number("stripe_count").unwrap_or(1).max(1);
            let is_striped = segment.text("type") == Some("striped");
            let each = if is_striped { count.div_ceil(stripes) } else { count };
            for area in segment.values().filter_map(|(_, value)| match value {
                Value::List(list) => Some(list),
                _ => None,
            }) {
                self.add_areas(area, each, is_striped, &mut on_this)?;
            }
        }
        let is_visible = has_status(section, "VISIBLE");
        let length = expected.saturating_mul(self.extent);
        Ok(Volume { name: name.to_owned(), is_visible, length, segments: on_this, not_plain })
    }

    /// Adds the extents of this physical volume, `each` from every place, that a list of names and
    /// first extents gives.
    ///
    /// Kinds of segments that are not known get as many extents in each place as the whole
    /// segment has: no kind needs more.
    fn add_areas(
        &self,
        areas: &[Value],
        each: u64,
        is_striped: bool,
        on_this: &mut Vec<Extent>,
    ) -> Result<(), MapError> {
        for (index, area) in areas.iter().enumerate() {
            if !matches!(area, Value::Text(name) if name == self.name) {
                continue;
            }
            let Some(Value::Number(first)) = areas.get(index + 1) else {
                return Err(MapError::unsupported("LVM2 metadata: a segment of an unknown form"));
            };
            let each = if is_striped { each } else { each.min(self.count.saturating_sub(*first)) };
            on_this.push(self.extents(*first, each)?);
        }
        Ok(())
    }

    /// Why a segment is not one run of extents on this physical volume.
    fn not_linear(&self, segment: &Section) -> Option<String> {
        let kind = segment.text("type").unwrap_or("of no kind");
        if !matches!(kind, "striped" | "linear") {
            return Some(format!("it has a segment of the kind {kind}"));
        }
        match segment.list("stripes") {
            Some([Value::Text(name), Value::Number(_)]) if name == self.name => None,
            Some([Value::Text(_), Value::Number(_)]) => {
                Some("it lies on several physical volumes".to_owned())
            }
            _ => Some("it is striped".to_owned()),
        }
    }
}

/// No extent belongs to two plain volumes, or twice to one. Reading each volume once is then no more
/// than reading the physical volume, whatever the metadata says.
fn check_apart(volumes: &[Volume]) -> Result<(), MapError> {
    let plain = volumes.iter().filter(|volume| volume.not_plain.is_none());
    let mut segments: Vec<Extent> = plain.flat_map(|volume| volume.segments.clone()).collect();
    segments.retain(|segment| !segment.is_empty());
    segments.sort_unstable();
    if segments.windows(2).any(|pair| pair[0].end() > pair[1].start) {
        return Err(MapError::damaged("LVM2 metadata: an extent belongs to two logical volumes"));
    }
    Ok(())
}

/// Names that the segments of a volume refer to, other than physical volumes.
fn referred<'a>(volume: &'a Section, place: &Place<'a>) -> HashSet<&'a str> {
    let mut names = HashSet::new();
    for (key, value) in volume.sections().flat_map(|(_, segment)| segment.values()) {
        match value {
            Value::Text(name) if key != "type" => {
                names.insert(name.as_str());
            }
            Value::List(list) => names.extend(list.iter().filter_map(|value| match value {
                Value::Text(name) if !place.all.contains(name.as_str()) => Some(name.as_str()),
                _ => None,
            })),
            _ => {}
        }
    }
    names
}

fn has_status(volume: &Section, flag: &str) -> bool {
    let flags = volume.list("status").unwrap_or_default();
    flags.iter().any(|value| matches!(value, Value::Text(text) if text == flag))
}

fn unusual_status(volume: &Section) -> Option<String> {
    let flags = volume.list("status")?;
    flags.iter().find_map(|flag| match flag {
        Value::Text(flag) if PLAIN_STATUS.contains(&flag.as_str()) => None,
        Value::Text(flag) => Some(format!("its status is {flag}")),
        _ => Some("its status is not known".to_owned()),
    })
}
