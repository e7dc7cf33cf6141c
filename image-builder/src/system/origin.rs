//! Where each file of the system came from.

use std::collections::BTreeMap;

use crate::archive::Unpacked;
use crate::kernel::Chosen;
use crate::tree::{Content, Node};

/// What the system was gathered from.
pub(crate) struct Origin {
    /// The packages that were unpacked for it; not all have files in it.
    pub(crate) packages: Vec<Unpacked>,
    pub(crate) modules: Chosen,
    /// The section of the list that each tool's package is in.
    pub(crate) tools: BTreeMap<String, String>,
}

impl Origin {
    /// The package that a node came from.
    pub(crate) fn package(&self, node: &Node) -> Option<&Unpacked> {
        let Node::File(Content::File(file), _) = node else { return None };
        self.packages.iter().find(|unpacked| file.starts_with(&unpacked.folder))
    }

    /// The part of the system that a node belongs to, in words.
    pub(crate) fn part(&self, path: &str, node: &Node) -> String {
        if path.starts_with("usr/lib/modules/") {
            return self.module_part(path);
        }
        if path.starts_with("usr/lib/firmware/") {
            return "firmware".to_owned();
        }
        match self.package(node) {
            Some(unpacked) => match self.tools.get(&unpacked.package.name) {
                Some(section) => format!("tools: {section}"),
                None => "libraries".to_owned(),
            },
            None => "remetal, settings".to_owned(),
        }
    }

    fn module_part(&self, path: &str) -> String {
        let file = path.rsplit('/').next().unwrap_or_default();
        let name = file.trim_end_matches(".ko").replace('-', "_");
        match self.modules.modules.get(&name) {
            Some(section) => format!("modules: {section}"),
            None => "modules: index".to_owned(),
        }
    }
}
