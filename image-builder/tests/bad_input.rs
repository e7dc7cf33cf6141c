//! What is wrong is named, by the program itself.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn lists() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../initramfs/lists")
}

fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn build(folder: &Path, more: impl FnOnce(&mut Command)) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_remetal-iso"));
    command.arg("build").arg("--output").arg(folder.join("out.iso"));
    more(&mut command);
    command.output().unwrap()
}

/// What the program said about its failure.
fn failure(output: &Output, folder: &Path) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(!folder.join("out.iso").exists(), "{text}");
    text
}

/// Builds with one line added to one of the lists. Uses the cache of all builds, which the first
/// one fills from the package archive.
fn with_line(list: &str, line: &str) -> String {
    let folder = scratch();
    for name in ["firmware", "left-out", "modules", "tools"] {
        let text = fs::read_to_string(lists().join(name)).unwrap();
        let added = if name == list { line } else { "" };
        fs::write(folder.path().join(name), format!("{text}{added}\n")).unwrap();
    }
    let output = build(folder.path(), |command| {
        command.arg("--lists").arg(folder.path());
    });
    failure(&output, folder.path())
}

/// The number of the line that [`with_line`] adds.
fn next_line(list: &str) -> usize {
    fs::read_to_string(lists().join(list)).unwrap().lines().count() + 1
}

#[test]
fn a_module_that_the_kernel_does_not_have_is_named() {
    let expected =
        format!("modules, line {}: the kernel has no module no_such_module", next_line("modules"));
    let text = with_line("modules", "no-such-module");
    assert!(text.contains(&expected), "{text}");
}

#[test]
fn a_package_that_the_archive_does_not_have_is_named() {
    let expected = format!("no-such-package (tools, line {})", next_line("tools"));
    let text = with_line("tools", "no-such-package");
    assert!(text.contains(&expected), "{text}");
}

#[test]
fn a_file_that_a_package_does_not_have_is_named() {
    let expected = format!("tools, line {}: zstd has no /bin/nothing", next_line("tools"));
    let text = with_line("tools", "zstd: /bin/nothing");
    assert!(text.contains(&expected), "{text}");
}

#[test]
fn a_missing_network_is_named() {
    let folder = scratch();
    let output = build(folder.path(), |command| {
        command.arg("--cache").arg(folder.path().join("cache"));
        // Nothing listens on that port.
        command.env("http_proxy", "http://127.0.0.1:9").env("https_proxy", "http://127.0.0.1:9");
    });
    let text = failure(&output, folder.path());
    assert!(text.contains("the package archive cannot be reached"), "{text}");
    assert!(text.contains("Check the network"), "{text}");
}

#[test]
fn a_full_disk_is_named() {
    let folder = scratch();
    let small = folder.path().join("small");
    fs::create_dir(&small).unwrap();
    let run = |program: &str, arguments: &[&str]| {
        Command::new(program).args(arguments).arg(&small).status().unwrap().success()
    };
    assert!(run("mount", &["-t", "tmpfs", "-o", "size=30m", "small"]));
    let output = build(folder.path(), |command| {
        command.arg("--cache").arg(&small);
    });
    assert!(run("umount", &[]));
    let text = failure(&output, folder.path());
    assert!(text.contains("no room for the build: 30.0 MiB are free"), "{text}");
    assert!(text.contains("--cache"), "{text}");
}
