//! The SCSI "vital product data" pages that sysfs shows (SPC-4, 7.8).

use crate::sysfs;

/// The page's content behind its four-byte header, as far as it is there.
fn content(page: &[u8], code: u8) -> Option<&[u8]> {
    let header = page.get(..4)?;
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    let body = &page[4..];
    (header[1] == code).then(|| body.get(..length).unwrap_or(body))
}

/// The unit serial number (page 80h).
pub(crate) fn serial(page: &[u8]) -> Option<String> {
    sysfs::cleaned(content(page, 0x80)?)
}

/// What the designators of page 83h say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Designators {
    /// The NAA world-wide name, `naa.` and hexadecimal digits.
    pub(crate) naa: Option<String>,
    /// The full model of an ATA disk; the INQUIRY data has only its first 16 characters.
    pub(crate) ata_model: Option<String>,
}

/// Reads the device identification (page 83h).
pub(crate) fn designators(page: &[u8]) -> Designators {
    let mut found = Designators::default();
    let mut rest = content(page, 0x83).unwrap_or_default();
    while let Some((header, tail)) = rest.split_at_checked(4) {
        let length = usize::from(header[3]);
        let Some((value, next)) = tail.split_at_checked(length) else { break };
        // Bits 4-5 of byte 1: 0 when it names the disk itself, not the port or the cabinet.
        let of_the_disk = header[1] & 0x30 == 0;
        match header[1] & 0x0f {
            3 if of_the_disk && !value.is_empty() => {
                found.naa.get_or_insert_with(|| format!("naa.{}", hexadecimal(value)));
            }
            1 if of_the_disk => found.ata_model = found.ata_model.or_else(|| ata_model(value)),
            _ => {}
        }
        rest = next;
    }
    found
}

/// The T10 designator that SAT defines: "ATA" padded to 8, the model in 40, the serial in 20.
fn ata_model(value: &[u8]) -> Option<String> {
    let model = value.strip_prefix(b"ATA     ")?.get(..40)?;
    sysfs::cleaned(model)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_libata_writes() {
        let mut page = vec![0, 0x83, 0, 0];
        page.extend([2, 0, 0, 20]);
        page.extend(b"  S3Z9NB0K123A\0     \0"[..20].iter());
        page.extend([2, 1, 0, 68]);
        page.extend(b"ATA     Samsung SSD 870 EVO 500GB               ");
        page.extend(b"S3Z9NB0K123A        ");
        page.extend([1, 3, 0, 8, 0x50, 0x02, 0x53, 0x8e, 0x40, 0x12, 0x34, 0x56]);
        page[3] = u8::try_from(page.len() - 4).unwrap();
        let found = designators(&page);
        assert_eq!(found.naa.as_deref(), Some("naa.5002538e40123456"));
        assert_eq!(found.ata_model.as_deref(), Some("Samsung SSD 870 EVO 500GB"));
        for end in 0..page.len() {
            designators(&page[..end]);
        }
    }

    #[test]
    fn a_port_is_not_the_disk() {
        let page = [0, 0x83, 0, 8, 1, 0x13, 0, 4, 1, 2, 3, 4];
        assert_eq!(designators(&page), Designators::default());
    }

    #[test]
    fn the_serial_is_trimmed() {
        assert_eq!(serial(b"\0\x80\0\x08  WD-12  ").as_deref(), Some("WD-12"));
        assert_eq!(serial(b"\0\x80\0\x02WD-12").as_deref(), Some("WD"));
        assert_eq!(serial(b"\0\x80\x01\x00WD-12").as_deref(), Some("WD-12"));
        assert_eq!(serial(b"\0\x80\0\x04    "), None);
        assert_eq!(serial(b"\0\x83\0\x04WDWD"), None);
        assert_eq!(serial(b"\0\x80"), None);
    }
}
