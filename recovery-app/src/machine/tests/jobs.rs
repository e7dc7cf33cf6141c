//! Backup, check and restore, to their ends and stopped in the middle.

use block::Caching;
use engine::capture::{self, CaptureRequest};
use tui::job::{CheckDone, Ending, Severity};

use super::super::back_up::capture_request;
use super::super::teller::Teller;
use super::*;

#[test]
fn a_disk_is_saved_checked_and_put_back() {
    let bench = Bench::new();
    let source = bench.old.hash();
    let plan = bench.plan_backup(&bench.request()).unwrap();
    assert!(plan.remarks.iter().all(|remark| remark.severity == Severity::Hint), "{plan:?}");
    let [disk] = plan.disks.as_slice() else { panic!("{plan:?}") };
    assert_eq!(disk.name, "Old computer");
    assert!(disk.least > 2 << 20 && disk.least < disk.most && disk.most < plan.free, "{plan:?}");
    assert_eq!(disk.volumes.len(), 2);
    assert!(disk.volumes.iter().all(|volume| volume.read.is_some_and(|read| read > 1 << 20)));
    assert!(!bench.old.disk().read_only, "a plan changes nothing");

    let (end, news) = bench.work_and_hear(&Work::BackUp(Box::new(bench.request())));
    let Ok(Done::BackUp(done)) = end else { panic!("{end:?}") };
    assert!(done[0].verified && done[0].lost.is_empty());
    assert_eq!((done[0].folder.as_str(), news[0].clone()), ("Backups/Old computer", News::Disk(0)));
    assert!((disk.least..=disk.most).contains(&done[0].stored), "{done:?} {plan:?}");
    let phases: Vec<Phase> = news
        .iter()
        .filter_map(|news| match news {
            News::Progress(progress) => Some(progress.phase),
            _ => None,
        })
        .collect();
    assert!(phases.contains(&Phase::Capture) && phases.contains(&Phase::Verify), "{phases:?}");
    assert!(bench.old.disk().read_only, "a disk that was saved stays read-only");
    assert_eq!(bench.old.hash(), source);
    bench.assert_unmounted();

    let check = bench.work(&Work::Check(Box::new(bench.backup_id()))).unwrap();
    let Done::Check(CheckDone { fingerprint, damage, name, .. }) = check else {
        panic!("{check:?}")
    };
    assert_eq!((fingerprint, name.as_str()), (done[0].fingerprint.clone(), "Old computer"));
    assert!(damage.is_empty());

    let plan = bench.computer.plan_restore(&bench.restore_request()).unwrap();
    assert!(plan.refusals.is_empty() && plan.warnings.iter().all(|words| words.ends_with('.')));
    assert_eq!((plan.fingerprint.clone(), plan.files), (done[0].fingerprint.clone(), 1));
    assert_eq!(plan.after.len(), 2);
    let confirmed = plan.confirm(&plan.word).unwrap();
    let end = bench.work(&Work::Restore(Box::new(confirmed))).unwrap();
    let Done::Restore(restored) = end else { panic!("{end:?}") };
    assert!(restored.compared && restored.lost.is_empty());
    assert_eq!(restored.fingerprint, done[0].fingerprint);
    assert_eq!(bench.files_on(&bench.new), bench.files_on(&bench.old));
    bench.assert_unmounted();

    // Now it has a table, which is not tried to be saved on a drive that is only read.
    let plan = bench.computer.plan_restore(&bench.restore_request()).unwrap();
    let again = Work::Restore(Box::new(plan.confirm(&plan.word).unwrap()));
    let (end, news) = bench.work_and_hear(&again);
    assert!(matches!(end, Ok(Done::Restore(_))), "{end:?}");
    let is_of_table =
        |news: &News| matches!(news, News::Note(note) if note.contains("old partition table"));
    assert!(!news.iter().any(is_of_table), "{news:?}");
}

