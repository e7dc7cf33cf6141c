//! The places that a backup can go to, with the reason for each that cannot be chosen.

use std::path::PathBuf;

use hardware::{Bus, Disk, Verdict};
use report::content::Role;
use report::{content, size};

use super::room::{self, Room};
use super::words;
use crate::disks::Known;
use crate::job::Source;
use crate::machine::{Look, Place};
use crate::screens::focus::DiskKey;
use crate::state::Shared;
use crate::widgets::card;
use crate::widgets::list::Row;

/// What Enter would take.
#[derive(Debug, Clone, PartialEq)]
pub enum Offer {
    /// This volume of a drive.
    Place(DiskKey, PathBuf),
    /// A drive without a place; only the reason is told.
    Drive(DiskKey),
    /// A drive that is made ready first.
    Fresh(DiskKey),
}

/// An offer, the drive that it is about, and how it is shown.
pub struct Offered {
    pub offer: Offer,
    pub drive: Disk,
    pub row: Row,
    /// Nothing that Remetal knows is on the drive.
    is_empty: bool,
}

/// All of them: places first, drives that can be made ready last, the empty ones before others.
pub fn all(sources: &[Source], shared: &Shared) -> Vec<Offered> {
    let room = room::needed(sources, shared);
    let is_source = |known: &Known| {
        let key = DiskKey::of(&known.disk);
        sources.iter().any(|source| DiskKey::of(&source.disk) == key)
    };
    let mut offered = Vec::new();
    let mut fresh = Vec::new();
    for known in shared.disks.known() {
        let refusal = if is_source(known) {
            Some("it is one of the disks that are saved.".to_owned())
        } else {
            words::refusal(known, shared.now)
        };
        match (refusal, known.look()) {
            (None, Some(look)) => {
                let ready = to_be_made_ready(known, look, room);
                if !ready.is_empty {
                    offered.extend(of_drive(known, look, room));
                }
                fresh.push(ready);
            }
            (refusal, _) => offered.push(refused(known, refusal)),
        }
    }
    fresh.sort_by_key(|offered| !offered.is_empty);
    offered.extend(fresh);
    offered
}

/// The one that is most likely meant: a place with plenty of room, rather on a drive that can be
/// taken away than on a built-in one, or else an empty drive.
pub fn first(offered: &[Offered]) -> usize {
    let usable = |offered: &Offered| offered.row.refusal.is_none();
    let is_place = |offered: &Offered| matches!(offered.offer, Offer::Place(..));
    let place = |wanted: &dyn Fn(&Offered) -> bool| {
        offered.iter().position(|offered| usable(offered) && wanted(offered))
    };
    let is_roomy = |offered: &Offered| is_place(offered) && offered.row.warnings.is_empty();
    let is_portable = |offered: &Offered| offered.drive.bus == Bus::Usb || offered.drive.removable;
    place(&|offered| is_roomy(offered) && is_portable(offered))
        .or_else(|| place(&is_roomy))
        .or_else(|| place(&is_place))
        .or_else(|| place(&|offered| offered.is_empty))
        .unwrap_or(0)
}

/// True when a backup can go somewhere as things are.
pub fn has_place(offered: &[Offered]) -> bool {
    let usable = |offered: &Offered| offered.row.refusal.is_none();
    offered.iter().any(|offered| usable(offered) && matches!(offered.offer, Offer::Place(..)))
}

fn refused(known: &Known, refusal: Option<String>) -> Offered {
    let mut row = Row::new(card::identity(&known.disk));
    row.refusal = refusal;
    Offered {
        offer: Offer::Drive(DiskKey::of(&known.disk)),
        drive: known.disk.clone(),
        row,
        is_empty: false,
    }
}

fn of_drive(known: &Known, look: &Look, room: Room) -> Vec<Offered> {
    if look.places.is_empty() {
        let why = "it has no place for files that Remetal could use.";
        let mut offered = refused(known, Some(why.to_owned()));
        offered.row.more.push(words::contents(look));
        return vec![offered];
    }
    let offered = look.places.iter().map(|place| Offered {
        offer: Offer::Place(DiskKey::of(&known.disk), place.device.clone()),
        drive: known.disk.clone(),
        row: of_place(known, look, place, room),
        is_empty: false,
    });
    offered.collect()
}

