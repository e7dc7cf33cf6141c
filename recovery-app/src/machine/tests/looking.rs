//! What is on drives, without a write to them.

use std::ops::ControlFlow;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use super::*;

/// Makes a filesystem in the file `drive` with files in it, goes on writing, and copies the
/// file at that moment: what a pulled plug leaves. `freeze` has the kernel write everything home
/// first, so that only what is deleted but open is left to be cleaned up.
fn pulled_plug(make: &str, options: &str, freeze: bool) -> (tempfile::TempDir, LoopDisk) {
    let folder = tempfile::tempdir().unwrap();
    let (before, after) = if freeze { ("fsfreeze -f at", "fsfreeze -u at") } else { (":", ":") };
    sh(&format!(
        "cd {}; mkdir at tree; truncate -s 320M drive; {make} drive >/dev/null
         mkdir tree/backup; echo '{{' >tree/backup/manifest.json
         cleanup() {{ exec 7>&-; umount at; }}
         mount -o {options} drive at; cp -r tree/backup at/; umount at
         mount -o {options} drive at; trap cleanup EXIT
         for i in $(seq 200); do head -c 20000 /dev/urandom >at/$i; done
         head -c 8M /dev/urandom >at/open; sync -f at; exec 7<at/open; rm at/open
         for i in $(seq 100); do rm at/$i; done; sync -f at; head -c 9999 /dev/urandom >at/new; sync at/new
         {before}; cp --sparse=always drive copy; {after}",
        folder.path().display()
    ))
    .unwrap();
    let disk = LoopDisk::new(&folder.path().join("copy"));
    (folder, disk)
}

/// Looks at the drive several times: its files are seen, and no byte of it changes.
fn assert_seen_untouched(disk: &LoopDisk) {
    let computer = ThisComputer::default();
    let before = disk.hash();
    let was_read_only = disk.disk().read_only;
    for _ in 0..3 {
        let look = computer.look(&disk.disk());
        let [place] = look.places.as_slice() else { panic!("{:?}", look.places) };
        assert_eq!((place.problem.as_ref(), &place.device), (None, &disk.node));
        assert!(place.size > 200 << 20 && place.free > 100 << 20, "{place:?}");
    }
    assert_eq!(disk.hash(), before, "the drive was written to");
    let now = disk.disk();
    assert_eq!((now.read_only, now.mounted_at.is_empty()), (was_read_only, true));
}

#[test]
fn an_ext4_drive_whose_plug_was_pulled_is_only_read() {
    let (_folder, disk) = pulled_plug("mkfs.ext4 -q", "loop", false);
    assert_seen_untouched(&disk);
}

#[test]
fn files_that_wait_to_be_deleted_are_not_deleted_by_a_look() {
    let (_folder, disk) = pulled_plug("mkfs.ext4 -q", "loop", true);
    assert_seen_untouched(&disk);
}

#[test]
fn an_xfs_drive_whose_plug_was_pulled_is_only_read() {
    let (_folder, disk) = pulled_plug("mkfs.xfs -q", "loop", false);
    assert_seen_untouched(&disk);
}

#[test]
fn a_btrfs_drive_whose_plug_was_pulled_is_only_read() {
    let (_folder, disk) = pulled_plug("mkfs.btrfs -q", "loop", false);
    assert_seen_untouched(&disk);
}

#[test]
fn a_backup_is_found_where_it_was_made() {
    let bench = Bench::new();
    let made = bench.back_up();
    let before = bench.drive.hash();
    let look = bench.look(&bench.drive);
    assert_eq!(bench.drive.hash(), before);
    let place = &look.places[0];
    assert_eq!((place.title.as_str(), place.label.as_deref()), ("ext4", Some("Backups")));
    assert!(!place.has_system && place.not_writable.is_none() && !look.is_boot_medium);
    let [entry] = place.backups.as_slice() else { panic!("{place:?}") };
    assert_eq!(entry.id, bench.backup_id());
    assert_eq!((entry.stored, entry.content), (made.stored, made.content));
    assert_eq!(entry.disk_size, 48 << 20);
    let words: Vec<_> = entry.contents.iter().map(|content| content.words.as_str()).collect();
    assert!(
        words[0] == "start-up files" && words[1].starts_with("\"root\" files (ext4), "),
        "{words:?}"
    );
    // What was on the disk is told in the same words as what is on it.
    let disk = bench.look(&bench.old);
    assert_eq!(report::content::of_disk(&disk.report), entry.contents);
}

#[test]
fn a_disk_that_was_saved_says_why_it_cannot_be_written() {
    let bench = Bench::new();
    let node = bench.new.node.display();
    sh(&format!("mkfs.ext4 -q {node}")).unwrap();
    let mut request = bench.request();
    request.sources[0].disk = bench.new.disk();
    assert_eq!(bench.look(&bench.new).protected, None);
    bench.work(&Work::BackUp(Box::new(request))).unwrap();
    let look = bench.look(&bench.new);
    let words = "It was saved in this session and is protected from writing since then. Take it \
                 out and put it in again, or restart, to use it.";
    assert_eq!(look.protected.as_deref(), Some(words));
    assert_eq!(look.places[0].not_writable.as_deref(), Some(words));
    // The same disk without our doing.
    sh(&format!("rm /run/remetal/saved/{}", bench.new.disk().name)).unwrap();
    let look = bench.look(&bench.new);
    let not_writable = look.places[0].not_writable.as_deref();
    assert_eq!((look.protected, not_writable), (None, Some("It is write-protected.")));
}

