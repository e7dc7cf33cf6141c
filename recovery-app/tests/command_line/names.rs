//! Names that somebody chose to do mischief with: what a disk or backup calls itself never speaks
//! to the terminal, and never makes a line of its own.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;

use serde_json::Value;

use crate::machine::{Bench, DAMAGED, REFUSED, VERIFIED, WORD, expect, expect_json};
use crate::support::remetal::{remetal, text};
use crate::support::shell::sh;

/// The disk of the bench, with such names wherever a disk holds one. Each has a line end before
/// the word `forged`.
fn hostile() -> Bench {
    let bench = Bench::new();
    sh(&format!(
        r#"cd {place}; mkdir mischief
           printf -v name '\e]0;x\a\n  hits forged'; cp tree/noise "mischief/$name"
           printf -v label '\e[31m\n\xe2\x80\xaeforged'
           rm ext; truncate -s 24M ext; mkfs.ext4 -q -L "$label" -d mischief ext
           dd if=ext of=source.disk bs=1M seek={start} conv=notrunc,sparse status=none
           printf -v name 'A\e[31mB\n  forged'; sgdisk -c "2:$name" source.disk >/dev/null"#,
        place = bench.path("").display(),
        start = bench.partitions[1].start >> 20
    ));
    bench
}

/// The text has the name, and no line and no character that its owner wants to have there.
fn check(said: &str) {
    assert!(said.contains("forged"), "{said:?}");
    let speaks = |letter: char| letter != '\n' && letter.is_control() || letter == '\u{202e}';
    assert!(!said.contains(speaks), "{said:?}");
    let forges = |line: &str| {
        let told = line.trim_start().trim_start_matches("hits ").trim_start_matches('?');
        told.starts_with("forged")
    };
    assert!(!said.lines().any(forges), "{said}");
}

#[test]
fn no_name_speaks_to_the_terminal_or_makes_a_line() {
    let bench = hostile();
    let source = bench.source();
    check(&expect(VERIFIED, &["info", text(&source)]));
    let backups = bench.backups();
    check(&expect(VERIFIED, &["capture", text(&source), text(&backups), "--name", "one"]));
    let backup = backups.join("one");
    check(&fs::read_to_string(backup.join("report.txt")).unwrap());
    check(&expect(VERIFIED, &["info", text(&backup)]));
    // The disk as a target: what will be LOST is named as it names itself.
    let target = bench.path("target.disk");
    fs::copy(&source, &target).unwrap();
    check(&expect(VERIFIED, &["plan", text(&backup), text(&target)]));
    check(&expect(VERIFIED, &["restore", text(&backup), text(&target), "--confirm", WORD]));

    let image = backup.join("disk0.img.zst");
    let middle = image.metadata().unwrap().len() / 2;
    let file = OpenOptions::new().write(true).open(&image).unwrap();
    file.write_all_at(b"damage", middle).unwrap();
    check(&expect(DAMAGED, &["verify", text(&backup)]));
    // Programs get every name as it is.
    let told = expect_json(VERIFIED, &["info", text(&source)]);
    assert_eq!(told["disk"]["volumes"][1]["label"], "\u{1b}[31m\n\u{202e}forged");
    assert_eq!(told["disk"]["volumes"][1]["name"], "A\u{1b}[31mB\n  forged");
}

#[test]
fn a_failure_is_told_in_its_own_lines() {
    let bench = Bench::new();
    let source = bench.path("a\u{1b}[2J\nforged");
    fs::create_dir(&source).unwrap();
    let backups = bench.backups();
    let said = expect(REFUSED, &["capture", text(&source), text(&backups)]);
    check(&said);
    assert!(said.contains("a?[2J?forged"), "{said}");
}

/// A terminal may be where the document goes.
#[test]
fn a_name_in_json_speaks_to_no_terminal() {
    let bench = Bench::new();
    sh(&format!(
        r"printf -v name 'A\xc2\x9bB\xc2\x85C\xe2\x80\xaeD\x7fE'; sgdisk -c 2:$name {} >/dev/null",
        bench.source().display()
    ));
    let output = remetal(&["--json", "info", text(&bench.source())]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains(r"A\u009bB\u0085C\u202eD\u007fE"), "{said}");
    let told: Value = serde_json::from_str(&said).unwrap();
    let name = "A\u{9b}B\u{85}C\u{202e}D\u{7f}E";
    assert_eq!(told["disk"]["volumes"][1]["name"], name);
}