fn of_place(known: &Known, look: &Look, place: &Place, room: Room) -> Row {
    let mut row = Row::new(card::identity(&known.disk));
    row.refusal = why_not(place, room);
    row.more.extend(told(place));
    if row.refusal.is_some() {
        return row;
    }
    if look.report.health.as_ref().is_some_and(|health| health.verdict == Verdict::Failing) {
        row.warnings.push("This drive says that it is failing: use another one.".to_owned());
    }
    if place.has_system {
        let words = "This is a disk with an operating system: a drive of its own is safer.";
        row.warnings.push(words.to_owned());
    }
    if place.room() < room.likely {
        row.warnings.push(format!(
            "It may be too small for {}. A backup is smaller than what it holds; the last step \
             tells by how much.",
            size::in_words(room.likely)
        ));
    }
    row
}

/// Its name, its room, and its backups, a line each.
fn told(place: &Place) -> Vec<String> {
    let name = match &place.label {
        Some(label) => format!("\"{label}\" ({})", place.title),
        None => format!("without a name ({})", place.title),
    };
    if place.problem.is_some() {
        return vec![name];
    }
    let (free, all) = (size::in_words(place.free), size::in_words(place.size));
    let backups = place.backups.first().map(|newest| {
        let count = words::counted(place.backups.len(), "backup");
        if newest.made.is_empty() {
            return format!("{count} on it");
        }
        format!("{count} on it, the newest: {}, {}", newest.name, newest.made)
    });
    let first = format!("{name}, {free} of {all} free");
    std::iter::once(first).chain(backups).chain(unfinished(place)).collect()
}

/// What unfinished backups take, and how that is had back.
fn unfinished(place: &Place) -> Option<String> {
    const NAMED: usize = 3;
    let names: Vec<&str> = place.unfinished.iter().map(|one| one.name.as_str()).collect();
    let stored = size::in_words(place.room().saturating_sub(place.free));
    match names.as_slice() {
        [] => None,
        [name] => Some(format!(
            "{stored} are an unfinished backup, {name}: the next one of that name replaces it"
        )),
        names => {
            let more = if names.len() > NAMED { ", ..." } else { "" };
            Some(format!(
                "{stored} are unfinished backups ({}{more}): each is replaced by the next one of \
                 its name",
                names[..names.len().min(NAMED)].join(", ")
            ))
        }
    }
}

fn why_not(place: &Place, room: Room) -> Option<String> {
    let too_small = || {
        (place.room() < room.least.max(1)).then(|| {
            format!(
                "it is too small. {} are free, and the backup takes {} at the very least.",
                size::in_words(place.room()),
                size::in_words(room.least)
            )
        })
    };
    place.problem.clone().or_else(|| place.not_writable.clone()).or_else(too_small)
}

fn to_be_made_ready(known: &Known, look: &Look, room: Room) -> Offered {
    let contents = content::of_disk(&look.report);
    let is_empty = look.places.is_empty() && content::is_empty(&contents);
    let mut row = Row::new(if is_empty {
        "Make this drive ready for backups"
    } else {
        "Erase this drive and make it ready for backups"
    });
    row.refusal = why_not_ready(known, look, room);
    row.more.push(card::identity(&known.disk));
    row.more.push(format!("On it now, and then lost: {}", words::contents(look)));
    if row.refusal.is_none() && contents.iter().any(|content| content.role == Role::System) {
        row.warnings.push("There is an operating system on it.".to_owned());
    }
    if let Some(count) = look.backups().filter(|count| *count > 0 && row.refusal.is_none()) {
        row.warnings.push(format!("There are backups on it ({count}): they would be lost."));
    }
    Offered {
        offer: Offer::Fresh(DiskKey::of(&known.disk)),
        drive: known.disk.clone(),
        row,
        is_empty,
    }
}

/// Why all of a drive cannot be given to backups.
pub fn why_not_ready(known: &Known, look: &Look, room: Room) -> Option<String> {
    if known.disk.read_only {
        let words = "it does not let itself be written. Some drives have a switch.";
        return Some(look.protected.clone().unwrap_or_else(|| words.to_owned()));
    }
    if let Some(use_) = look.report.in_use.first() {
        return Some(format!("it is in use ({use_})."));
    }
    (known.disk.size < room.least).then(|| "it is too small.".to_owned())
}
