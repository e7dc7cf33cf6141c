//! SMART: what a disk says of its own health.
//!
//! Hand-written: no kept crate asks NVMe and ATA disks without running smartctl.

mod ata;
mod nvme;
mod request;

use std::fs::File;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{Bus, Disk, Roots};

/// Whether a disk expects to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The disk says it is well.
    Good,
    /// The disk says it fails, or soon will.
    Failing,
    /// The disk answered without a verdict.
    Unknown,
}

/// What a disk says of its own health.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The disk's own verdict. A disk can call itself well and still have warnings.
    pub verdict: Verdict,
    /// Degrees Celsius.
    pub temperature: Option<i32>,
    /// Hours it has been running in its life.
    pub power_on_hours: Option<u64>,
    /// Bad sectors that were replaced by spare ones.
    pub reallocated_sectors: Option<u64>,
    /// Sectors that could not be read and wait for being written.
    pub pending_sectors: Option<u64>,
    /// Errors that the disk could not correct (NVMe media errors, ATA attribute 187).
    pub uncorrected_errors: Option<u64>,
    /// Wear of a solid-state disk, in percent of its rated life; may exceed 100.
    pub percentage_used: Option<u8>,
    /// What is wrong, one sentence each, in plain words.
    pub warnings: Vec<String>,
}

impl Health {
    fn new(verdict: Verdict) -> Self {
        Self {
            verdict,
            temperature: None,
            power_on_hours: None,
            reallocated_sectors: None,
            pending_sectors: None,
            uncorrected_errors: None,
            percentage_used: None,
            warnings: Vec::new(),
        }
    }

    /// Says in words what the verdict and the counters mean.
    fn warn_about_counters(&mut self) {
        if self.verdict == Verdict::Failing {
            self.warn("The disk says that it is failing: copy its data while it can be read.");
        }
        let counters = [
            (self.pending_sectors, "sectors could not be read"),
            (self.reallocated_sectors, "bad sectors were replaced by spare ones"),
            (self.uncorrected_errors, "errors could not be corrected"),
        ];
        for (count, what) in counters {
            if let Some(count) = count.filter(|&count| count > 0) {
                self.warnings.push(format!("The disk has counted: {count} {what}."));
            }
        }
        if self.percentage_used.is_some_and(|percent| percent >= 100) {
            self.warn("The disk has reached the end of its rated life.");
        }
    }

    fn warn(&mut self, sentence: &str) {
        self.warnings.push(sentence.to_owned());
    }
}

/// Asks the disk for its health; `None` when it is of a kind that cannot tell, does not answer,
/// or may not be asked (not root). Changes nothing on it. May take seconds on an ailing disk.
#[must_use]
pub fn health(roots: &Roots, disk: &Disk) -> Option<Health> {
    let ask: fn(&File) -> Option<Health> = match disk.bus {
        Bus::Nvme => nvme::ask,
        Bus::Sata | Bus::Ata => ata::ask,
        // Old bridges and sticks are known to hang on ATA commands; those that speak UAS pass
        // them on.
        Bus::Usb if speaks_uas(roots, &disk.name) => ata::ask,
        _ => return None,
    };
    ask(&File::open(&disk.path).ok()?)
}

fn speaks_uas(roots: &Roots, name: &str) -> bool {
    let Ok(folder) = std::fs::canonicalize(roots.sys.join("block").join(name)) else {
        return false;
    };
    let driver = |ancestor: &Path| std::fs::read_link(ancestor.join("driver")).ok();
    folder
        .ancestors()
        .find(|ancestor| ancestor.join("bInterfaceClass").exists())
        .and_then(driver)
        .is_some_and(|driver| driver.ends_with("uas"))
}
