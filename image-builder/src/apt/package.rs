//! What apt knows of a package.

use std::collections::BTreeMap;

use super::Session;
use crate::error::{BuildError, Result};

/// One version of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// The source package, and its version where it is another one.
    pub(crate) source: String,
    /// `amd64` or `all`.
    pub(crate) architecture: String,
    /// SHA-256 of the `.deb`.
    pub(crate) sha256: String,
    pub(crate) depends: String,
}

impl Session {
    /// What apt would install of `names` in an empty system: they and all they depend on.
    pub(crate) fn closure(&self, names: &[String]) -> Result<Vec<Package>> {
        let simulated = self.ask("apt-get", &["install", "--simulate"], names)?;
        self.exactly(&simulated.lines().filter_map(installed).collect::<Vec<_>>())
    }

    /// The newest version of each package in any suite, backports included.
    pub(crate) fn newest(&self, names: &[String]) -> Result<Vec<Package>> {
        let versions = self.versions(names)?;
        let newest = |name: &String| versions.get(name).map(|version| format!("{name}={version}"));
        self.exactly(&names.iter().filter_map(newest).collect::<Vec<_>>())
    }

    /// The version of each package that the plain suite and its updates offer.
    pub(crate) fn candidates(&self, names: &[String]) -> Result<Vec<Package>> {
        let printed = self.ask("apt-cache", &["show", "--no-all-versions"], names)?;
        Ok(parse(&printed))
    }

    /// Those of `names` that no suite has.
    pub(crate) fn unknown(&self, names: &[String]) -> Result<Vec<String>> {
        let versions = self.versions(names)?;
        Ok(names.iter().filter(|name| !versions.contains_key(*name)).cloned().collect())
    }

    /// The newest version of each name; apt prints the newest first.
    fn versions(&self, names: &[String]) -> Result<BTreeMap<String, String>> {
        let printed = self.ask("apt-cache", &["madison"], names)?;
        let mut versions = BTreeMap::new();
        for line in printed.lines() {
            let mut fields = line.split('|').map(str::trim);
            if let (Some(name), Some(version)) = (fields.next(), fields.next()) {
                versions.entry(name.to_owned()).or_insert_with(|| version.to_owned());
            }
        }
        Ok(versions)
    }

    /// The records of packages given as `name=version`.
    fn exactly(&self, wanted: &[String]) -> Result<Vec<Package>> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let mut packages = parse(&self.ask("apt-cache", &["show"], wanted)?);
        packages.sort_by(|one, other| one.name.cmp(&other.name));
        packages.dedup();
        if packages.len() == wanted.len() {
            return Ok(packages);
        }
        let known = |name: &str| packages.iter().any(|package| name == package.name);
        let name = |wanted: &String| wanted.split('=').next().unwrap_or_default().to_owned();
        Err(BuildError::UnknownPackages {
            names: wanted.iter().map(name).filter(|name| !known(name)).collect(),
        })
    }
}

/// `name=version` of a line such as `Inst bash (5.2.15-2+b7 Debian:12.9/stable [amd64])`.
fn installed(line: &str) -> Option<String> {
    let mut words = line.strip_prefix("Inst ")?.split_whitespace();
    let name = words.next()?;
    let version = words.find_map(|word| word.strip_prefix('('))?;
    Some(format!("{name}={version}"))
}

/// Reads records as in a `Packages` file.
fn parse(records: &str) -> Vec<Package> {
    let record = |text: &str| {
        let field = |name: &str| {
            let mut lines = text.lines();
            lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned)
        };
        let name = field("Package")?;
        Some(Package {
            version: field("Version")?,
            architecture: field("Architecture")?,
            source: field("Source").unwrap_or_else(|| name.clone()),
            sha256: field("SHA256")?,
            depends: field("Depends").unwrap_or_default(),
            name,
        })
    };
    records.split("\n\n").filter_map(record).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_apt_would_install() {
        let line = "Inst libc6 (2.36-9 Debian:12.9/stable, Security [amd64]) []";
        assert_eq!(installed(line), Some("libc6=2.36-9".to_owned()));
        assert_eq!(installed("Inst a [1.0] (1.1 Debian [amd64])"), Some("a=1.1".to_owned()));
        assert_eq!(installed("Conf libc6 (2.36-9 Debian [amd64])"), None);
    }

    #[test]
    fn reads_records_and_skips_what_has_no_hash() {
        let records = "\
Package: kept
Source: other (1.0)
Version: 1.0+b1
Architecture: amd64
Depends: libc6 (>= 2.36)
SHA256: 00ff

Package: local
Version: 2
";
        let packages = parse(records);
        assert_eq!(packages.len(), 1);
        assert_eq!(packages[0].source, "other (1.0)");
        assert_eq!((packages[0].sha256.as_str(), packages[0].version.as_str()), ("00ff", "1.0+b1"));
    }
}