#[test]
fn two_disks_get_numbers_and_what_is_left_out_is_told() {
    let bench = Bench::new();
    let mut request = bench.request();
    request.sources[0].partitions = Some(vec![2]);
    request.sources.push(Source { disk: bench.new.disk(), partitions: None });
    let plan = bench.plan_backup(&request).unwrap();
    let names: Vec<_> = plan.disks.iter().map(|disk| disk.name.as_str()).collect();
    assert_eq!(names, ["Old computer-1", "Old computer-2"]);
    assert_eq!(plan.disks[0].volumes[0].read, None);
    assert!(plan.disks[0].left_out > 10 << 20);
    // 64 MiB of noise are nothing that is known.
    let because = plan.disks[1].volumes[0].whole_because.as_deref();
    assert_eq!(because, Some("Its content is of no known kind."));
    let end = bench.work(&Work::BackUp(Box::new(request))).unwrap();
    let Done::BackUp(done) = end else { panic!("{end:?}") };
    assert_eq!(done[1].folder, "Backups/Old computer-2");

    let target = LoopDisk::new(&{
        let file = bench.folder.path().join("third");
        sh(&format!("cp --sparse=never {} {}", bench.old.file.display(), file.display())).unwrap();
        file
    });
    let request = RestoreRequest {
        backup: BackupId { device: bench.drive.node.clone(), folder: "Old computer-1".into() },
        target: target.disk(),
        compare: true,
    };
    let plan = bench.computer.plan_restore(&request).unwrap();
    assert_eq!(plan.stays, ["start-up files (partition 1, 16.8 MB)"]);
    assert_eq!(plan.after[0].words, "start-up files, left out of the backup");
}

#[test]
fn a_stop_in_the_second_disk_says_what_is_true_of_the_first() {
    let bench = Bench::new();
    let other = Source { disk: bench.new.disk(), partitions: None };
    for (name, verify, told) in [
        ("a", true, "Finished before, and good: a-1."),
        ("b", false, "Finished before: b-1 (not read back)."),
    ] {
        let mut request = BackupRequest { name: name.to_owned(), verify, ..bench.request() };
        request.sources.push(other.clone());
        let cancel = Cancel::default();
        let news = |news| {
            if news == News::Disk(1) {
                cancel.cancel();
            }
        };
        let work = Work::BackUp(Box::new(request));
        let trouble = bench.computer.work(&work, &news, &cancel).unwrap_err();
        assert_eq!(trouble.end, Ending::Stopped);
        assert!(trouble.unharmed.ends_with(told), "{trouble:?}");
    }
}

#[test]
fn a_drive_that_cannot_be_closed_is_told_of_in_the_result() {
    let bench = Bench::new();
    let file = Mutex::new(None);
    let told = |news| {
        if matches!(news, News::Progress(_)) {
            let points = bench.drive.disk().mounted_at;
            let point = points.iter().find(|point| our_drives::is_ours(point)).unwrap();
            *file.lock().unwrap() = std::fs::File::open(point).ok();
        }
    };
    let work = Work::BackUp(Box::new(bench.request()));
    let done = bench.computer.work(&work, &told, &Cancel::default());
    let Ok(Done::BackUp(done)) = done else { panic!("{done:?}") };
    let words = done[0].drive_trouble.as_deref().unwrap();
    assert!(words.starts_with("The drive could not be closed in order ("), "{words}");
    drop(file);
    bench.assert_unmounted();
}

#[test]
fn a_stopped_backup_leaves_what_is_no_backup() {
    let bench = Bench::new();
    let source = bench.old.hash();
    let work = Work::BackUp(Box::new(bench.request()));
    let trouble = bench.stop_in(Phase::Capture, &work).unwrap_err();
    assert_eq!(trouble.end, Ending::Stopped);
    assert!(trouble.unharmed.contains("Old computer.partial"), "{trouble:?}");
    bench.assert_unmounted();
    assert_eq!(bench.old.hash(), source);
    assert_eq!(bench.look(&bench.drive).backups(), Some(0));
    // The next one of that name replaces it.
    assert!(bench.back_up().verified);
    assert_eq!(bench.look(&bench.drive).backups(), Some(1));
}

#[test]
fn a_stop_while_the_disk_is_looked_at_leaves_the_drive_as_it_was() {
    let bench = Bench::new();
    let cancel = Cancel::default();
    let stop = |news| {
        if news == News::Disk(0) {
            cancel.cancel();
        }
    };
    let work = Work::BackUp(Box::new(bench.request()));
    let trouble = bench.computer.work(&work, &stop, &cancel).unwrap_err();
    assert_eq!(trouble.end, Ending::Stopped);
    let told = "The disk that was being saved was only read. No backup was begun.";
    assert_eq!(trouble.unharmed, told);
    bench.assert_unmounted();
    assert_eq!(bench.look(&bench.drive).places[0].unfinished, []);
}

