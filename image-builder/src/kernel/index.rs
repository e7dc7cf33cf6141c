//! What `depmod` found out about all modules of a kernel.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Doing, Result};

/// All modules of a kernel by their names (with `_` for `-`).
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// The path of each below the kernel's folder, and the names of what it must have first.
    modules: BTreeMap<String, Module>,
    /// Names of what is built in.
    built_in: Vec<String>,
}

/// One module.
#[derive(Debug, Default)]
pub(crate) struct Module {
    /// Below the kernel's folder, such as `kernel/fs/fat/vfat.ko.xz`.
    pub(crate) path: String,
    /// What must be loaded before it.
    needs: Vec<String>,
    /// What should be loaded beside it, if it is there.
    likes: Vec<String>,
}

impl Index {
    /// Reads `modules.dep`, `modules.softdep` and `modules.builtin` in the kernel's folder.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let file = |name: &str| -> Result<String> {
            let path = folder.join(name);
            fs::read_to_string(&path).doing("reading", &path)
        };
        let built_in = file("modules.builtin")?.lines().map(name_of).collect();
        let mut index = Self { modules: parse_needs(&file("modules.dep")?), built_in };
        index.add_likes(&file("modules.softdep")?);
        Ok(index)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Module> {
        self.modules.get(name)
    }

    pub(crate) fn is_built_in(&self, name: &str) -> bool {
        self.built_in.iter().any(|known| known == name)
    }

    /// The names of all modules below a folder such as `drivers/ata/`.
    pub(crate) fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a str> {
        self.modules
            .iter()
            .filter(move |(_, module)| {
                module.path.strip_prefix("kernel/").is_some_and(|path| path.starts_with(folder))
            })
            .map(|(name, _)| name.as_str())
    }

    /// What a module needs, itself last: in the order to load them.
    pub(crate) fn in_order(&self, name: &str) -> Vec<&str> {
        let mut order = Vec::new();
        self.add_in_order(name, &mut order);
        order
    }

    fn add_in_order<'a>(&'a self, name: &str, order: &mut Vec<&'a str>) {
        let Some((name, module)) = self.modules.get_key_value(name) else { return };
        if order.contains(&name.as_str()) {
            return;
        }
        // depmod lists all that is needed, farther things last; it has refused circles.
        for need in module.needs.iter().rev() {
            self.add_in_order(need, order);
        }
        order.push(name);
    }

    /// What a module needs or likes, directly.
    pub(crate) fn beside(&self, name: &str) -> impl Iterator<Item = &str> {
        let module = self.modules.get(name).into_iter();
        module.flat_map(|module| module.needs.iter().chain(&module.likes)).map(String::as_str)
    }

    /// Lines such as `softdep ext4 pre: crypto-crc32c`. Names that are no modules are left to
    /// the kernel's own aliases.
    fn add_likes(&mut self, softdep: &str) {
        for line in softdep.lines() {
            let mut words = line.split_whitespace();
            if words.next() != Some("softdep") {
                continue;
            }
            let name = words.next().map(normal).unwrap_or_default();
            let likes: Vec<String> =
                words.filter(|word| !word.ends_with(':')).map(normal).collect();
            if let Some(module) = self.modules.get_mut(&name) {
                module.likes.extend(likes);
            }
        }
    }
}

impl Module {
    pub(crate) fn file(&self, folder: &Path) -> PathBuf {
        folder.join(&self.path)
    }

    /// Its path without the ending of a compressed file.
    pub(crate) fn unpacked_path(&self) -> &str {
        self.path.find(".ko").map_or(self.path.as_str(), |end| &self.path[..end + 3])
    }
}

fn parse_needs(dep: &str) -> BTreeMap<String, Module> {
    let line = |line: &str| {
        let (path, needs) = line.split_once(':')?;
        let needs = needs.split_whitespace().map(name_of).collect();
        Some((name_of(path), Module { path: path.to_owned(), needs, likes: Vec::new() }))
    };
    dep.lines().filter_map(line).collect()
}

/// The name of the module in a file such as `kernel/fs/fat/vfat.ko.xz`.
fn name_of(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or_default();
    normal(file.split(".ko").next().unwrap_or_default())
}

fn normal(name: &str) -> String {
    name.replace('-', "_")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A small kernel, for tests.
    pub(crate) fn index() -> Index {
        let dep = "\
kernel/drivers/ata/libata.ko.xz: kernel/drivers/scsi/scsi_mod.ko.xz kernel/lib/common.ko.xz
kernel/drivers/ata/ahci.ko.xz: kernel/drivers/ata/libata.ko.xz kernel/drivers/scsi/scsi_mod.ko.xz kernel/lib/common.ko.xz
kernel/drivers/scsi/scsi_mod.ko.xz: kernel/lib/common.ko.xz
kernel/drivers/scsi/old/sym-old.ko.xz:
kernel/lib/common.ko.xz:
kernel/lib/crc-fast.ko.xz:
kernel/fs/ext4/ext4.ko.xz:
";
        let mut index = Index { modules: parse_needs(dep), built_in: vec!["loop".to_owned()] };
        index.add_likes("# c\nsoftdep ext4 pre: crc-fast not-a-module\nsoftdep gone pre: ext4\n");
        index
    }

    #[test]
    fn what_a_module_needs_comes_before_it() {
        let index = index();
        assert_eq!(index.in_order("ahci"), ["common", "scsi_mod", "libata", "ahci"]);
        assert_eq!(index.in_order("common"), ["common"]);
        assert!(index.in_order("nothing").is_empty());
    }

    #[test]
    fn folders_are_those_of_the_tree() {
        let index = index();
        assert_eq!(index.below("drivers/ata/").collect::<Vec<_>>(), ["ahci", "libata"]);
        assert_eq!(index.below("drivers/at/").count(), 0);
    }

    #[test]
    fn what_a_module_likes_is_beside_it() {
        let index = index();
        assert_eq!(index.beside("ext4").collect::<Vec<_>>(), ["crc_fast", "not_a_module"]);
    }
}
