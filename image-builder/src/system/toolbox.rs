//! The tools: files of the packages in the list, and what makes a system of them.

use std::collections::BTreeMap;

use globset::{Glob, GlobMatcher};

use super::code_page::add_code_page;
use super::scripts;
use super::settings::add_settings;
use crate::archive::{Item, Unpacked};
use crate::command::run;
use crate::error::Result;
use crate::lists::{Line, Tool, ToolList};
use crate::toolkit::Toolkit;
use crate::tree::{Content, Node, Tree};

/// Folders that must be there for the kernel's filesystems and for programs.
const FOLDERS: [&str; 10] =
    ["dev", "etc", "mnt", "proc", "root", "run", "sys", "tmp", "usr/share/keymaps", "var/tmp"];

/// A system whose programs all lie below `/usr`.
const LINKS: [(&str, &str); 7] = [
    ("bin", "usr/bin"),
    ("sbin", "usr/sbin"),
    ("lib", "usr/lib"),
    ("lib64", "usr/lib64"),
    ("var/run", "/run"),
    ("var/lock", "/run/lock"),
    ("etc/mtab", "/proc/self/mounts"),
];

/// What the entry of GRUB's menu that checks the medium runs.
pub(crate) const CHECK_MEDIUM: &str = "usr/bin/check-medium";

/// Adds folders, links and settings that belong to no package.
pub(crate) fn add_frame(tree: &mut Tree) {
    for folder in FOLDERS {
        tree.put_folder(folder);
    }
    for (path, target) in LINKS {
        tree.put_link(path, target);
    }
    let check = Content::Bytes(include_bytes!("check-medium.sh").to_vec());
    tree.put(CHECK_MEDIUM, Node::File(check, true));
    let udevadm = Content::Bytes(include_bytes!("udevadm.sh").to_vec());
    tree.put("usr/bin/udevadm", Node::File(udevadm, true));
    tree.put_bytes("etc/passwd", "root:x:0:0:root:/root:/bin/bash\n");
    tree.put_bytes("etc/group", "root:x:0:\ndisk:x:6:\ntty:x:5:\n");
    tree.put_bytes("etc/hostname", "remetal\n");
    tree.put_bytes("etc/hosts", "127.0.0.1 localhost remetal\n::1 localhost\n");
    tree.put_bytes("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n");
}

/// Adds the files of the packages in the list, and busybox for what they leave. Returns scripts
/// that nothing here could run.
pub(crate) fn add_tools(
    tree: &mut Tree,
    list: &ToolList,
    packages: &[Unpacked],
    toolkit: &Toolkit,
) -> Result<Vec<String>> {
    let by_name: BTreeMap<&str, &Unpacked> =
        packages.iter().map(|unpacked| (unpacked.package.name.as_str(), unpacked)).collect();
    for tool in &list.tools {
        if let Some(unpacked) = by_name.get(tool.package.as_str()) {
            add_tool(tree, list, tool, unpacked)?;
        }
    }
    add_applets(tree, toolkit)?;
    add_settings(tree)?;
    add_code_page(tree, packages)?;
    Ok(scripts::drop_useless(tree))
}

fn add_tool(tree: &mut Tree, list: &ToolList, tool: &Tool, unpacked: &Unpacked) -> Result<()> {
    let items = unpacked.items()?;
    if tool.paths.is_empty() {
        let wanted = items.iter().filter(|item| !list.left_out.match_any(&item.path));
        return wanted.into_iter().try_for_each(|item| tree.place(&item.path, &item.file));
    }
    for path in &tool.paths {
        let pattern = pattern(&tool.line, path)?;
        let wanted: Vec<&Item> = items.iter().filter(|item| pattern.is_match(&item.path)).collect();
        if wanted.is_empty() {
            return Err(tool.line.wrong(format!("{} has no {path}", tool.package)));
        }
        wanted.into_iter().try_for_each(|item| tree.place(&item.path, &item.file))?;
    }
    Ok(())
}

fn pattern(line: &Line, path: &str) -> Result<GlobMatcher> {
    let path = crate::archive::merged(path.trim_start_matches('/'));
    let glob = Glob::new(&path).map_err(|error| line.wrong(error.to_string()))?;
    Ok(glob.compile_matcher())
}

/// Gives busybox the names of those of its commands that no real tool has taken.
fn add_applets(tree: &mut Tree, toolkit: &Toolkit) -> Result<()> {
    let applets = run(toolkit.program("busybox")?.arg("--list-full"))?;
    for path in applets.lines() {
        let name = path.rsplit('/').next().unwrap_or_default();
        let taken =
            ["usr/bin", "usr/sbin"].iter().any(|folder| tree.contains(&format!("{folder}/{name}")));
        if !taken {
            tree.put_link(&format!("usr/bin/{name}"), "busybox");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    #[test]
    fn nobody_waits_for_udev() {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/system/udevadm.sh");
        let ends_well = |arguments: &[&str]| {
            Command::new("sh").arg(script).args(arguments).output().unwrap().status.success()
        };
        assert!(ends_well(&["settle", "--timeout=10"]));
        assert!(!ends_well(&["info", "/dev/sda"]), "nothing is told that nobody knows");
    }
}