#[test]
fn a_plan_that_nobody_waits_for_lets_the_disks_go() {
    let bench = Bench::new();
    let cancel = Cancel::default();
    cancel.cancel();
    let trouble = bench.computer.plan_backup(&bench.request(), &cancel).unwrap_err();
    assert_eq!(trouble.end, Ending::Stopped);
    bench.assert_unmounted();
    bench.plan_backup(&bench.request()).unwrap();
}

#[test]
fn a_stopped_restore_says_what_is_left_and_can_be_begun_again() {
    let bench = Bench::new();
    bench.back_up();
    let plan = bench.computer.plan_restore(&bench.restore_request()).unwrap();
    let work = Work::Restore(Box::new(plan.confirm(&plan.word).unwrap()));
    let noise = bench.new.hash();

    let trouble = bench.stop_in(Phase::Check, &work).unwrap_err();
    assert_eq!((trouble.end, trouble.unharmed.as_str()), (Ending::Stopped, "Nothing was written."));
    assert_eq!(bench.new.hash(), noise);

    let trouble = bench.stop_in(Phase::Restore, &work).unwrap_err();
    assert_eq!(trouble.end, Ending::Stopped);
    assert!(trouble.unharmed.contains("a part of it only"), "{trouble:?}");
    bench.assert_unmounted();
    let look = bench.look(&bench.new);
    assert_eq!(look.report.unfinished_restore.as_deref(), Some("Old computer"));

    let plan = bench.computer.plan_restore(&bench.restore_request()).unwrap();
    let work = Work::Restore(Box::new(plan.confirm(&plan.word).unwrap()));
    bench.work(&work).unwrap();
    assert_eq!(bench.files_on(&bench.new), bench.files_on(&bench.old));
}

#[test]
fn a_damaged_backup_is_told_and_not_put_back() {
    let bench = Bench::new();
    bench.back_up();
    let folder = bench.folder.path().display();
    sh(&format!(
        "cd {folder}; mkdir at; mount {} at; trap 'umount at' EXIT
         printf '\\377\\377' | dd of='at/Old computer/disk0.img.zst' bs=1 seek=2000000 conv=notrunc",
        bench.drive.node.display()
    ))
    .unwrap();
    let check = bench.work(&Work::Check(Box::new(bench.backup_id()))).unwrap();
    let Done::Check(check) = check else { panic!("{check:?}") };
    assert_eq!(check.damage.len(), 1);
    assert!(check.damage[0].files.contains(&"/noise".to_owned()), "{check:?}");
    let plan = bench.computer.plan_restore(&bench.restore_request()).unwrap();
    let before = bench.new.hash();
    let work = Work::Restore(Box::new(plan.confirm(&plan.word).unwrap()));
    let trouble = bench.work(&work).unwrap_err();
    assert_eq!(trouble.end, Ending::Refused);
    assert_eq!(trouble.what, "The backup is damaged, or not all of it is there.");
    assert_eq!(bench.new.hash(), before);
}

#[test]
fn a_backup_whose_drive_is_pulled_is_not_called_damaged() {
    let bench = Bench::new();
    bench.back_up();
    let plan = bench.computer.plan_restore(&bench.restore_request()).unwrap();
    let restore = Work::Restore(Box::new(plan.confirm(&plan.word).unwrap()));
    let check = Work::Check(Box::new(bench.backup_id()));
    let untouched = bench.new.hash();
    for (phase, work, unharmed) in [
        (Phase::Verify, &check, "The backup was only read."),
        (Phase::Check, &restore, "Nothing was written."),
        (Phase::Restore, &restore, "The disk holds a part of it only"),
    ] {
        let trouble = bench.pull_drive_in(phase, work).unwrap_err();
        assert_eq!(trouble.end, Ending::Failed, "{trouble:?}");
        assert!(trouble.what.starts_with("The drive with the backup was taken out"), "{trouble:?}");
        assert_eq!(trouble.next, "Plug it in and begin again.");
        assert!(trouble.unharmed.contains(unharmed), "{trouble:?}");
        assert!(phase == Phase::Restore || bench.new.hash() == untouched);
    }
}

