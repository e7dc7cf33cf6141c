//! What is not done, and says why.

use std::fs::{self, File};
use std::time::{Duration, Instant};

use tui::Occupation;
use tui::job::{BackupPlan, Ending, Severity};

use super::super::at_work::{self, Marker};
use super::*;

fn refusals(plan: &BackupPlan) -> Vec<&str> {
    let refusals = plan.remarks.iter().filter(|remark| remark.severity == Severity::Refusal);
    refusals.map(|remark| remark.words.as_str()).collect()
}

#[test]
fn a_backup_does_not_lie_on_the_disk_that_it_is_of() {
    let bench = Bench::new();
    let mut request = bench.request();
    request.sources[0].disk = bench.drive.disk();
    let plan = bench.plan_backup(&request).unwrap();
    let words = "The backup would lie on the disk that it is of. Choose another drive.";
    assert_eq!(refusals(&plan), [words]);
    let before = bench.drive.hash();
    let trouble = bench.work(&Work::BackUp(Box::new(request))).unwrap_err();
    assert_eq!(trouble.end, Ending::Refused);
    assert_eq!(bench.drive.hash(), before);
}

#[test]
fn a_name_that_is_taken_or_impossible_is_refused() {
    let bench = Bench::new();
    bench.back_up();
    let plan = bench.plan_backup(&bench.request()).unwrap();
    assert!(
        refusals(&plan)[0].starts_with("A backup named Old computer is on that drive already.")
    );
    let request = BackupRequest { name: "a:b".to_owned(), ..bench.request() };
    let plan = bench.plan_backup(&request).unwrap();
    assert!(refusals(&plan)[0].starts_with("`a:b` cannot be the name of a backup."), "{plan:?}");
}

#[test]
fn a_drive_that_is_too_small_for_all_disks_is_refused() {
    let bench = Bench::new();
    let mut request = bench.request();
    let noise = Source { disk: bench.new.disk(), partitions: None };
    request.sources = vec![noise.clone(), noise.clone(), noise.clone(), noise];
    let plan = bench.plan_backup(&request).unwrap();
    assert!(refusals(&plan)[0].starts_with("The drive for the backup is too small: "), "{plan:?}");
}

#[test]
fn a_disk_in_use_is_neither_saved_nor_overwritten() {
    let bench = Bench::new();
    bench.back_up();
    let folder = bench.folder.path().join("in use");
    sh(&format!(
        "mkdir '{0}'; mkfs.ext4 -q {1}; mount {1} '{0}'",
        folder.display(),
        bench.new.node.display()
    ))
    .unwrap();
    let request = BackupRequest {
        name: "other".to_owned(),
        sources: vec![Source { disk: bench.new.disk(), partitions: None }],
        ..bench.request()
    };
    let saving = bench.plan_backup(&request);
    let restoring = bench.computer.plan_restore(&bench.restore_request());
    let work = bench.work(&Work::BackUp(Box::new(request)));
    sh(&format!("umount '{}'", folder.display())).unwrap();
    let saving = saving.unwrap();
    assert!(refusals(&saving)[0].contains("It is in use: its files are open on this computer"));
    assert_eq!(work.unwrap_err().end, Ending::Refused);
    let plan = restoring.unwrap();
    assert!(plan.refusals[0].starts_with("It is in use: its files are open"), "{plan:?}");
    assert_eq!(plan.confirm(&plan.word), None);
}

#[test]
fn a_restore_onto_the_drive_with_the_backup_is_refused() {
    let bench = Bench::new();
    bench.back_up();
    let request = RestoreRequest { target: bench.drive.disk(), ..bench.restore_request() };
    let plan = bench.computer.plan_restore(&request).unwrap();
    assert_eq!(plan.refusals, ["The backup itself lies on this disk."]);
}

#[test]
fn a_manifest_that_does_not_belong_to_the_image_has_a_way_out() {
    let bench = Bench::new();
    bench.back_up();
    let node = bench.drive.node.display();
    sh(&format!(
        "cd {}; mkdir at; mount {node} at; trap 'umount at' EXIT
         sed -i 's/\"fingerprint\": \"..../\"fingerprint\": \"beef/' 'at/Old computer/manifest.json'",
        bench.folder.path().display(),
    ))
    .unwrap();
    let checked = bench.work(&Work::Check(Box::new(bench.backup_id()))).unwrap_err();
    let planned = bench.computer.plan_restore(&bench.restore_request()).unwrap_err();
    for trouble in [checked, planned] {
        assert_eq!(trouble.end, Ending::Refused);
        let told = [&trouble.what, &trouble.unharmed, &trouble.next];
        assert!(told.iter().all(|words| !words.contains("/run/")), "{trouble:?}");
        assert!(trouble.next.contains("Alt+F2"), "{trouble:?}");
        assert_eq!(trouble.details[1], format!("mount {node} /mnt"));
        assert_eq!(trouble.details[3], "remetal verify '/mnt/Old computer'");
    }
}

