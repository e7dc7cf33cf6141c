//! A disk in words.

use hardware::{Health, Verdict};
use image::text::in_lines;

use crate::disk::{DiskReport, VolumeReport};
use crate::identity::model;
use crate::size::in_words;
use crate::volume_text::labelled;

/// A paragraph about a disk. What the disk says of itself makes no line of its own.
pub fn of_disk(disk: &DiskReport) -> String {
    let mut lines = vec![headline(disk)];
    let mut line = |line: String| lines.push(format!("  {line}"));
    let numbers = [("serial", &disk.serial), ("WWN", &disk.wwn)];
    for (name, number) in
        numbers.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)))
    {
        line(format!("{name} {number}"));
    }
    line(format!(
        "{} bytes, sectors of {} bytes (physical {}), {}",
        disk.size,
        disk.logical_sector,
        disk.physical_sector,
        table(disk)
    ));
    if let Some(health) = &disk.health {
        line(format!("SMART: {}", of_health(health)));
        health.warnings.iter().for_each(|warning| line(format!("  {warning}")));
    }
    if let Some(backup) = &disk.unfinished_restore {
        line(format!("A restore onto this disk was not finished. Start it again: {backup}"));
    }
    disk.in_use.iter().for_each(|reason| line(format!("in use: {reason}")));
    disk.problem.iter().for_each(|problem| line(format!("not read: {problem}")));
    disk.notes.iter().for_each(|note| line(format!("note: {note}")));
    disk.volumes.iter().for_each(|volume| line(of_volume(volume)));
    in_lines(&lines)
}

/// The verdict, and the values that the disk told.
fn of_health(health: &Health) -> String {
    let verdict = match health.verdict {
        Verdict::Good => "good",
        Verdict::Failing => "FAILING",
        Verdict::Unknown => "no verdict",
    };
    let values = [
        health.temperature.map(|degrees| format!("{degrees} degrees Celsius")),
        health.power_on_hours.map(|hours| format!("{hours} hours of work")),
        health.percentage_used.map(|percent| format!("{percent} % of its rated life used")),
        health.reallocated_sectors.map(|sectors| format!("{sectors} bad sectors replaced")),
        health.pending_sectors.map(|sectors| format!("{sectors} unreadable sectors")),
        health.uncorrected_errors.map(|errors| format!("{errors} errors not corrected")),
    ];
    let words = [verdict.to_owned()].into_iter().chain(values.into_iter().flatten());
    words.collect::<Vec<_>>().join(", ")
}

fn headline(disk: &DiskReport) -> String {
    let mut words = vec![disk.path.clone()];
    words.extend(model(disk.vendor.as_deref(), disk.model.as_deref()));
    words.extend([in_words(disk.size), disk.bus.clone()]);
    let flags = [(disk.removable, "removable"), (disk.read_only, "read-only")];
    words.extend(flags.iter().filter(|(set, _)| *set).map(|(_, word)| (*word).to_owned()));
    words.join(", ")
}

fn table(disk: &DiskReport) -> String {
    let name = match disk.table.kind {
        "gpt" => "GPT",
        "mbr" => "MBR",
        "none" => return "no partition table".to_owned(),
        "doubtful" => return "a partition table that is not clear".to_owned(),
        _ => return "partition table not read".to_owned(),
    };
    disk.table.id.as_ref().map_or_else(|| name.to_owned(), |id| format!("{name} {id}"))
}

fn of_volume(volume: &VolumeReport) -> String {
    let mut words = vec![labelled(&volume.title, volume.label.as_deref())];
    words.extend(volume.system.clone());
    words.push(match volume.used {
        Some(used) => format!("{} used of {}", in_words(used), in_words(volume.length)),
        None => in_words(volume.length),
    });
    words.push(format!("state {}", volume.state));
    words.extend(volume.uuid.as_ref().map(|uuid| format!("UUID {uuid}")));
    words.extend(volume.type_name.as_ref().map(|name| format!("type {name}")));
    words.extend(volume.name.as_ref().map(|name| format!("named \"{name}\"")));
    words.extend(volume.mounted_at.iter().map(|path| format!("mounted on {path}")));
    format!("{}: {}", volume.place, words.join(", "))
}

#[cfg(test)]
mod tests {
    use filesystem::{Kind, State, VolumeInfo};

    use super::*;

    #[test]
    fn a_maker_is_named_once() {
        let named = |vendor: &str, model: &str| {
            let [vendor, model] = [vendor, model].map(|name| Some(name.to_owned()));
            let disk =
                DiskReport { path: "/dev/sda".to_owned(), vendor, model, ..Default::default() };
            headline(&disk)
        };
        assert!(named("QEMU", "QEMU HARDDISK").starts_with("/dev/sda, QEMU HARDDISK, "));
        assert!(named("WD", "Elements 25A2").starts_with("/dev/sda, WD Elements 25A2, "));
    }

    #[test]
    fn a_name_makes_no_line_and_speaks_to_no_terminal() {
        let name = || "a\u{1b}[2J\n  forged".to_owned();
        let info = VolumeInfo {
            label: Some(name()),
            state: State::Damaged(name()),
            ..VolumeInfo::named(Kind::Ext4, name())
        };
        let disk = DiskReport {
            path: name(),
            model: Some(name()),
            serial: Some(name()),
            problem: Some(name()),
            notes: vec![name()],
            volumes: vec![VolumeReport { name: Some(name()), ..VolumeReport::new(name(), info) }],
            ..DiskReport::default()
        };
        let told = of_disk(&disk);
        // Headline, serial number, sizes, problem, note, volume.
        assert_eq!(told.lines().count(), 6, "{told}");
        assert!(!told.contains(|letter: char| letter != '\n' && letter.is_control()), "{told:?}");
        assert!(told.contains("\"a?[2J?  forged\""), "{told}");
    }
}