#[test]
fn what_has_no_files_gives_no_place() {
    let folder = tempfile::tempdir().unwrap();
    sh(&format!(
        "cd {}; truncate -s 64M swap noise; mkswap -q swap; head -c 64M /dev/urandom >noise",
        folder.path().display()
    ))
    .unwrap();
    for name in ["swap", "noise"] {
        let disk = LoopDisk::new(&folder.path().join(name));
        assert_eq!(ThisComputer::default().look(&disk.disk()).places, []);
    }
}

#[test]
fn a_damaged_filesystem_is_a_problem_in_words() {
    let folder = tempfile::tempdir().unwrap();
    sh(&format!(
        "cd {}; truncate -s 320M drive; mkfs.xfs -q drive
         printf '\\377' | dd of=drive bs=1 seek=200 conv=notrunc status=none",
        folder.path().display()
    ))
    .unwrap();
    let disk = LoopDisk::new(&folder.path().join("drive"));
    let look = ThisComputer::default().look(&disk.disk());
    let problem = look.places[0].problem.as_deref().unwrap();
    assert!(problem.starts_with("Its files cannot be shown (XFS: "), "{problem}");
}

#[test]
fn a_look_is_no_change_that_is_worth_another_look() {
    let (_folder, disk) = pulled_plug("mkfs.ext4 -q", "loop", true);
    let computer = ThisComputer::default();
    let until = Instant::now() + Duration::from_secs(4);
    let seen = Mutex::new(Vec::new());
    thread::scope(|scope| {
        scope.spawn(|| {
            while Instant::now() < until {
                computer.look(&disk.disk());
            }
            // Another disk comes: the list is told once more, or this would wait for ever.
            let _other = pulled_plug("mkfs.ext4 -q", "loop", true);
            thread::sleep(Duration::from_secs(3));
        });
        computer.watch(&mut |list| {
            let list = list.unwrap();
            let name = disk.disk().name;
            let found = list.disks.into_iter().find(|found| found.name == name);
            seen.lock().unwrap().push((found, list.touched.contains(&name)));
            if Instant::now() < until { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
    });
    let seen = seen.into_inner().unwrap();
    let first = seen[0].0.as_ref().unwrap();
    assert!(!first.read_only && first.mounted_at.is_empty(), "{seen:#?}");
    let same = seen.iter().all(|(found, touched)| found.as_ref() == Some(first) && !touched);
    assert!(same, "{seen:#?}");
}

#[test]
fn what_a_crash_left_behind_is_cleared() {
    let (_folder, disk) = pulled_plug("mkfs.ext4 -q", "loop", false);
    let gone = std::process::Command::new("true").spawn().and_then(|mut child| {
        let process = child.id();
        child.wait().map(|_| process)
    });
    let (root, process, name) = (our_drives::ROOT, gone.unwrap(), disk.disk().name);
    let at = format!("{root}/{process}/{name}");
    sh(&format!(
        "mkdir -p {at}; echo held >{at}.held; blockdev --setro {0}; mount -o ro,noload {0} {at}",
        disk.node.display()
    ))
    .unwrap();
    assert_eq!(disk.disk().mounted_at.len(), 1);
    super::super::clear_leftovers();
    let now = disk.disk();
    assert!(now.mounted_at.is_empty() && !now.read_only, "{now:?}");
    assert!(!Path::new(root).join(process.to_string()).exists());
}

#[test]
fn a_disk_that_somebody_has_for_a_moment_is_not_in_use() {
    let folder = tempfile::tempdir().unwrap();
    sh(&format!("truncate -s 64M {}/disk", folder.path().display())).unwrap();
    let disk = LoopDisk::new(&folder.path().join("disk"));
    let exclusively = || {
        let flags = i32::try_from(rustix::fs::OFlags::EXCL.bits()).unwrap();
        let mut options = std::fs::OpenOptions::new();
        options.read(true).custom_flags(flags).open(&disk.node).unwrap()
    };
    let computer = ThisComputer::default();
    let held = exclusively();
    thread::scope(|scope| {
        scope.spawn(move || {
            thread::sleep(Duration::from_millis(700));
            drop(held);
        });
        assert_eq!(computer.look(&disk.disk()).report.in_use, [""; 0]);
    });
    assert!(computer.gate.take_touched().is_empty());

    let _held = exclusively();
    let in_use = computer.look(&disk.disk()).report.in_use;
    assert!(in_use.len() == 1 && in_use[0].ends_with("in use by another program"), "{in_use:?}");
    assert_eq!(computer.gate.take_touched(), [disk.disk().name], "it is asked again");
}

#[test]
fn an_empty_disk_is_told_from_one_with_unknown_content() {
    let bench = Bench::new();
    let words = || {
        let contents = report::content::of_disk(&bench.look(&bench.new).report);
        contents.into_iter().map(|content| content.words).collect::<Vec<_>>()
    };
    assert_eq!(words(), ["unknown content, 67.1 MB"]);
    sh(&format!("blkdiscard -z {}", bench.new.node.display())).unwrap();
    assert_eq!(words(), ["empty, only zeros were found"]);
}
