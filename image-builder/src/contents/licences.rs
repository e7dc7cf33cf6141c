//! Licences, as Debian's packages state them in `/usr/share/doc/PACKAGE/copyright`.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use flate2::{Compression, GzBuilder};
use std::io::Write;

use crate::archive::Unpacked;
use crate::error::{Doing, Result};

/// The short names of a package's licences; empty where its statement is plain text.
pub(super) fn of(unpacked: &Unpacked, all: &[&Unpacked]) -> Result<Vec<String>> {
    let Some(path) = statement(unpacked, all) else { return Ok(Vec::new()) };
    let text = fs::read(&path).doing("reading", &path)?;
    Ok(short_names(&String::from_utf8_lossy(&text)))
}

/// All statements one after the other, compressed: about three megabytes of text.
pub(crate) fn copyright_file(packages: &[&Unpacked]) -> Result<Vec<u8>> {
    let mut file = GzBuilder::new().write(Vec::new(), Compression::best());
    let mut written = BTreeSet::new();
    for unpacked in packages {
        let Some(path) = statement(unpacked, packages) else { continue };
        let text = fs::read(&path).doing("reading", &path)?;
        let header = format!("\n======== {} ========\n\n", unpacked.package.name);
        file.write_all(header.as_bytes()).doing("packing", &path)?;
        // Packages of one source have one statement.
        if written.insert((unpacked.package.source.clone(), text.clone())) {
            file.write_all(&text).doing("packing", &path)?;
        } else {
            let same = format!("As stated above for the source {}.\n", unpacked.package.source);
            file.write_all(same.as_bytes()).doing("packing", &path)?;
        }
    }
    file.finish().doing("packing", &PathBuf::from("the licences"))
}

/// The file of a package's statement, which may lie in another package that it depends on.
fn statement(unpacked: &Unpacked, all: &[&Unpacked]) -> Option<PathBuf> {
    let folder = unpacked.folder.join("usr/share/doc").join(&unpacked.package.name);
    let own = folder.join("copyright");
    if own.is_file() {
        return Some(own);
    }
    let other = fs::read_link(&folder).ok()?;
    let place = PathBuf::from("usr/share/doc").join(other).join("copyright");
    all.iter().map(|package| package.folder.join(&place)).find(|path| path.is_file())
}

/// The names behind `License:` in a statement that programs can read.
fn short_names(text: &str) -> Vec<String> {
    if !text.starts_with("Format:") {
        return Vec::new();
    }
    let names = text.lines().filter_map(|line| line.strip_prefix("License:")).map(str::trim);
    let names: BTreeSet<&str> = names.filter(|name| !name.is_empty()).collect();
    names.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_statements_for_programs_have_short_names() {
        let text = "Format: copyright-format/1.0\n\nFiles: *\nLicense: GPL-2+\n text\n\n\
                    License: MIT\n\nLicense: GPL-2+\n";
        assert_eq!(short_names(text), ["GPL-2+", "MIT"]);
        assert!(short_names("This is free software.\nLicense: X\n").is_empty());
    }
}
