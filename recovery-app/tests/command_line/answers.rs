//! What is printed, and where.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::machine::{Bench, FAILED, LoopDisk, USAGE, VERIFIED, WORD, expect, expect_json};
use crate::support::remetal::text;
use crate::support::shell::sh;

#[test]
fn disks_are_told_with_what_is_on_them() {
    let bench = Bench::new();
    let shown = LoopDisk::new(&bench.source(), "");
    let told = expect_json(VERIFIED, &["disks"]);
    let disks = told["disks"].as_array().unwrap();
    let disk = disks.iter().find(|disk| disk["path"] == shown.node()).unwrap();
    assert_eq!((disk["size"].as_u64(), disk["bus"].as_str()), (Some(48 << 20), Some("file")));
    assert_eq!(disk["logical_sector"], 512);
    assert_eq!(disk["table"]["kind"], "gpt");
    assert_eq!(disk["in_use"].as_array().unwrap().len(), 0, "{disk:#}");
    for key in ["model", "serial", "wwn", "physical_sector", "removable", "read_only", "health"] {
        assert!(disk.get(key).is_some(), "no {key} in {disk:#}");
    }
    let [fat, ext] = disk["volumes"].as_array().unwrap().as_slice() else { panic!("{disk:#}") };
    assert_eq!((&fat["filesystem"], &fat["label"]), (&"fat16".into(), &"EFI".into()));
    assert_eq!((&ext["filesystem"], &ext["label"]), (&"ext4".into(), &"root".into()));
    assert_eq!(ext["state"], "clean");
    assert!(ext["used"].as_u64().unwrap() > 3_000_000);
    let text = expect(VERIFIED, &["disks"]);
    assert!(text.contains(shown.node()) && text.contains("partition 2: ext4 \"root\""), "{text}");
}

#[test]
fn files_and_backups_are_told_alike() {
    let bench = Bench::new();
    let source = bench.source();
    let told = expect_json(VERIFIED, &["info", text(&source)]);
    assert_eq!(told["disk"]["volumes"][1]["label"], "root");
    let backup = bench.backup("one", &["--no-verify"]);
    for path in [backup.clone(), backup.join("disk0.img.zst")] {
        let told = expect_json(VERIFIED, &["info", text(&path)]);
        assert_eq!(told["backup"]["manifest"]["volumes"][1]["label"], "root");
        assert_eq!(told["backup"]["fingerprint"].as_str().unwrap().len(), 64);
    }
}

/// As `xorriso` makes it for sticks: the disc begins with the disk, its partition 32 KiB later.
#[test]
fn a_disc_on_a_stick_is_told_as_one() {
    let folder = crate::support::scratch();
    let stick = folder.path().join("stick.disk");
    sh(&format!(
        "truncate -s 8M {0}; sgdisk -a 1 -n 1:64:8191 {0} >/dev/null
         printf '\\001CD001' | dd of={0} bs=1 seek=32768 conv=notrunc status=none
         printf '%-32s' RESCUE | dd of={0} bs=1 seek=32808 conv=notrunc status=none",
        stick.display()
    ));
    let document = expect_json(VERIFIED, &["info", text(&stick)]);
    let volume = &document["disk"]["volumes"][0];
    assert_eq!((&volume["title"], &volume["label"]), (&json!("ISO 9660"), &json!("RESCUE")));
}

/// What is left of older days must not be taken for what the disk holds.
#[test]
fn a_disk_that_lost_its_table_is_not_told_as_its_old_filesystem() {
    let folder = crate::support::scratch();
    let disk = folder.path().join("lost.disk");
    sh(&format!(
        "truncate -s 64M {0}; mkfs.ext4 -q -F -L old {0}; truncate -s 32M {0}.volume
         mkfs.ntfs -q -F -L new {0}.volume
         dd if={0}.volume of={0} bs=1M seek=1 conv=notrunc,sparse status=none",
        disk.display()
    ));
    let document = expect_json(VERIFIED, &["info", text(&disk)]);
    let told = &document["disk"];
    assert_eq!(told["table"]["kind"], "doubtful", "{told:#}");
    assert_eq!(told["volumes"][0]["filesystem"], "unknown", "{told:#}");
    let notes = told["notes"].as_array().unwrap();
    assert!(notes.iter().any(|note| note.as_str().unwrap().contains("NTFS")), "{told:#}");
}

