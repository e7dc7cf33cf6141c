//! Disks that were chosen and have gone.

use hardware::Disk;

use crate::state::Shared;
use crate::widgets::card;

/// What there is to say of those that were taken out, a sentence or two each.
pub fn taken_out<'a>(disks: impl IntoIterator<Item = &'a Disk>, shared: &Shared) -> Vec<String> {
    let gone = disks.into_iter().filter(|disk| shared.disks.attached(disk).is_none());
    gone.map(|disk| {
        let disk = card::identity(disk);
        format!("{disk} was taken out. Go back with Esc, and choose again once it is in.")
    })
    .collect()
}
