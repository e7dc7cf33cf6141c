//! What goes wrong on the way: full disks, unreadable sectors, Ctrl-C.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::machine::{
    Bench, DAMAGED, FAILED, LoopDisk, Small, VERIFIED, WORD, expect, expect_json, names,
};
use crate::support::bytes::noise_file;
use crate::support::remetal::text;
use crate::support::shell::sh;

#[test]
fn a_destination_that_fills_up_leaves_no_finished_backup() {
    let bench = Bench::new();
    let noise = bench.path("noise.disk");
    noise_file(&noise, 24 << 20);
    // More than the estimate calls surely too small, less than the image.
    let small = Small::new("size=20m");
    let arguments = ["capture", text(&noise), text(small.path()), "--name", "one"];
    let done = expect_json(FAILED, &arguments);
    let error = &done["error"];
    assert!(error["message"].as_str().unwrap().contains("No space left"), "{done:#}");
    assert!(error["guidance"].as_str().unwrap().contains("ree some space"), "{done:#}");
    assert!(error["unharmed"].as_str().unwrap().contains("only read"), "{done:#}");
    assert_eq!(names(small.path()), ["one.partial"]);
}

#[test]
fn a_target_that_fills_up_is_marked_as_unfinished() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify"]);
    let small = Small::new("size=5m");
    let file = small.path().join("target");
    sh(&format!("truncate -s 48M {}", file.display()));
    let target = LoopDisk::new(&file, "");
    let plan = expect_json(VERIFIED, &["plan", text(&backup), target.node()]);
    let word = plan["target"]["word"].as_str().unwrap();
    let done = expect_json(FAILED, &["restore", text(&backup), target.node(), "--confirm", word]);
    let unharmed = done["error"]["unharmed"].as_str().unwrap();
    assert!(unharmed.contains("The backup is unharmed"), "{done:#}");
    let told = expect_json(VERIFIED, &["info", target.node()]);
    assert_eq!(told["disk"]["unfinished_restore"], text(&backup), "{told:#}");
    let told = expect(VERIFIED, &["info", target.node()]);
    assert!(told.contains("was not finished"), "{told}");
}

#[test]
fn sectors_that_cannot_be_read_are_named() {
    let bench = Bench::new();
    let file = bench.path("noise.disk");
    noise_file(&file, 16 << 20);
    let source = LoopDisk::new(&file, "--direct-io=on");
    // Beyond the end of its file a loop device with direct I/O answers with errors.
    sh(&format!("truncate -s {} {}", (16 << 20) - (1 << 20), file.display()));
    let backups = bench.backups();
    let done = expect_json(DAMAGED, &["capture", source.node(), text(&backups), "--name", "one"]);
    assert_eq!(done["state"], "damaged");
    let lost = &done["outcome"]["image"]["manifest"]["unreadable"];
    let total: u64 = lost
        .as_array()
        .unwrap()
        .iter()
        .map(|lost| lost["extent"]["length"].as_u64().unwrap())
        .sum();
    assert_eq!(total, 1 << 20, "{lost:#}");
    let backup = backups.join("one");
    expect(VERIFIED, &["verify", text(&backup)]);
    let target = bench.path("target.disk");
    let said = expect(DAMAGED, &["restore", text(&backup), text(&target), "--confirm", WORD]);
    assert!(said.contains("finished with named damage"), "{said}");
}

#[test]
fn a_target_that_cannot_be_opened_is_said_to_be_as_it_was() {
    let bench = Bench::new();
    let backup = bench.backup("one", &["--no-verify"]);
    let target = bench.path("target.disk");
    std::fs::copy("/bin/sleep", &target).unwrap();
    sh(&format!("truncate -s 48M {}", target.display()));
    // The kernel lets nobody write to a program that runs.
    let mut running = Command::new(&target).arg("60").spawn().unwrap();
    let done = expect_json(FAILED, &["restore", text(&backup), text(&target), "--confirm", WORD]);
    running.kill().unwrap();
    running.wait().unwrap();
    assert_eq!(done["error"]["unharmed"], "Nothing was written.", "{done:#}");
}

/// A slow capture named "one" that must fail by what `happens` to it, or to its process, in its
/// midst: what it said, and the lines on standard error from then on.
fn failed_capture(
    source: &Path,
    backups: &Path,
    happens: impl FnOnce(u32),
) -> (String, Vec<String>) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_remetal"))
        .args(["capture", text(source), text(backups), "--name", "one", "--level", "19", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(program.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("\"progress\"")));
    happens(program.id());
    let rest: Vec<_> = lines.map(Result::unwrap).collect();
    let mut said = String::new();
    program.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(program.wait().unwrap().code(), Some(FAILED), "{said}\n{rest:?}");
    (said, rest)
}

#[test]
fn a_source_that_is_cut_short_meanwhile_gives_no_backup() {
    let bench = Bench::new();
    let noise = bench.path("noise.disk");
    noise_file(&noise, 128 << 20);
    let backups = bench.backups();
    let (said, _) = failed_capture(&noise, &backups, |_| {
        sh(&format!("truncate -s 0 {}", noise.display()));
    });
    assert!(said.contains("\"kind\": \"device\"") && said.contains("was cut short"), "{said}");
    assert_eq!(names(&backups), ["one.partial"]);
}

#[test]
fn a_source_disk_that_fails_is_named() {
    let bench = Bench::new();
    let file = bench.path("noise.disk");
    noise_file(&file, 256 << 20);
    // With direct I/O, a loop device answers with errors beyond the end of its file.
    let source = LoopDisk::new(&file, "--direct-io=on");
    let (said, _) = failed_capture(Path::new(source.node()), &bench.backups(), |_| {
        sh(&format!("truncate -s 0 {}", file.display()));
    });
    let name = source.node().strip_prefix("/dev/").unwrap();
    let told =
        "the disk that is being saved was taken out, or does not answer as it should: noise.disk, ";
    assert!(said.contains(told) && said.contains(&format!(", {name}: ")), "{said}");
    assert!(said.contains("one.partial is no backup"), "{said}");
}

#[test]
fn ctrl_c_stops_and_says_what_is_left() {
    let bench = Bench::new();
    let noise = bench.path("noise.disk");
    noise_file(&noise, 256 << 20);
    let backups = bench.backups();
    let (said, rest) = failed_capture(&noise, &backups, |process| {
        sh(&format!("kill -INT {process}"));
    });
    assert!(said.contains("\"kind\": \"stopped\"") && said.contains("one.partial"), "{said}");
    let mut events = rest.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let stopping = |event: Value| {
        event["event"] == "note" && event["text"].as_str().unwrap().starts_with("stopping")
    };
    assert!(events.any(stopping), "{rest:#?}");
    assert_eq!(names(&backups), ["one.partial"]);
    // The same name takes its place.
    let source = bench.source();
    expect(VERIFIED, &["capture", text(&source), text(&backups), "--name", "one"]);
    assert_eq!(names(&backups), ["one"]);
}