#[test]
fn the_drive_is_named_that_is_pulled_while_a_backup_is_made() {
    let bench = Bench::new();
    let work = Work::BackUp(Box::new(bench.request()));
    let drive = report::identity::of_disk(&bench.drive.disk());
    for phase in [Phase::Capture, Phase::Verify] {
        let trouble = bench.pull_drive_in(phase, &work).unwrap_err();
        assert_eq!(trouble.end, Ending::Failed, "{trouble:?}");
        let what = "The drive for the backup was taken out, or does not answer as it should";
        assert_eq!(trouble.what, format!("{what}: {drive}."), "{trouble:?}");
        assert!(trouble.unharmed.starts_with("The disk that was being saved was only read. The"));
        assert!(trouble.unharmed.contains("Old computer.partial on the drive is no backup"));
        assert!(!trouble.next.is_empty() && !trouble.next.contains("remetal"), "{trouble:?}");
    }
}

#[test]
fn the_disk_is_named_that_fails_while_it_is_saved() {
    let bench = Bench::new();
    let node = bench.old.node.display();
    // With direct I/O, a loop device answers with errors beyond the end of its file.
    sh(&format!("losetup --direct-io=on {node}; blockdev --flushbufs {node}")).unwrap();
    let source = report::identity::of_disk(&bench.old.disk());
    let fail = |news| {
        if news == News::Disk(0) {
            sh(&format!("truncate -s 0 {}", bench.old.file.display())).unwrap();
        }
    };
    let work = Work::BackUp(Box::new(bench.request()));
    let trouble = bench.computer.work(&work, &fail, &Cancel::default()).unwrap_err();
    assert_eq!(trouble.end, Ending::Failed, "{trouble:?}");
    let what = "The disk that is being saved was taken out, or does not answer as it should";
    assert_eq!(trouble.what, format!("{what}: {source}."), "{trouble:?}");
    assert!(trouble.unharmed.starts_with("The disk that was being saved was only read."));
    assert!(trouble.next.starts_with("Check the cable"), "{trouble:?}");
}

#[test]
fn a_place_that_cannot_be_read_is_damage_while_the_rest_answers() {
    let bench = Bench::new();
    let (place, request) = (bench.folder.path(), bench.request());
    let source = crate::source::Source::find(&bench.old.file, None).unwrap();
    let device = source.open(Caching::Cached).unwrap();
    let wanted = CaptureRequest {
        disk: source.record(&device),
        part_size: Some(1 << 20),
        ..capture_request(&request, &request.sources[0], place, "parts")
    };
    let plan = capture::plan(&device, wanted, &Cancel::default()).unwrap();
    let devices = capture::Source { structures: &device, content: &device };
    capture::capture(devices, &plan, &Teller(&|_| ()), &Cancel::default()).unwrap();
    sh(&format!(
        "cd {}; mkdir at; mount {} at; mv parts/disk0.img.zst.002 at
         ln -s \"$PWD/at/disk0.img.zst.002\" parts",
        place.display(),
        bench.drive.node.display()
    ))
    .unwrap();
    let at = place.join("at");
    let once = std::sync::Once::new();
    let fail = |_| {
        once.call_once(|| drop(sh(&format!("xfs_io -r -x -c shutdown {}", at.display())).unwrap()));
    };
    let found = engine::verify::verify(&place.join("parts"), &Teller(&fail), &Cancel::default());
    sh(&format!("umount {}", at.display())).unwrap();
    let found = found.unwrap();
    assert!(!found.damage.is_empty() && found.content > 0, "{found:?}");
    assert!(found.damage[0].reason.contains("disk0.img.zst.002"), "{found:?}");
}

