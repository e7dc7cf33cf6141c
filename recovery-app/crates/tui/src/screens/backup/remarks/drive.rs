//! What is unusual about the drive that takes the backup.

use std::path::Path;

use hardware::{Bus, Verdict};

use super::{danger, hint, warning};
use crate::disks::Known;
use crate::job::Remark;
use crate::widgets::card;

/// Of the drive, and of the volume that takes the backup.
pub fn of_drive(known: &Known, device: &Path) -> Vec<Remark> {
    let name = card::name(&known.disk);
    let mut remarks = Vec::new();
    let Some(look) = known.look() else { return remarks };
    if let Some(health) = &look.report.health {
        if health.verdict == Verdict::Failing {
            remarks.push(danger(format!(
                "{name}, which takes the backup, says that it is failing. A backup on it may be \
                 gone when it is needed: use another drive."
            )));
        } else if !health.warnings.is_empty() {
            remarks.push(warning(format!(
                "{name}, which takes the backup, is not well: {} Another drive is safer.",
                health.warnings.join(" ")
            )));
        }
    }
    if look.places.iter().any(|place| place.device == device && place.has_system) {
        remarks.push(warning(format!(
            "There is an operating system on {name}, beside the backup. A drive of its own is \
             safer: whoever sets that system up anew loses the backup."
        )));
    } else if known.disk.bus != Bus::Usb && !known.disk.removable {
        remarks.push(hint(format!(
            "{name} is built into this computer. What happens to the computer happens to the backup \
             as well."
        )));
    }
    remarks
}
