//! Which archives are asked: those that the machine's own apt knows, and their backports.

use std::path::Path;
use std::process::Command;

use crate::command::run;
use crate::error::{BuildError, Result};

/// Components that packages are taken from: the second one has firmware, where it exists.
const COMPONENTS: &str = "main non-free-firmware";

/// What signs Debian's archives; where it is not installed apt's own keys are used.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// One suite of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Suite {
    address: String,
    name: String,
}

/// The suites of Debian that the machine's apt knows, and the backports of the first of them that
/// is not an update of another.
///
/// # Errors
///
/// [`BuildError::NoArchive`] when there is none.
pub(super) fn known() -> Result<(Vec<Suite>, Suite)> {
    let format = "$(CREATED_BY)|$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(CODENAME)";
    parse(&run(Command::new("apt-get").args(["indextargets", "--format", format]))?)
        .ok_or(BuildError::NoArchive)
}

fn parse(targets: &str) -> Option<(Vec<Suite>, Suite)> {
    let mut suites = Vec::new();
    let mut backports = None;
    for line in targets.lines() {
        let Ok([kind, origin, address, name, codename]) =
            <[&str; 5]>::try_from(line.split('|').collect::<Vec<_>>())
        else {
            continue;
        };
        let suite = Suite { address: address.to_owned(), name: name.to_owned() };
        if (kind, origin) != ("Packages", "Debian") || suites.contains(&suite) {
            continue;
        }
        if backports.is_none() && !codename.contains('-') {
            let name = format!("{codename}-backports");
            backports = Some(Suite { address: address.to_owned(), name });
        }
        suites.push(suite);
    }
    let backports = backports?;
    suites.retain(|suite| *suite != backports);
    Some((suites, backports))
}

impl Suite {
    /// The name of the suite, such as `trixie-backports`.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The line of a `sources.list`.
    pub(super) fn line(&self) -> String {
        let signed = match Path::new(KEYRING).exists() {
            true => format!(" signed-by={KEYRING}"),
            false => String::new(),
        };
        format!("deb [arch=amd64{signed}] {} {} {COMPONENTS}\n", self.address, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_debians_own_suites_are_taken_and_each_once() {
        let targets = "\
Packages|Other|http://other.example/|stable|stable
Packages|Debian|http://one.example/debian/|stable-security|bookworm-security
Packages|Debian|http://one.example/debian/|stable|bookworm
DEP-11|Debian|http://one.example/debian/|stable|bookworm
Packages|Debian|http://one.example/debian/|stable|bookworm
Packages|Debian|http://one.example/debian/|bookworm-backports|bookworm-backports
";
        let (suites, backports) = parse(targets).unwrap();
        let names: Vec<&str> = suites.iter().map(Suite::name).collect();
        assert_eq!(names, ["stable-security", "stable"]);
        assert_eq!(backports.name(), "bookworm-backports");
        assert!(backports.line().contains("http://one.example/debian/ bookworm-backports main"));
    }

    #[test]
    fn a_machine_without_debians_archive_is_named() {
        assert!(parse("Packages|Other|http://other.example/|stable|stable\n").is_none());
        assert!(parse("").is_none());
    }
}
