//! The code page in which FAT has names, for dosfstools.

use crate::archive::Unpacked;
use crate::error::Result;
use crate::tree::Tree;

/// glibc's module for it.
const MODULE: &str = "usr/lib/x86_64-linux-gnu/gconv/IBM850.so";
/// Where glibc looks its modules up.
const LIST: &str = "usr/lib/x86_64-linux-gnu/gconv/gconv-modules";
/// Debian's list, less everything else.
const ENTRIES: &str = "\
alias CP850// IBM850//
module IBM850// INTERNAL IBM850 1
module INTERNAL IBM850// IBM850 1
";

/// Adds the module from whichever package has it. Without it, dosfstools says so each time and uses a
/// table of its own.
pub(super) fn add_code_page(tree: &mut Tree, packages: &[Unpacked]) -> Result<()> {
    if let Some(module) = packages.iter().find_map(|package| package.find(MODULE)) {
        tree.place(MODULE, &module)?;
        tree.put_bytes(LIST, ENTRIES);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::apt::Package;

    #[test]
    fn comes_from_whichever_package_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let package = Package {
            name: "libc6".to_owned(),
            version: "1".to_owned(),
            source: "glibc".to_owned(),
            architecture: "amd64".to_owned(),
            sha256: String::new(),
            depends: String::new(),
        };
        let packages = [Unpacked { package, folder: folder.path().to_owned() }];
        let mut tree = Tree::default();
        add_code_page(&mut tree, &packages).unwrap();
        assert_eq!(tree, Tree::default(), "a suite that has it elsewhere goes without");
        // Packages still have files outside of `/usr`.
        let module = folder.path().join(MODULE.trim_start_matches("usr/"));
        fs::create_dir_all(module.parent().unwrap()).unwrap();
        fs::write(module, "module").unwrap();
        add_code_page(&mut tree, &packages).unwrap();
        assert!(tree.contains(MODULE) && tree.contains(LIST));
    }
}
