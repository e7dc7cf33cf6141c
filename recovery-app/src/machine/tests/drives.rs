//! Drives that are made ready, and logs that are written to one.

use report::content;
use tui::job::{Ending, FormatRequest, NewFilesystem};
use tui::tool::Tool;

use super::*;

fn request(bench: &Bench, disk: &LoopDisk) -> FormatRequest {
    let look = bench.look(disk);
    let contents = content::of_disk(&look.report);
    let before = contents.into_iter().map(|content| content.words).collect();
    let held = look.holdings();
    FormatRequest { disk: disk.disk(), filesystem: NewFilesystem::ExFat, before, held }
}

fn work(request: &FormatRequest) -> Work {
    Work::Format(Box::new(request.confirm(&request.word()).unwrap()))
}

/// The kernel of the tests shows no partitions of files, so the work ends in the middle here; the
/// rest is seen in a virtual machine.
#[test]
fn a_drive_that_is_made_ready_has_one_partition_and_nothing_of_before() {
    let bench = Bench::new();
    sh(&format!("mkfs.ext4 -q -L old {}", bench.new.node.display())).unwrap();
    let request = request(&bench, &bench.new);
    let (end, news) = bench.work_and_hear(&work(&request));
    let trouble = end.unwrap_err();
    assert_eq!(
        (trouble.end, trouble.what.as_str()),
        (Ending::Failed, "The drive could not be made ready.")
    );
    assert!(
        trouble.details[0].starts_with("the kernel does not show the new partition"),
        "{trouble:?}"
    );
    assert_eq!(news.len(), 2, "{news:?}");
    let table = sh(&format!("sfdisk --dump {}", bench.new.node.display())).unwrap();
    let partitions: Vec<&str> = table.lines().filter(|line| line.contains("start=")).collect();
    assert!(partitions.len() == 1 && partitions[0].contains("start=        2048, "), "{table}");
    assert!(partitions[0].contains("type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7, "), "{table}");
    let look = bench.look(&bench.new);
    assert_eq!(look.report.volumes.len(), 1);
    assert_eq!(look.report.volumes[0].label, None, "{look:?}");
}

#[test]
fn a_drive_in_use_or_with_something_else_on_it_is_not_made_ready() {
    let bench = Bench::new();
    let request = request(&bench, &bench.new);
    sh(&format!("mkfs.ext4 -q -L precious {}", bench.new.node.display())).unwrap();
    let before = bench.new.hash();
    let trouble = bench.work(&work(&request)).unwrap_err();
    assert_eq!(trouble.end, Ending::Refused);
    assert_eq!(trouble.what, "What is on the drive is not what it was when you agreed.");

    let folder = bench.folder.path().join("at");
    sh(&format!("mkdir {0}; mount -o ro {1} {0}", folder.display(), bench.new.node.display()))
        .unwrap();
    let trouble = bench.work(&work(&request));
    sh(&format!("umount {}", folder.display())).unwrap();
    let trouble = trouble.unwrap_err();
    assert_eq!(trouble.end, Ending::Refused);
    assert!(trouble.what.starts_with("It is in use: its files are open"), "{trouble:?}");
    assert_eq!(bench.new.hash(), before);
}

#[test]
fn logs_are_copied_to_a_drive() {
    let bench = Bench::new();
    bench.look(&bench.old);
    let tool =
        Tool::CopyLogs { device: bench.drive.node.clone(), drive: Box::new(bench.drive.disk()) };
    let said = bench.computer.use_tool(&tool).unwrap();
    assert!(said.starts_with("The logs are in the folder remetal-logs-"), "{said}");
    assert!(said.ends_with(" of \"Backups\". The drive can be taken out."), "{said}");
    bench.assert_unmounted();
    let folder = said.split(' ').nth(6).unwrap();
    let disks = sh(&format!("debugfs -R 'cat {folder}/disks.json' {}", bench.drive.file.display()));
    let disks: serde_json::Value = serde_json::from_str(&disks.unwrap()).unwrap();
    let old = bench.old.node.to_str().unwrap();
    let mut disks = disks["disks"].as_array().unwrap().iter();
    let known = disks.find(|disk| disk["path"] == old).unwrap();
    assert_eq!(known["volumes"].as_array().unwrap().len(), 2);

    let tool = Tool::CopyLogs { device: bench.new.node.clone(), drive: Box::new(bench.new.disk()) };
    let said = bench.computer.use_tool(&tool).unwrap_err();
    assert!(said.starts_with("Nothing can be written to that drive. "), "{said}");
}
