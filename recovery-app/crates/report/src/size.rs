//! Sizes for people: written in powers of 1000, as on a disk's label, and read as other tools do.

const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

/// A size in words, three digits: "4.29 GB".
pub fn in_words(bytes: u64) -> String {
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    // 53 bits are plenty for three digits.
    let mut value = bytes as f64;
    let mut unit = 0;
    // Rounding must not show 1000 of a unit.
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let decimals = match value {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$} {}", UNITS[unit])
}

/// A disk's size as it stands on its label: "500 GB", "2 TB".
#[must_use]
pub fn on_label(bytes: u64) -> String {
    let words = in_words(bytes);
    match words.split_once(' ') {
        Some((number, unit)) if number.contains('.') => {
            format!("{} {unit}", number.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => words,
    }
}

/// Reads "700M", "4GiB" (powers of 1024), "4GB" (powers of 1000) or a number of bytes.
pub fn parse(text: &str) -> Result<u64, String> {
    let unit_at = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(unit_at);
    let unit = unit.trim().to_ascii_lowercase();
    let (step, letter): (u64, &str) = match unit.strip_suffix("ib") {
        Some(letter) => (1024, letter),
        None => match unit.strip_suffix('b') {
            Some(letter) => (1000, letter),
            None => (1024, unit.as_str()),
        },
    };
    let power = ["", "k", "m", "g", "t", "p"].iter().position(|known| *known == letter);
    let wrong = || format!("`{text}` is not a size such as 700M, 4GiB, 4GB or 4294967295");
    let power = power.and_then(|power| u32::try_from(power).ok()).ok_or_else(wrong)?;
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    step.checked_pow(power).and_then(|unit| number.checked_mul(unit)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_three_digits() {
        let words = [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.00 kB"),
            (4_294_967_295, "4.29 GB"),
            (12_345_678, "12.3 MB"),
            (99_960_000, "100 MB"),
            (500_107_862_016, "500 GB"),
            (999_600_000, "1.00 GB"),
            (u64::MAX, "18.4 EB"),
        ];
        for (bytes, expected) in words {
            assert_eq!(in_words(bytes), expected, "{bytes}");
        }
    }

    #[test]
    fn a_label_has_no_zeros() {
        let labels = [
            (500_107_862_016, "500 GB"),
            (2_000_398_934_016, "2 TB"),
            (1_920_383_410_176, "1.92 TB"),
            (16_000_900_661_248, "16 TB"),
            (100_000_000, "100 MB"),
        ];
        for (bytes, expected) in labels {
            assert_eq!(on_label(bytes), expected, "{bytes}");
        }
    }

    #[test]
    fn reads_what_people_write() {
        assert_eq!(parse("4294967295"), Ok(4_294_967_295));
        assert_eq!(parse("4G"), Ok(4 << 30));
        assert_eq!(parse("4 gib"), Ok(4 << 30));
        assert_eq!(parse("700M"), Ok(700 << 20));
        assert_eq!(parse("4GB"), Ok(4_000_000_000));
        assert_eq!(parse("512B"), Ok(512));
        for wrong in ["", "G", "4X", "-1", "4.5G", "99999999999P"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
