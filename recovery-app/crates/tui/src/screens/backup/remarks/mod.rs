//! What is unusual about a backup that is about to begin, each with its consequence, as far as it
//! can be told from what is known already. What needs another look at a disk is told with the
//! plan.

mod computer;
mod disk;
mod drive;
mod volume;

use crate::job::{BackupRequest, Remark, Severity};
use crate::state::Shared;

/// Everything, in no order.
pub fn of(request: &BackupRequest, shared: &Shared) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for source in &request.sources {
        let Some(known) = shared.disks.attached(&source.disk) else { continue };
        remarks.extend(disk::slow_link(&known.disk));
        if let Some(look) = known.look() {
            remarks.extend(disk::of_source(&known.disk, &look.report));
            remarks.extend(volume::of_disk(
                &known.disk,
                &look.report,
                source.partitions.as_deref(),
            ));
        }
    }
    if let Some(known) = shared.disks.attached(&request.drive) {
        remarks.extend(disk::slow_link(&known.disk));
        remarks.extend(drive::of_drive(known, &request.destination));
    }
    remarks.extend(shared.facts.iter().flat_map(computer::of_facts));
    if !request.verify {
        let words = "The backup is not read back at the end: nobody will know whether the drive \
                     kept what was written to it.";
        remarks.push(warning(words));
    }
    remarks
}

fn danger(words: impl Into<String>) -> Remark {
    Remark { severity: Severity::Danger, words: words.into() }
}

fn warning(words: impl Into<String>) -> Remark {
    Remark { severity: Severity::Warning, words: words.into() }
}

fn hint(words: impl Into<String>) -> Remark {
    Remark { severity: Severity::Hint, words: words.into() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hardware::{Bus, DeviceNumber, Disk, Health, Verdict};
    use report::disk::DiskReport;

    use super::*;
    use crate::console::{Colours, Glyphs, Profile};
    use crate::job::{AtTheEnd, Compression, Source};
    use crate::machine::{Look, Place, Surroundings};
    use crate::message::Command;
    use crate::state::State;

    pub fn disk() -> Disk {
        Disk {
            path: "/dev/sda".into(),
            name: "sda".to_owned(),
            number: DeviceNumber { major: 8, minor: 0 },
            arrival: None,
            model: Some("Old Disk".to_owned()),
            vendor: None,
            serial: Some("S1".to_owned()),
            wwn: None,
            bus: Bus::Sata,
            size: 1 << 40,
            logical_sector: 512,
            physical_sector: 512,
            removable: false,
            rotational: true,
            read_only: false,
            usb_megabits: None,
            has_double: false,
            backing_file: None,
            partitions: Vec::new(),
            holders: Vec::new(),
            mounted_at: Vec::new(),
            swap: false,
            health: None,
        }
    }

    fn drive() -> Disk {
        Disk {
            path: "/dev/sdb".into(),
            name: "sdb".to_owned(),
            number: DeviceNumber { major: 8, minor: 16 },
            arrival: None,
            model: Some("Drive".to_owned()),
            bus: Bus::Usb,
            usb_megabits: Some(5000),
            ..disk()
        }
    }

    fn health(verdict: Verdict, warnings: &[&str]) -> Option<Health> {
        Some(Health {
            verdict,
            temperature: None,
            power_on_hours: None,
            reallocated_sectors: None,
            pending_sectors: None,
            uncorrected_errors: None,
            percentage_used: None,
            warnings: warnings.iter().map(|words| (*words).to_owned()).collect(),
        })
    }

    fn told(source: Look, drive: &Disk, destination: Look, verify: bool) -> Vec<Remark> {
        let profile = Profile { colours: Colours::Sixteen, glyphs: Glyphs::Drawn };
        let mut shared = State::new(profile, (80, 25), Surroundings::Screen, None).shared;
        let (commands, _) = shared.disks.take(vec![disk(), drive.clone()].into(), Duration::ZERO);
        for (command, look) in commands.into_iter().zip([source, destination]) {
            let Command::Look { ticket, .. } = command else { panic!("{command:?}") };
            shared.disks.looked(ticket, look, Duration::ZERO);
        }
        let request = BackupRequest {
            sources: vec![Source { disk: disk(), partitions: None }],
            destination: "/dev/sdb1".into(),
            drive: drive.clone(),
            name: "a".to_owned(),
            compression: Compression::Auto,
            verify,
            at_the_end: AtTheEnd::Stay,
        };
        of(&request, &shared)
    }

    fn with_health(health: Option<Health>) -> Look {
        Look { report: DiskReport { health, ..DiskReport::default() }, ..Look::default() }
    }

    #[test]
    fn all_is_well() {
        let good = || with_health(health(Verdict::Good, &[]));
        assert_eq!(told(good(), &drive(), good(), true), []);
    }

    #[test]
    fn ailing_disks_are_told_of() {
        let ailing = |verdict| with_health(health(verdict, &["The disk has counted: 5 x."]));
        let failing = told(ailing(Verdict::Failing), &drive(), ailing(Verdict::Failing), true);
        assert_eq!(failing.len(), 2, "{failing:?}");
        assert!(failing.iter().all(|remark| remark.severity == Severity::Danger), "{failing:?}");
        let not_well = told(ailing(Verdict::Good), &drive(), ailing(Verdict::Unknown), true);
        assert_eq!(not_well.len(), 2, "{not_well:?}");
        assert!(not_well.iter().all(|remark| remark.words.contains("counted: 5 x.")));
        assert!(not_well.iter().all(|remark| remark.severity == Severity::Warning));
    }

    #[test]
    fn the_way_to_the_drive_and_its_place_are_told_of() {
        let slow = Disk { usb_megabits: Some(480), ..drive() };
        let remarks = told(Look::default(), &slow, Look::default(), true);
        assert!(remarks[0].words.contains("Drive has a slow USB link: about 40 MB"), "{remarks:?}");
        let built_in = Disk { bus: Bus::Sata, usb_megabits: None, ..drive() };
        let remarks = told(Look::default(), &built_in, Look::default(), true);
        assert_eq!((remarks.len(), remarks[0].severity), (1, Severity::Hint), "{remarks:?}");
        let place = Place { device: "/dev/sdb1".into(), has_system: true, ..Place::default() };
        let system = Look { places: vec![place], ..Look::default() };
        let remarks = told(Look::default(), &drive(), system, false);
        assert_eq!(remarks.len(), 2, "{remarks:?}");
        assert!(remarks[0].words.contains("operating system on Drive"));
        assert!(remarks[1].words.contains("not read back"));
    }

    #[test]
    fn what_was_begun_and_what_cannot_be_read_is_told_of() {
        let report = DiskReport {
            unfinished_restore: Some("b".to_owned()),
            problem: Some("an error".to_owned()),
            ..DiskReport::default()
        };
        let source = Look { report, ..Look::default() };
        let remarks = told(source, &drive(), Look::default(), true);
        assert_eq!(remarks.len(), 2, "{remarks:?}");
        assert!(remarks[0].words.contains("not finished"));
        assert!(remarks[1].words.contains("could not be read"));
    }
}
