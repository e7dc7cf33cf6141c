//! What has come in the way of overwriting a disk since that was planned.

use hardware::Disk;

use crate::job::RestoreRequest;
use crate::state::Shared;

/// Why this disk has to be chosen anew before it is overwritten, in a sentence. It holds for good:
/// what comes back is not known to be what has left.
pub fn lasting_obstacle(shared: &Shared, disk: &Disk) -> Option<&'static str> {
    let Some(known) = shared.disks.attached(disk) else {
        return Some("The disk was taken out: go back, and choose again.");
    };
    match (disk.has_double, known.disk.has_double) {
        (false, true) => {
            Some("Another disk with the same number was attached: go back, and choose again.")
        }
        (true, false) => {
            Some("The other disk with the same number was taken out: go back, and choose again.")
        }
        _ => None,
    }
}

/// Why this disk must not be overwritten on the computer as it is now, in a sentence.
pub fn disk_obstacle(shared: &Shared, disk: &Disk) -> Option<&'static str> {
    lasting_obstacle(shared, disk).or_else(|| match shared.disks.attached(disk)?.look() {
        None => Some("The disk was attached anew: looking at it ..."),
        Some(look) if look.is_boot_medium => Some("Remetal itself was started from this disk."),
        Some(_) => None,
    })
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
