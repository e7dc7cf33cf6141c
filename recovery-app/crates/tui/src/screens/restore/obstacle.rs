//! What has come in the way of overwriting a disk since that was planned.

use hardware::Disk;

use crate::job::RestoreRequest;
use crate::state::Shared;

/// Why this disk must not be overwritten on the computer as it is now, in a sentence.
pub fn disk_obstacle(shared: &Shared, disk: &Disk) -> Option<&'static str> {
    let Some(known) = shared.disks.attached(disk) else { return Some("The disk was taken out.") };
    if known.disk.has_double != disk.has_double {
        return Some("The disk has another name now: go back.");
    }
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
