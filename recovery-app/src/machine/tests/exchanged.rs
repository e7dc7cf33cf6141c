//! Disks in the place of those that were chosen.

use tui::job::Ending;

use super::*;

const TAKEN_OUT: &str = "The disk that was chosen was taken out meanwhile";

#[test]
fn a_disk_like_it_in_the_place_of_the_chosen_one_is_not_written() {
    let bench = Bench::new();
    bench.back_up();
    let works = [bench.restore_onto(&bench.new), bench.format(&bench.new)];
    bench.new.exchange();
    let before = bench.new.hash();
    for work in works {
        let trouble = bench.work(&work).unwrap_err();
        assert_eq!(trouble.end, Ending::Refused, "{trouble:?}");
        assert!(trouble.what.starts_with(TAKEN_OUT), "{trouble:?}");
        assert!(trouble.next.contains("choose it again"), "{trouble:?}");
        assert_eq!(bench.new.hash(), before);
    }
    let plan = bench.computer.plan_restore(&bench.restore_request()).unwrap();
    assert_eq!(plan.before[0].words, "unknown content, 67.1 MB");
}

#[test]
fn neither_a_disk_like_the_source_is_saved_nor_a_drive_like_the_chosen_one_used() {
    let bench = Bench::new();
    let request = bench.request();
    bench.old.exchange();
    let planned = bench.computer.plan_backup(&request, &Cancel::default()).unwrap_err();
    let saved = bench.work(&Work::BackUp(Box::new(request))).unwrap_err();
    assert!(!bench.old.disk().read_only);
    let request = bench.request();
    bench.drive.exchange();
    sh(&format!("mkfs.ext4 -q {}", bench.drive.node.display())).unwrap();
    let before = bench.drive.hash();
    let onto = bench.work(&Work::BackUp(Box::new(request))).unwrap_err();
    for trouble in [planned, saved, onto] {
        assert_eq!(trouble.end, Ending::Refused, "{trouble:?}");
        assert!(trouble.what.starts_with(TAKEN_OUT), "{trouble:?}");
    }
    assert_eq!(bench.drive.hash(), before);
}
