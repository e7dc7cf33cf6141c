//! What is unusual about a disk that is saved, whatever is on it.

use hardware::{Bus, Disk, Verdict};
use report::disk::DiskReport;

use super::{danger, warning};
use crate::job::Remark;
use crate::widgets::card;

/// USB 2 and older. Mbit/s.
const SLOW: u32 = 480;

/// Megabits of a USB link that carry one megabyte of files, with all that goes along with them.
const MEGABITS_FOR_A_MEGABYTE: u32 = 12;

/// A USB link that is slower than the drive behind it.
pub fn slow_link(disk: &Disk) -> Option<Remark> {
    let megabits = disk.usb_megabits.filter(|speed| disk.bus == Bus::Usb && *speed <= SLOW)?;
    let rate = (megabits / MEGABITS_FOR_A_MEGABYTE).max(1);
    Some(warning(format!(
        "{} has a slow USB link: about {rate} MB in a second, at most. If the computer has a blue \
         USB 3 port, use that one.",
        card::name(disk)
    )))
}

/// Its health, and what was begun on it and not finished.
pub fn of_source(disk: &Disk, report: &DiskReport) -> Vec<Remark> {
    let name = card::name(disk);
    let mut remarks = Vec::new();
    if let Some(health) = &report.health {
        let is_failing = health.verdict == Verdict::Failing;
        if is_failing {
            remarks.push(danger(format!(
                "{name} says that it is failing. It may stop for good while it is read. If it holds \
                 what must not be lost, ask a data rescue firm first. Otherwise save it now, before \
                 you do anything else with it."
            )));
        } else if !health.warnings.is_empty() {
            remarks.push(warning(format!(
                "{name} is not well: {} Save it now, and think of a new disk.",
                health.warnings.join(" ")
            )));
        }
    }
    if report.unfinished_restore.is_some() {
        remarks.push(warning(format!(
            "A restore onto {name} was begun and not finished. What is on it is not whole, and so \
             is a backup of it."
        )));
    }
    if report.problem.is_some() {
        remarks.push(warning(format!(
            "What is on {name} could not be read. It is saved as far as it answers; the result \
             names what is missing."
        )));
    }
    remarks
}
