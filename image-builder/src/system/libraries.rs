//! Shared libraries: those that what is in the tree asks for, and no others.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use super::elf;
use crate::archive::{Item, Unpacked};
use crate::error::{BuildError, Result};
use crate::tree::{Content, Node, Tree};

/// Where the dynamic loader looks.
const FOLDERS: [&str; 2] = ["usr/lib/x86_64-linux-gnu/", "usr/lib/"];

/// The dynamic loader: programs name it by this path, not as a library.
const LOADER: &str = "usr/lib64/ld-linux-x86-64.so.2";

/// Adds all libraries that programs and libraries in the tree need, from any of the packages.
///
/// # Errors
///
/// [`BuildError::MissingLibraries`] with those that no package has.
pub(crate) fn add_libraries(tree: &mut Tree, packages: &[Unpacked]) -> Result<()> {
    let pool = pool(packages)?;
    place(tree, &pool, LOADER)?;
    let mut waiting: Vec<(String, PathBuf)> = files(tree);
    let mut missing = BTreeSet::new();
    while let Some((path, file)) = waiting.pop() {
        let Some(needs) = elf::needs(&file) else { continue };
        for library in &needs.libraries {
            let folders = folders(&path, &needs.folders);
            let places = || folders.iter().map(|folder| format!("{folder}{library}"));
            if places().any(|place| tree.contains(&place)) {
                continue;
            }
            match places().find(|place| pool.contains_key(place)) {
                Some(found) => waiting.extend(place(tree, &pool, &found)?),
                None => {
                    missing.insert(format!("{library} (for /{path})"));
                }
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(BuildError::MissingLibraries { missing: missing.into_iter().collect() })
}

fn pool(packages: &[Unpacked]) -> Result<BTreeMap<String, PathBuf>> {
    let mut pool = BTreeMap::new();
    for package in packages {
        let libraries = package
            .items()?
            .into_iter()
            .filter(|item| item.path.starts_with("usr/lib") && item.path.contains(".so"));
        pool.extend(libraries.map(|Item { path, file }| (path, file)));
    }
    Ok(pool)
}

/// Puts a library into the tree, with what it is a link to; returns the file behind it.
fn place(
    tree: &mut Tree,
    pool: &BTreeMap<String, PathBuf>,
    path: &str,
) -> Result<Option<(String, PathBuf)>> {
    let mut path = path.to_owned();
    while let Some(file) = pool.get(&path) {
        tree.place(&path, file)?;
        let Ok(target) = fs::read_link(file) else { return Ok(Some((path, file.clone()))) };
        path = beside(&path, &target.to_string_lossy());
    }
    Ok(None)
}

/// What a link at `path` points to.
fn beside(path: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return crate::archive::merged(absolute);
    }
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." => {}
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// The folders to look in for what the file at `path` needs, each with a `/` at its end.
fn folders(path: &str, own: &[String]) -> Vec<String> {
    let origin = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let own = own.iter().map(|folder| {
        let folder =
            folder.replace("${ORIGIN}", "$ORIGIN").replace("$ORIGIN", &format!("/{origin}"));
        format!("{}/", crate::archive::merged(folder.trim_matches('/')))
    });
    own.chain(FOLDERS.map(str::to_owned)).collect()
}

fn files(tree: &Tree) -> Vec<(String, PathBuf)> {
    let file = |(path, node): (&str, &Node)| match node {
        Node::File(Content::File(file), _) if !path.starts_with("usr/lib/modules/") => {
            Some((path.to_owned(), file.clone()))
        }
        _ => None,
    };
    tree.iter().filter_map(file).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_followed_from_where_they_lie() {
        assert_eq!(beside("usr/lib/x/liba.so.1", "liba.so.1.2"), "usr/lib/x/liba.so.1.2");
        assert_eq!(beside("usr/lib/x/y/liba.so", "../liba.so.1"), "usr/lib/x/liba.so.1");
        assert_eq!(beside("usr/lib64/ld.so.2", "/lib/x/ld.so.2"), "usr/lib/x/ld.so.2");
    }

    #[test]
    fn a_programs_own_folders_come_first() {
        let own = ["$ORIGIN/../lib".to_owned(), "/lib/private".to_owned()];
        let folders = folders("usr/bin/x", &own);
        assert_eq!(folders[..2], ["usr/bin/../lib/".to_owned(), "usr/lib/private/".to_owned()]);
        assert_eq!(folders.len(), 4);
    }
}
