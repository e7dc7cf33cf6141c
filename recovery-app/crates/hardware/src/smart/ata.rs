//! ATA SMART: the verdict (SMART RETURN STATUS) and the attributes (SMART READ DATA) of ACS-3,
//! sent through ATA PASS-THROUGH (16) of SAT-3, section 12.2. The attributes are the makers' own; the
//! few that mean the same nearly everywhere are read as smartmontools reads them by default.

use std::fs::File;

use super::request::{ANSWER, SENSE, scsi};
use super::{Health, Verdict};

const PASS_THROUGH_16: u8 = 0x85;
const SMART: u8 = 0xb0;
const READ_DATA: u8 = 0xd0;
const RETURN_STATUS: u8 = 0xda;

/// A command with this in LBA bits 8 to 23 is a SMART command; in the answer it means "good".
const SIGNATURE: [u8; 2] = [0x4f, 0xc2];
/// What a failing disk answers instead.
const FAILING: [u8; 2] = [0xf4, 0x2c];

pub(super) fn ask(disk: &File) -> Option<Health> {
    let data = scsi(disk, &command(READ_DATA), ANSWER).ok().filter(|answer| answer.status == 0);
    let attributes = data.map(|answer| answer.data).filter(is_intact);
    let status = scsi(disk, &command(RETURN_STATUS), 0).ok();
    let verdict = status.and_then(|answer| verdict(&answer.sense));
    if attributes.is_none() && verdict.is_none() {
        return None;
    }
    let mut health = Health::new(verdict.unwrap_or(Verdict::Unknown));
    if let Some(data) = attributes {
        decode(&data, &mut health);
    }
    health.warn_about_counters();
    Some(health)
}

fn command(feature: u8) -> [u8; 16] {
    /// Protocol "PIO data-in"; one block from the disk, counted in the sector count field.
    const DATA_IN: [u8; 2] = [4 << 1, 0x0e];
    /// Protocol "non-data"; the answer's registers are wanted (CK_COND).
    const NO_DATA: [u8; 2] = [3 << 1, 0x20];
    let reads = feature == READ_DATA;
    let [protocol, transfer] = if reads { DATA_IN } else { NO_DATA };
    let mut command = [0; 16];
    command[0] = PASS_THROUGH_16;
    command[1] = protocol;
    command[2] = transfer;
    command[4] = feature;
    command[6] = u8::from(reads);
    command[10] = SIGNATURE[0];
    command[12] = SIGNATURE[1];
    command[14] = SMART;
    command
}

/// The answer's registers come as sense data, in one of two formats (SAT-3, 12.2.5 and 12.2.6).
fn verdict(sense: &[u8; SENSE]) -> Option<Verdict> {
    let lba = match sense[0] & 0x7f {
        // Descriptor format; the ATA Status Return descriptor comes first.
        0x72 if sense[8] == 0x09 => [sense[8 + 9], sense[8 + 11]],
        // Fixed format.
        0x70 => [sense[10], sense[11]],
        _ => return None,
    };
    match lba {
        SIGNATURE => Some(Verdict::Good),
        FAILING => Some(Verdict::Failing),
        _ => None,
    }
}

/// The bytes add up to zero; all zeros is no answer.
fn is_intact(data: &[u8; ANSWER]) -> bool {
    data.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte)) == 0
        && data.iter().any(|&byte| byte != 0)
}

/// 30 entries of 12 bytes from byte 2: id, flags (2), value, worst, raw (6, little-endian).
fn decode(data: &[u8; ANSWER], health: &mut Health) {
    let raw = |id: u8| {
        let entry = data[2..362].chunks_exact(12).find(|entry| entry[0] == id)?;
        let mut raw = [0; 8];
        raw[..6].copy_from_slice(&entry[5..11]);
        Some(u64::from_le_bytes(raw))
    };
    // The upper bytes of these three hold other things on some models.
    health.reallocated_sectors = raw(5).map(|raw| raw & 0xffff);
    health.power_on_hours = raw(9).map(|raw| raw & 0xff_ffff);
    let celsius = |raw: u64| i32::try_from(raw & 0xff).ok().filter(|&celsius| celsius > 0);
    health.temperature = raw(194).or_else(|| raw(190)).and_then(celsius);
    health.uncorrected_errors = raw(187).map(|raw| raw & 0xffff_ffff);
    health.pending_sectors = raw(197).map(|raw| raw & 0xffff_ffff);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(attributes: &[(u8, u64)]) -> [u8; ANSWER] {
        let mut data = [0; ANSWER];
        data[0] = 0x10;
        for (index, (id, raw)) in attributes.iter().enumerate() {
            let at = 2 + 12 * index;
            data[at] = *id;
            data[at + 5..at + 11].copy_from_slice(&raw.to_le_bytes()[..6]);
        }
        let sum = data.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
        data[511] = sum.wrapping_neg();
        data
    }

    #[test]
    fn attributes_are_found_wherever_they_stand() {
        let data = data(&[
            (1, 77),
            (194, 0x0031_0014_001f),
            (9, 0x9900_0020_3040),
            (5, 0x0001_0000_0008),
            (197, 3),
        ]);
        assert!(is_intact(&data));
        let mut health = Health::new(Verdict::Good);
        decode(&data, &mut health);
        health.warn_about_counters();
        assert_eq!(health.temperature, Some(31));
        assert_eq!(health.power_on_hours, Some(0x20_3040));
        assert_eq!(health.reallocated_sectors, Some(8));
        assert_eq!(health.pending_sectors, Some(3));
        assert_eq!(health.uncorrected_errors, None);
        assert_eq!(health.warnings.len(), 2);
    }

    #[test]
    fn a_damaged_or_empty_answer_is_not_believed() {
        let mut data = data(&[(5, 1)]);
        data[7] ^= 4;
        assert!(!is_intact(&data));
        assert!(!is_intact(&[0; ANSWER]));
    }

    #[test]
    fn the_verdict_is_read_from_both_sense_formats() {
        let mut descriptor = [0; SENSE];
        descriptor[..10].copy_from_slice(&[0x72, 1, 0, 0x1d, 0, 0, 0, 14, 9, 12]);
        descriptor[17] = 0x4f;
        descriptor[19] = 0xc2;
        assert_eq!(verdict(&descriptor), Some(Verdict::Good));
        descriptor[17] = 0xf4;
        descriptor[19] = 0x2c;
        assert_eq!(verdict(&descriptor), Some(Verdict::Failing));
        descriptor[19] = 0;
        assert_eq!(verdict(&descriptor), None);

        let mut fixed = [0; SENSE];
        fixed[0] = 0xf0;
        fixed[10..12].copy_from_slice(&[0xf4, 0x2c]);
        assert_eq!(verdict(&fixed), Some(Verdict::Failing));
        assert_eq!(verdict(&[0; SENSE]), None);
    }

    #[test]
    fn commands_only_read() {
        assert_eq!(
            command(READ_DATA),
            [0x85, 8, 0x0e, 0, 0xd0, 0, 1, 0, 0, 0, 0x4f, 0, 0xc2, 0, 0xb0, 0]
        );
        assert_eq!(
            command(RETURN_STATUS),
            [0x85, 6, 0x20, 0, 0xda, 0, 0, 0, 0, 0, 0x4f, 0, 0xc2, 0, 0xb0, 0]
        );
    }
}
