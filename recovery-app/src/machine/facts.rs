//! What there is to know about the computer itself, in words.

use std::fs;

use hardware::{Computer, Roots};
use serde::Deserialize;
use tui::tool::Facts;

/// The list of everything on the medium, in the recovery environment.
pub const CONTENTS: &str = "/usr/share/remetal/contents.json";

/// See [`tui::Machine::facts`].
pub fn facts() -> Facts {
    let computer = hardware::computer(&Roots::default());
    Facts {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        firmware: Some(firmware(&computer)),
        clock: Some(jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string()),
        processor: processor(&computer),
        computer: computer.model,
        memory: computer.memory,
        free_memory: computer.free_memory,
        kernel: computer.kernel,
        on_battery: computer.on_battery,
        hidden_disks: computer.hidden_disks,
        licences: licences(&fs::read_to_string(CONTENTS).unwrap_or_default()),
    }
}

fn firmware(computer: &Computer) -> String {
    let words = match (computer.uefi, computer.secure_boot) {
        (false, _) => "BIOS",
        (true, None) => "UEFI",
        (true, Some(true)) => "UEFI, Secure Boot on",
        (true, Some(false)) => "UEFI, Secure Boot off",
    };
    words.to_owned()
}

fn processor(computer: &Computer) -> Option<String> {
    let name = computer.processor.as_ref()?;
    Some(match computer.cores {
        0 => name.clone(),
        1 => format!("{name}, 1 core"),
        cores => format!("{name}, {cores} cores"),
    })
}

/// What of the list of contents is told.
#[derive(Deserialize)]
struct Contents {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    licences: Vec<String>,
}

fn licences(contents: &str) -> Vec<String> {
    let mut lines =
        vec![format!("Remetal {}: {}", env!("CARGO_PKG_VERSION"), env!("CARGO_PKG_LICENSE"))];
    match serde_json::from_str::<Contents>(contents) {
        Ok(contents) => lines.extend(contents.packages.into_iter().map(|package| {
            let told = match package.licences.as_slice() {
                [] => "see its source package".to_owned(),
                licences => licences.join(", "),
            };
            format!("{} {}: {told}", package.name, package.version)
        })),
        Err(_) => lines.push(
            "The medium has more programs on it; its folder remetal lists them all.".to_owned(),
        ),
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_are_told_package_by_package() {
        let contents = r#"{ "version": "0.1.0", "packages": [
            { "name": "bash", "version": "5.2", "licences": ["GPL-3+", "permissive"] },
            { "name": "base-files", "version": "12", "licences": [] } ] }"#;
        let lines = licences(contents);
        assert!(lines[0].ends_with(": MIT OR Apache-2.0"));
        assert_eq!(
            lines[1..],
            ["bash 5.2: GPL-3+, permissive", "base-files 12: see its source package"]
        );
        assert_eq!(licences("").len(), 2);
    }

    #[test]
    fn this_computer_tells_of_itself() {
        let facts = facts();
        assert!(facts.memory > facts.free_memory && facts.kernel.is_some());
        assert!(facts.clock.is_some_and(|clock| clock.ends_with(" UTC")));
    }
}