#[test]
fn a_target_that_is_pulled_is_named_and_not_called_full() {
    let bench = Bench::new();
    bench.back_up();
    let plan = bench.computer.plan_restore(&bench.restore_request()).unwrap();
    let work = Work::Restore(Box::new(plan.confirm(&plan.word).unwrap()));
    let name = report::identity::of_disk(&bench.new.disk());
    // As the kernel does with the size of a disk that is taken out.
    let pull = format!(
        "truncate -s 0 {}; losetup --set-capacity {}",
        bench.new.file.display(),
        bench.new.node.display()
    );
    let trouble = bench.interrupt_in(Phase::Restore, &pull, &work).unwrap_err();
    assert_eq!(trouble.end, Ending::Failed);
    let words = "The disk that is written was taken out, or does not answer as it should: ";
    assert_eq!(trouble.what, format!("{words}{name}."), "{trouble:?}");
    assert!(!trouble.next.contains("drive") && trouble.next.contains("cable"), "{trouble:?}");
}

#[test]
fn a_drive_that_gets_full_is_told_as_such() {
    let bench = Bench::new();
    let file = bench.folder.path().join("small");
    // Enough for the least that the sample promises, too little for all of it.
    sh(&format!("truncate -s 16M {0}; mkfs.ext4 -q -m 0 -O ^has_journal {0}", file.display()))
        .unwrap();
    let small = LoopDisk::new(&file);
    let mut request = bench.request();
    (request.destination, request.drive) = (small.node.clone(), small.disk());
    sh(&format!(
        "cd {}; mkdir at; mount {} at; trap 'umount at' EXIT
         head -c $(($(stat -f -c '%a*%S' at) - 3500000)) /dev/zero >at/fill",
        bench.folder.path().display(),
        small.node.display()
    ))
    .unwrap();
    let plan = bench.plan_backup(&request).unwrap();
    let [remark] = plan.remarks.as_slice() else { panic!("{:?}", plan.remarks) };
    assert_eq!(remark.severity, Severity::Warning);
    assert!(remark.words.starts_with("It may not fit: "), "{remark:?}");
    let trouble = bench.work(&Work::BackUp(Box::new(request))).unwrap_err();
    assert_eq!(
        (trouble.end, trouble.what.as_str()),
        (Ending::Failed, "The drive for the backup is full.")
    );
    assert!(trouble.unharmed.contains("Old computer.partial"), "{trouble:?}");
}

#[test]
fn what_an_unfinished_backup_takes_is_free_for_the_next_one_of_its_name() {
    let bench = Bench::new();
    let file = bench.folder.path().join("small");
    sh(&format!("truncate -s 16M {0}; mkfs.ext4 -q -m 0 -O ^has_journal {0}", file.display()))
        .unwrap();
    let small = LoopDisk::new(&file);
    sh(&format!(
        "cd {}; mkdir at; mount {} at; trap 'umount at' EXIT
         mkdir 'at/Old computer.partial'
         dd if=/dev/zero of='at/Old computer.partial/disk0.img.zst' bs=1M 2>/dev/null || true",
        bench.folder.path().display(),
        small.node.display()
    ))
    .unwrap();
    let look = bench.look(&small);
    let [place] = look.places.as_slice() else { panic!("{:?}", look.places) };
    let [unfinished] = place.unfinished.as_slice() else { panic!("{place:?}") };
    assert!(place.free < 1 << 20 && unfinished.stored > 10 << 20, "{place:?}");
    assert_eq!(unfinished.name, "Old computer");

    let request =
        BackupRequest { destination: small.node.clone(), drive: small.disk(), ..bench.request() };
    let other = BackupRequest { name: "other".to_owned(), ..request.clone() };
    let plan = bench.plan_backup(&other).unwrap();
    let refusal = &plan.remarks[0];
    assert_eq!(refusal.severity, Severity::Refusal);
    assert!(refusal.words.contains(" The unfinished backup Old computer takes "), "{refusal:?}");
    let plan = bench.plan_backup(&request).unwrap();
    assert!(plan.free > 10 << 20, "{plan:?}");
    assert!(plan.remarks.iter().all(|remark| remark.severity != Severity::Refusal), "{plan:?}");
    let replaced = "The unfinished backup Old computer is replaced: ";
    assert!(plan.remarks.iter().any(|remark| remark.words.starts_with(replaced)), "{plan:?}");
    let done = bench.work(&Work::BackUp(Box::new(request))).unwrap();
    assert!(matches!(&done, Done::BackUp(done) if done[0].verified), "{done:?}");
    assert_eq!(bench.look(&small).places[0].unfinished, []);
}