#[test]
fn a_wrong_command_line_is_its_own_exit_code() {
    let wrong: [&[&str]; 7] = [
        &[],
        &["destroy"],
        &["capture", "/dev/null"],
        &["capture", "a", "b", "--level", "99"],
        &["capture", "a", "b", "--part-size", "1K"],
        &["capture", "a", "b", "--partitions", "one"],
        &["restore", "a", "b"],
    ];
    for arguments in wrong {
        expect(USAGE, arguments);
    }
    // With `--json` nothing but JSON, which has the keys of every other error.
    let document = expect_json(USAGE, &["destroy"]);
    let error = document["error"].as_object().unwrap();
    assert_eq!((&error["kind"], &error["unharmed"]), (&json!("usage"), &json!(null)));
    assert!(error["message"].as_str().unwrap().contains("destroy"), "{document:#}");
    assert!(error.contains_key("guidance"), "{document:#}");
}

/// The line goes to a shell as it is.
#[test]
fn what_a_plan_says_to_do_can_be_pasted() {
    let bench = Bench::new();
    let backup = bench.backup("the disk's 1st $HOME", &["--no-verify"]);
    let target = bench.path("old disk; true.disk");
    let plan = expect(VERIFIED, &["plan", text(&backup), text(&target)]);
    let line = plan.lines().find_map(|line| line.strip_prefix("To do it: ")).unwrap();
    assert!(plan.contains("The backup is read and checked before the first write."), "{plan}");
    let program = env!("CARGO_BIN_EXE_remetal");
    sh(&format!("remetal() {{ '{program}' \"$@\"; }}; {line}"));
    assert_eq!(fs::metadata(&target).unwrap().len(), 48 << 20);
    let (backup, target) = (bench.backup("one", &["--no-verify"]), bench.path("new.disk"));
    let plan = expect(VERIFIED, &["plan", text(&backup), text(&target)]);
    let plain = format!("{} {} --confirm {WORD}\n", backup.display(), target.display());
    assert!(plan.contains(&plain), "{plan}");
}

#[test]
fn help_tells_the_exit_codes() {
    for command in ["disks", "info", "capture", "verify", "plan", "restore"] {
        let help = expect(VERIFIED, &[command, "--help"]);
        assert!(help.contains("Exit codes:") && help.contains("--json"), "{help}");
    }
}

#[test]
fn nobody_reading_is_no_crash() {
    let bench = Bench::new();
    let source = bench.source();
    for arguments in [&["info", text(&source)][..], &["disks", "--json"], &["--help"]] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_remetal"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(program.stdout.take());
        let output = program.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(VERIFIED), "{arguments:?}: {said}");
    }
}

/// A script that takes the document from a file must not go on without it.
#[test]
fn an_answer_that_cannot_be_printed_is_a_failure() {
    let bench = Bench::new();
    let source = bench.source();
    for arguments in [&["info", text(&source)][..], &["info", text(&source), "--json"], &["--help"]]
    {
        let output = Command::new(env!("CARGO_BIN_EXE_remetal"))
            .args(arguments)
            .stdout(fs::File::options().write(true).open("/dev/full").unwrap())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(FAILED), "{arguments:?}: {said}");
        assert!(said.contains("the answer cannot be printed"), "{arguments:?}: {said}");
    }
}

/// The recovery system has no shared libraries: the program must not ask for a loader.
#[test]
fn the_program_is_static() {
    let program = std::fs::read(env!("CARGO_BIN_EXE_remetal")).unwrap();
    let u16_at = |at: usize| usize::from(u16::from_le_bytes([program[at], program[at + 1]]));
    let header_table = usize::try_from(u64::from_le_bytes(program[32..40].try_into().unwrap()));
    let (table, size, count) = (header_table.unwrap(), u16_at(54), u16_at(56));
    assert!(count > 0);
    for number in 0..count {
        const PT_INTERP: usize = 3;
        assert_ne!(u16_at(table + number * size), PT_INTERP, "it needs a loader");
    }
}
