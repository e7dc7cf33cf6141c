//! Disks that were chosen and cannot be used any more.

use hardware::Disk;

use crate::state::Shared;
use crate::widgets::card;

/// What there is to say of those that were taken out, or that a job on another screen has begun
/// with, a sentence or two each.
pub fn out_of_reach<'a>(disks: impl IntoIterator<Item = &'a Disk>, shared: &Shared) -> Vec<String> {
    disks.into_iter().filter_map(|disk| why_not(disk, shared)).collect()
}

fn why_not(disk: &Disk, shared: &Shared) -> Option<String> {
    let name = card::identity(disk);
    let Some(known) = shared.disks.attached(disk) else {
        return Some(format!(
            "{name} was taken out. Go back with Esc, and choose again once it is in."
        ));
    };
    let occupation = known.occupation()?.in_words();
    Some(format!("{name} {occupation}. Wait until that has ended, or go back with Esc."))
}
