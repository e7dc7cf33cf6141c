//! The same packages make the same ISO.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

/// Builds an ISO and returns its bytes.
fn build(output: &Path, cache: Option<&Path>) -> Vec<u8> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_remetal-iso"));
    command.arg("build").arg("--output").arg(output);
    if let Some(cache) = cache {
        command.arg("--cache").arg(cache);
    }
    let built = command.output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    fs::read(output).unwrap()
}

#[test]
fn long_the_whole_iso_is_the_same_when_everything_is_made_again() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let first = build(&folder.path().join("first.iso"), None);
    // Only the packages are taken over, so that nothing is fetched twice.
    let common = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/iso/cache/apt");
    let cache = folder.path().join("cache");
    fs::create_dir(&cache).unwrap();
    let copied = Command::new("cp").arg("-a").arg(common).arg(&cache).status().unwrap();
    assert!(copied.success());
    let second = build(&folder.path().join("second.iso"), Some(&cache));
    assert!(first == second, "first.iso and second.iso differ");
    assert!(first.len() <= 100 << 20, "{} bytes are more than 100 MiB", first.len());
}
