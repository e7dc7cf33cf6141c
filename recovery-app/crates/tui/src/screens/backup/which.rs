//! A disk, known by what it is and where it is attached, while others come and go.

use hardware::{DeviceNumber, Disk, Identity};

use crate::state::Shared;
use crate::widgets::card;

/// What a disk is known by between two keys. The place counts: one that was put back in elsewhere
/// has another device node.
#[derive(Debug, Clone, PartialEq)]
pub struct DiskKey {
    number: DeviceNumber,
    identity: Identity,
}

impl DiskKey {
    pub fn of(disk: &Disk) -> Self {
        Self { number: disk.number, identity: disk.identity() }
    }
}

/// What there is to say of those that were taken out, a sentence or two each.
pub fn taken_out<'a>(disks: impl IntoIterator<Item = &'a Disk>, shared: &Shared) -> Vec<String> {
    let gone = disks.into_iter().filter(|disk| shared.disks.attached(disk).is_none());
    gone.map(|disk| {
        let disk = card::identity(disk);
        format!("{disk} was taken out. Put it back in where it was, or go back with Esc.")
    })
    .collect()
}