#[test]
fn a_disk_that_changed_after_the_plan_is_not_written() {
    let bench = Bench::new();
    bench.back_up();
    let plan = bench.computer.plan_restore(&bench.restore_request()).unwrap();
    let work = Work::Restore(Box::new(plan.confirm(&plan.word).unwrap()));
    sh(&format!("mkfs.ext4 -q -L precious {}", bench.new.node.display())).unwrap();
    let before = bench.new.hash();
    let trouble = bench.work(&work).unwrap_err();
    assert_eq!(trouble.end, Ending::Refused);
    assert!(trouble.what.contains("is not what it was when you read the plan"), "{trouble:?}");
    assert_eq!(trouble.details, ["different: what is on the disk"]);
    assert_eq!(bench.new.hash(), before);
}

#[test]
fn another_disk_in_the_place_of_the_chosen_one_is_not_written() {
    let bench = Bench::new();
    bench.back_up();
    let plan = bench.computer.plan_restore(&bench.restore_request()).unwrap();
    let work = Work::Restore(Box::new(plan.confirm(&plan.word).unwrap()));
    let (node, file) = (bench.new.node.display(), bench.folder.path().join("other"));
    sh(&format!(
        "truncate -s 80M {1}; losetup --detach {0}; losetup {0} {1}",
        node,
        file.display()
    ))
    .unwrap();
    let trouble = bench.work(&work).unwrap_err();
    assert_eq!(trouble.end, Ending::Refused);
    assert_eq!(trouble.what, "The disk that was chosen is not there any more.");
}

#[test]
fn a_smaller_disk_is_refused_with_what_is_missing() {
    let bench = Bench::new();
    bench.back_up();
    let file = bench.folder.path().join("tiny");
    sh(&format!("truncate -s 40M {}", file.display())).unwrap();
    let tiny = LoopDisk::new(&file);
    let request = RestoreRequest { target: tiny.disk(), ..bench.restore_request() };
    let plan = bench.computer.plan_restore(&request).unwrap();
    assert_eq!(
        plan.refusals,
        ["It is too small: 8.39 MB are missing to the size of the old disk."]
    );
}

#[test]
fn what_another_screen_works_with_is_neither_looked_at_nor_taken() {
    let bench = Bench::new();
    let request = bench.request();
    let before = bench.look(&bench.old);
    let other = OtherScreen::begins(&Work::BackUp(Box::new(request.clone())));
    let seen = [&bench.old, &bench.drive, &bench.new].map(LoopDisk::disk);
    let expected = [(&seen[0], Occupation::Saved), (&seen[1], Occupation::Written)];
    let expected = expected.map(|(disk, occupation)| (disk.name.clone(), occupation)).into();
    assert_eq!(at_work::occupied(Path::new(at_work::ROOT), &seen), expected);
    sh(&format!("head -c 1M /dev/zero >{}", bench.old.node.display())).unwrap();
    assert_eq!(bench.look(&bench.old), before, "what was known is told");
    let begun = Instant::now();
    let trouble = bench.computer.plan_backup(&request, &Cancel::default()).unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(10), "nobody waits for it");
    assert_eq!(trouble.end, Ending::Refused);
    assert!(trouble.what.ends_with("is being saved on another screen."), "{trouble:?}");
    drop(other);
    assert_ne!(bench.look(&bench.old), before);
}

/// Work of a process that is not this one.
struct OtherScreen {
    marker: PathBuf,
    _held: File,
}

impl OtherScreen {
    fn begins(work: &Work) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let own = Marker::hold(folder.path(), work).unwrap();
        let process = std::process::id();
        let marker = Path::new(at_work::ROOT).join(format!("{process}-other"));
        fs::create_dir_all(at_work::ROOT).unwrap();
        fs::copy(folder.path().join(process.to_string()), &marker).unwrap();
        drop(own);
        let held = File::open(&marker).unwrap();
        held.lock().unwrap();
        Self { marker, _held: held }
    }
}

impl Drop for OtherScreen {
    fn drop(&mut self) {
        fs::remove_file(&self.marker).unwrap();
    }
}
