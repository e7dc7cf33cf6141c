//! What is on the ISO: for people who must know before they put it into a machine, and for those
//! who have to say which software they hand on.

mod licences;
mod text;
mod weight;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

pub(crate) use self::licences::copyright_file;
pub(crate) use self::weight::{Weight, weigh};
use crate::apt::Package;
use crate::archive::Unpacked;
use crate::cache::hash_file;
use crate::error::Result;
use crate::kernel::Chosen;
use crate::system::{Crate, Kernel, Programs, System};
use crate::toolkit::Toolkit;
use crate::tree::Node;

/// Everything on an ISO.
#[derive(Debug, Serialize)]
pub(crate) struct Contents {
    version: &'static str,
    kernel: String,
    /// The date of everything on the ISO, in seconds since 1970.
    date: u32,
    packages: Vec<Entry>,
    modules: BTreeMap<String, Vec<String>>,
    firmware: Vec<String>,
    firmware_in_no_package: Vec<String>,
    programs: BTreeMap<String, String>,
    crates: Vec<Crate>,
    /// Packages of the programs that made the ISO; they are not on it.
    made_by: Vec<String>,
}

/// One package with files on the ISO.
#[derive(Debug, Serialize)]
struct Entry {
    name: String,
    version: String,
    source: String,
    /// SHA-256 of the package.
    sha256: String,
    licences: Vec<String>,
}

impl Contents {
    /// Lists a system with what starts it, and our own programs.
    pub(crate) fn list(
        system: &System,
        kernel: &Kernel,
        boot: &[&Unpacked],
        programs: &Programs,
        toolkit: &Toolkit,
    ) -> Result<Self> {
        Ok(Self {
            version: env!("CARGO_PKG_VERSION"),
            kernel: kernel.version.clone(),
            date: kernel.epoch()?,
            packages: entries(&used(system, boot))?,
            modules: by_section(&system.origin.modules),
            firmware: firmware(system),
            firmware_in_no_package: system.missing_firmware.clone(),
            programs: hashes(programs)?,
            crates: programs.crates.clone(),
            made_by: toolkit.packages.iter().map(name_and_version).collect(),
        })
    }

    /// As JSON, with a line feed at its end.
    pub(crate) fn json(&self) -> String {
        let document = serde_json::to_value(self).unwrap_or_default();
        format!("{document:#}\n")
    }
}

fn hashes(programs: &Programs) -> Result<BTreeMap<String, String>> {
    let hash = |name: &str, path: &Path| -> Result<_> { Ok((name.to_owned(), hash_file(path)?)) };
    Ok([hash("remetal", &programs.remetal)?, hash("init", &programs.init)?].into())
}

fn name_and_version(package: &Package) -> String {
    format!("{} {}", package.name, package.version)
}

/// The packages with files in the system or beside it, by name.
pub(crate) fn used<'a>(system: &'a System, boot: &[&'a Unpacked]) -> Vec<&'a Unpacked> {
    let mut used: BTreeMap<&str, &Unpacked> = BTreeMap::new();
    let in_system = system.tree.iter().filter_map(|(_, node)| system.origin.package(node));
    for unpacked in in_system.chain(boot.iter().copied()) {
        used.insert(&unpacked.package.name, unpacked);
    }
    used.into_values().collect()
}

fn entries(packages: &[&Unpacked]) -> Result<Vec<Entry>> {
    let entry = |unpacked: &&Unpacked| {
        let Package { name, version, source, sha256, .. } = unpacked.package.clone();
        let licences = licences::of(unpacked, packages)?;
        Ok(Entry { name, version, source, sha256, licences })
    };
    packages.iter().map(entry).collect()
}

fn by_section(chosen: &Chosen) -> BTreeMap<String, Vec<String>> {
    let mut sections: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, section) in &chosen.modules {
        sections.entry(section.clone()).or_default().push(name.clone());
    }
    sections
}

fn firmware(system: &System) -> Vec<String> {
    let files = system.tree.iter().filter(|(_, node)| matches!(node, Node::File(..)));
    let names = files.filter_map(|(path, _)| path.strip_prefix("usr/lib/firmware/"));
    names.map(str::to_owned).collect()
}
