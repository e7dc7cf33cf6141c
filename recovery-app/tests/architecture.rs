//! The arrows between the workspace's crates, and where the compiler's checks may be off.
//!
//! `tui -> engine -> {image, filesystem, partition-table} -> block`, `hardware -> block`. A crate
//! may use whatever lies below it, never beside or above.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Every crate with the workspace crates it may use. A new crate gets a line here, and with it
/// a thought about its place.
const MAY_USE: &[(&str, &[&str])] = &[
    ("block", &[]),
    ("partition-table", &["block"]),
    ("filesystem", &["block"]),
    ("image", &["block"]),
    ("hardware", &["block"]),
    ("engine", &["block", "partition-table", "filesystem", "image"]),
    // One home for the words, whoever shows them.
    ("report", &["block", "partition-table", "filesystem", "image", "hardware", "engine"]),
    // The screens show the hardware as plain data; only the program reads it.
    ("tui", &["block", "partition-table", "filesystem", "image", "hardware", "engine", "report"]),
    ("initramfs", &["block", "hardware"]),
    ("vm", &[]),
    // Writing a stick obeys the same rules as a restore.
    (
        "image-builder",
        &[
            "block",
            "partition-table",
            "filesystem",
            "image",
            "hardware",
            "engine",
            "initramfs",
            "vm",
        ],
    ),
];

/// The program: it wires everything together.
const PROGRAM: &str = "recovery-app";

/// What draws on terminals is named by the screens and the program only.
const MAY_DRAW: &[&str] = &["tui", PROGRAM];

/// Crates that speak to the kernel in ways that the compiler cannot check.
const MAY_BE_UNCHECKED: &[&str] = &["block", "hardware", "initramfs"];

/// The word itself must not stand in this file, which is searched for it too.
const UNCHECKED: &str = concat!("un", "safe");

fn workspace() -> Metadata {
    MetadataCommand::new().current_dir(env!("CARGO_MANIFEST_DIR")).no_deps().exec().unwrap()
}

/// The names of the packages that a crate is built from; those for tests do not count.
fn dependencies(package: &Package) -> Vec<&str> {
    let built_in = |kind| matches!(kind, DependencyKind::Normal | DependencyKind::Build);
    let used = package.dependencies.iter().filter(|dependency| built_in(dependency.kind));
    used.map(|dependency| dependency.name.as_str()).collect()
}

/// What is wrong with `name` using the workspace crates among `dependencies`.
fn forbidden_arrows(name: &str, dependencies: &[&str]) -> Vec<String> {
    if name == PROGRAM {
        return Vec::new();
    }
    let Some((_, allowed)) = MAY_USE.iter().find(|(crate_name, _)| *crate_name == name) else {
        return vec![format!("{name} has no line in MAY_USE")];
    };
    let ours = |used: &&&str| **used == PROGRAM || MAY_USE.iter().any(|(name, _)| name == *used);
    let forbidden = dependencies.iter().filter(ours).filter(|used| !allowed.contains(used));
    forbidden.map(|used| format!("{name} -> {used}")).collect()
}

fn draws(dependency: &str) -> bool {
    dependency == "crossterm" || dependency.starts_with("ratatui")
}

/// Every Rust file that belongs to the package, not to a package in a folder below it.
fn sources(package: &Package) -> Vec<PathBuf> {
    let folder = package.manifest_path.parent().unwrap().as_std_path();
    let mut waiting: Vec<PathBuf> =
        ["src", "tests", "benches", "examples", "build.rs"].map(|part| folder.join(part)).to_vec();
    let mut files = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() && !path.join("Cargo.toml").exists() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") && path.is_file() {
            files.push(path);
        }
    }
    files
}

/// True when the line has the word outside a comment.
fn is_unchecked(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    code.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .any(|word| word == UNCHECKED)
}

/// The manifest without blanks, so that its spelling does not matter.
fn manifest(path: &Path) -> String {
    fs::read_to_string(path).unwrap().replace([' ', '\t'], "")
}

#[test]
fn every_arrow_points_down() {
    let workspace = workspace();
    let wrong: Vec<String> = workspace
        .workspace_packages()
        .into_iter()
        .flat_map(|package| forbidden_arrows(package.name.as_str(), &dependencies(package)))
        .collect();
    assert!(wrong.is_empty(), "forbidden arrows: {wrong:#?}");
}

#[test]
fn a_forbidden_arrow_is_found() {
    assert_eq!(forbidden_arrows("block", &["serde", "image"]), ["block -> image"]);
    assert_eq!(forbidden_arrows("engine", &["block", "hardware"]), ["engine -> hardware"]);
    assert_eq!(forbidden_arrows("image", &["filesystem"]), ["image -> filesystem"]);
    assert_eq!(forbidden_arrows("engine", &["tui", PROGRAM]).len(), 2);
    assert_eq!(forbidden_arrows("newcomer", &[]).len(), 1);
    assert!(forbidden_arrows(PROGRAM, &["engine", "hardware", "tui"]).is_empty());
    assert!(forbidden_arrows("tui", &["engine", "ratatui"]).is_empty());
}

#[test]
fn the_table_has_no_circle() {
    for (place, (name, uses)) in MAY_USE.iter().enumerate() {
        for used in *uses {
            let below = MAY_USE.iter().position(|(name, _)| name == used);
            assert!(below.is_some_and(|below| below < place), "{name} -> {used}");
        }
    }
}

#[test]
fn only_the_screens_draw() {
    let workspace = workspace();
    for package in workspace.workspace_packages() {
        let name = package.name.as_str();
        if MAY_DRAW.contains(&name) {
            continue;
        }
        // Tests count here as well.
        let drawing = package.dependencies.iter().find(|dependency| draws(&dependency.name));
        assert!(drawing.is_none(), "{name} -> {}", drawing.unwrap().name);
    }
    assert!(draws("ratatui-core") && draws("crossterm") && !draws("clap"));
}

#[test]
fn the_compilers_checks_are_off_only_where_said() {
    let workspace = workspace();
    let root = manifest(workspace.workspace_root.join("Cargo.toml").as_std_path());
    assert!(root.contains(&format!("{UNCHECKED}_code=\"forbid\"")));
    for package in workspace.workspace_packages() {
        let manifest = manifest(package.manifest_path.as_std_path());
        let name = package.name.as_str();
        if MAY_BE_UNCHECKED.contains(&name) {
            let reasons = format!("undocumented_{UNCHECKED}_blocks=\"deny\"");
            assert!(manifest.contains(&reasons), "{name} must deny blocks without a reason");
            continue;
        }
        assert!(manifest.contains("[lints]\nworkspace=true"), "{name} lacks the common lints");
        for file in sources(package) {
            let text = fs::read_to_string(&file).unwrap();
            let line = text.lines().position(is_unchecked);
            assert!(line.is_none(), "{}:{}", file.display(), line.unwrap_or(0) + 1);
        }
    }
}

#[test]
fn the_word_is_found_in_code_only() {
    assert!(is_unchecked(&format!("    {UNCHECKED} {{ f() }} // reason")));
    assert!(is_unchecked(&format!("pub {UNCHECKED} fn f()")));
    assert!(!is_unchecked(&format!("// {UNCHECKED}")));
    assert!(!is_unchecked(&format!("{UNCHECKED}_code")));
}
