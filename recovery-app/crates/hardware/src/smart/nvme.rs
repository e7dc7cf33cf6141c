//! The SMART / Health Information log page (NVM Express Base Specification 2.0, 5.16.1.3).

use std::fs::File;

use super::request::{ANSWER, nvme_log_page};
use super::{Health, Verdict};

const HEALTH_PAGE: u8 = 0x02;

/// What the bits of the critical warning mean, and whether it is the disk that fails.
const CRITICAL: [(u8, bool, &str); 6] = [
    (0, true, "The disk has hardly any spare sectors left."),
    (1, false, "The disk is too hot or too cold: let it cool before a long job."),
    (2, true, "The disk makes too many errors to be relied on."),
    (3, true, "The disk no longer accepts writes."),
    (4, true, "The disk's protection against power loss has failed."),
    (5, true, "The disk's persistent memory region has become unreliable."),
];

pub(super) fn ask(disk: &File) -> Option<Health> {
    Some(decode(&nvme_log_page(disk, HEALTH_PAGE).ok()?))
}

fn decode(page: &[u8; ANSWER]) -> Health {
    let raised = || CRITICAL.iter().filter(|(bit, ..)| page[0] & (1 << bit) != 0);
    let failing = raised().any(|&(_, failing, _)| failing);
    let mut health = Health::new(if failing { Verdict::Failing } else { Verdict::Good });
    let kelvin = u16::from_le_bytes([page[1], page[2]]);
    health.temperature = (kelvin != 0).then(|| i32::from(kelvin) - 273);
    health.percentage_used = Some(page[5]);
    health.power_on_hours = Some(counter(page, 128));
    health.uncorrected_errors = Some(counter(page, 160));
    raised().for_each(|(.., sentence)| health.warn(sentence));
    health.warn_about_counters();
    health
}

/// A 16-byte counter; what does not fit 8 bytes is shown as the largest number.
fn counter(page: &[u8; ANSWER], at: usize) -> u64 {
    let mut raw = [0; 16];
    raw.copy_from_slice(&page[at..at + 16]);
    u64::try_from(u128::from_le_bytes(raw)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a well drive of a few years answers.
    fn page() -> [u8; ANSWER] {
        let mut page = [0; ANSWER];
        page[1..3].copy_from_slice(&311_u16.to_le_bytes());
        page[3..6].copy_from_slice(&[100, 10, 7]);
        page[112..114].copy_from_slice(&900_u16.to_le_bytes());
        page[128..130].copy_from_slice(&12_345_u16.to_le_bytes());
        page
    }

    #[test]
    fn a_well_disk_has_no_warnings() {
        let health = decode(&page());
        assert_eq!(health.verdict, Verdict::Good);
        assert_eq!(health.temperature, Some(38));
        assert_eq!(health.percentage_used, Some(7));
        assert_eq!(health.power_on_hours, Some(12_345));
        assert_eq!(health.uncorrected_errors, Some(0));
        assert!(health.warnings.is_empty());
    }

    #[test]
    fn every_critical_warning_is_said() {
        for (bit, failing, sentence) in CRITICAL {
            let mut page = page();
            page[0] = 1 << bit;
            let health = decode(&page);
            assert_eq!(health.verdict == Verdict::Failing, failing);
            assert_eq!(health.warnings[0], sentence);
        }
    }

    #[test]
    fn counters_are_said_and_do_not_overflow() {
        let mut page = page();
        page[5] = 143;
        page[160..176].fill(0xff);
        let health = decode(&page);
        assert_eq!(health.verdict, Verdict::Good);
        assert_eq!(health.uncorrected_errors, Some(u64::MAX));
        assert_eq!(health.warnings.len(), 2);
        assert_eq!(decode(&[0; ANSWER]).temperature, None);
    }
}
