//! What has come in the way of overwriting a disk since that was planned.

use hardware::{Disk, same_disk};

use crate::disks::Known;
use crate::job::RestoreRequest;
use crate::state::Shared;

/// The disk, while it is attached: the same one, in the same place.
pub fn attached<'a>(shared: &'a Shared, disk: &Disk) -> Option<&'a Known> {
    shared.disks.known().iter().find(|known| {
        known.disk.path == disk.path
            && known.disk.number == disk.number
            && same_disk(&known.disk.identity(), &disk.identity())
    })
}

/// Why this disk must not be overwritten on the computer as it is now, in a sentence.
pub fn disk_obstacle(shared: &Shared, disk: &Disk) -> Option<&'static str> {
    let Some(known) = attached(shared, disk) else { return Some("The disk was taken out.") };
    match known.look() {
        None => Some("The disk was attached anew: looking at it ..."),
        Some(look) if look.is_boot_medium => Some("Remetal itself was started from this disk."),
        Some(_) => None,
    }
}

/// Why a planned restore must not begin on the computer as it is now, in a sentence.
pub fn obstacle(shared: &Shared, request: &RestoreRequest) -> Option<&'static str> {
    if let Some(obstacle) = disk_obstacle(shared, &request.target) {
        return Some(obstacle);
    }
    match shared.disks.with_device(&request.backup.device) {
        None => Some("The drive with the backup was taken out."),
        Some(drive) if drive.disk.path == request.target.path => {
            Some("The backup lies on this disk.")
        }
        Some(_) => None,
    }
}
