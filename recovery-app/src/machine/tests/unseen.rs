//! What nobody was told of is not overwritten.

use tui::job::Ending;

use super::*;

const OTHER_CONTENT: &str = "What is on the drive is not what it was when you agreed.";

/// Changes files on a volume, as a shell or another console would.
fn change(bench: &Bench, disk: &LoopDisk, command: &str) {
    sh(&format!(
        "cd {}; mkdir -p at; mount {} at; trap 'umount at' EXIT; cd at; {command}; cd ..",
        bench.folder.path().display(),
        disk.node.display()
    ))
    .unwrap();
}

#[test]
fn a_drive_with_another_backup_than_the_person_saw_is_not_made_ready() {
    let bench = Bench::new();
    bench.back_up();
    for command in [
        // Rounded, as much is in use as before.
        "head -c 4096 /dev/zero >one-more-file",
        "mv 'Old computer' 'New computer'",
        "mkdir unfinished.partial; touch unfinished.partial/disk0.img.zst",
    ] {
        let work = bench.format(&bench.drive);
        change(&bench, &bench.drive, command);
        let before = bench.drive.hash();
        let trouble = bench.work(&work).unwrap_err();
        assert_eq!((trouble.end, trouble.what.as_str()), (Ending::Refused, OTHER_CONTENT));
        assert_eq!(bench.drive.hash(), before, "{command}");
    }
    let trouble = bench.work(&bench.format(&bench.drive)).unwrap_err();
    assert_eq!(trouble.end, Ending::Failed, "it is begun: {trouble:?}");
}

#[test]
fn a_disk_with_another_backup_than_the_plan_told_is_not_overwritten() {
    let bench = Bench::new();
    bench.back_up();
    sh(&format!(
        "cd {}; mkfs.ext4 -q {new}; mkdir from to; mount -o ro,noload {drive} from; mount {new} to
         trap 'umount from to' EXIT; cp -r 'from/Old computer' to/",
        bench.folder.path().display(),
        new = bench.new.node.display(),
        drive = bench.drive.node.display()
    ))
    .unwrap();
    for command in ["mv 'Old computer' 'New computer'", "head -c 4096 /dev/zero >one-more-file"] {
        let work = bench.restore_onto(&bench.new);
        change(&bench, &bench.new, command);
        let before = bench.new.hash();
        let trouble = bench.work(&work).unwrap_err();
        assert_eq!(trouble.end, Ending::Refused, "{trouble:?}");
        assert_eq!(trouble.details, ["different: what is on the disk"]);
        assert_eq!(bench.new.hash(), before);
    }
    let work = bench.restore_onto(&bench.new);
    assert!(matches!(bench.work(&work), Ok(Done::Restore(_))));
}
