//! Paths that are no Unicode: the kernel takes any bytes but NUL and `/`.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use serde_json::Value;

use crate::machine::{Bench, REFUSED, VERIFIED, WORD};
use crate::support::remetal::{expect, remetal};

/// A path in the folder of the bench.
fn odd(bench: &Bench, name: &[u8]) -> PathBuf {
    bench.path("").join(OsString::from_vec(name.to_vec()))
}

/// Runs a command that must end with `code`, as text and as JSON; returns the document.
fn run(code: i32, arguments: &[&OsStr]) -> Value {
    expect(code, arguments);
    let output = remetal(&[arguments, &["--json".as_ref()]].concat());
    assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn every_command_takes_a_path_that_is_no_unicode() {
    let bench = Bench::new();
    let (source, backups) = (odd(&bench, b"s\xff.disk"), odd(&bench, b"backups\xfe"));
    fs::rename(bench.source(), &source).unwrap();
    fs::create_dir(&backups).unwrap();
    let (source, target) = (source.as_os_str(), odd(&bench, b"t\xfd.disk"));
    let capture = ["capture".as_ref(), source, backups.as_os_str()];
    // Without a name, the second backup of the day gets a number.
    let captured = run(VERIFIED, &capture);
    let folder = captured["outcome"]["folder"].as_str().unwrap();
    assert!(folder.contains("backups\u{fffd}/s-"), "{folder}");
    assert_eq!(fs::read_dir(&backups).unwrap().count(), 2);
    let named = [&capture[..], &["--name".as_ref(), "one".as_ref()]].concat();
    expect(VERIFIED, &named);
    run(REFUSED, &named);

    let backup = backups.join("one");
    let (backup, target) = (backup.as_os_str(), target.as_os_str());
    for path in [source, backup] {
        run(VERIFIED, &["info".as_ref(), path]);
    }
    run(VERIFIED, &["verify".as_ref(), backup]);
    let planned = run(VERIFIED, &["plan".as_ref(), backup, target]);
    assert!(planned["backup"].as_str().unwrap().ends_with("backups\u{fffd}/one"), "{planned:#}");
    let restored =
        run(VERIFIED, &["restore".as_ref(), backup, target, "--confirm".as_ref(), WORD.as_ref()]);
    // The first restore has left a partition table, which the second one saves beside the backup.
    let saved = restored["outcome"]["old_table"].as_str().unwrap();
    assert!(saved.contains("backups\u{fffd}/one/table-before-restore"), "{saved}");
    assert!(!target.as_bytes().is_ascii());
}
