//! Which modules go into the image: those of the list, and all that these need.

use std::collections::{BTreeMap, BTreeSet};

use super::Index;
use crate::error::Result;
use crate::lists::{ModuleList, ModuleRule, Wanted};

/// The chosen modules.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    /// The section that asked for each module first.
    pub(crate) modules: BTreeMap<String, String>,
    /// Lines that left out nothing: the list may be out of date.
    pub(crate) idle: Vec<String>,
}

/// Follows the list.
///
/// # Errors
///
/// [`crate::BuildError::List`] with the line of a module or folder that the kernel does not have.
pub(crate) fn choose_modules(list: &ModuleList, index: &Index) -> Result<Chosen> {
    let mut chosen = Chosen::default();
    let mut section = Section::default();
    for rule in &list.rules {
        if section.name != rule.line.section {
            chosen.close(&section, index);
            section = Section { name: rule.line.section.clone(), ..Section::default() };
        }
        if !section.follow(rule, index)? {
            chosen.idle.push(format!("line {}: {}", rule.line.number, rule.line.text));
        }
    }
    chosen.close(&section, index);
    Ok(chosen)
}

#[derive(Default)]
struct Section {
    name: String,
    modules: BTreeSet<String>,
}

impl Section {
    /// False when the rule had nothing to leave out.
    fn follow(&mut self, rule: &ModuleRule, index: &Index) -> Result<bool> {
        let before = self.modules.len();
        match &rule.wanted {
            Wanted::Name(names, required) => {
                let is_there = |name: &&String| index.get(name).is_some();
                if let Some(name) = names.iter().find(is_there) {
                    self.modules.insert(name.clone());
                } else if *required && !names.iter().any(|name| index.is_built_in(name)) {
                    let names = names.join(" or ");
                    return Err(rule.line.wrong(format!("the kernel has no module {names}")));
                }
                return Ok(true);
            }
            Wanted::Folder(folder, required) => {
                self.modules.extend(index.below(folder).map(str::to_owned));
                if *required && index.below(folder).next().is_none() {
                    return Err(rule.line.wrong(format!("the kernel has no modules in {folder}")));
                }
                return Ok(true);
            }
            Wanted::ButNot(pattern) => self.modules.retain(|name| !pattern.is_match(name)),
            Wanted::ButNotIn(folder) => {
                let inside = format!("/{folder}");
                self.modules.retain(|name| {
                    index.get(name).is_none_or(|module| !module.path.contains(&inside))
                });
            }
        }
        Ok(self.modules.len() < before)
    }
}

impl Chosen {
    /// Adds a section with all that its modules need.
    fn close(&mut self, section: &Section, index: &Index) {
        let mut waiting: Vec<&str> = section.modules.iter().map(String::as_str).collect();
        while let Some(name) = waiting.pop() {
            if index.get(name).is_some() && !self.modules.contains_key(name) {
                self.modules.insert(name.to_owned(), section.name.clone());
                waiting.extend(index.beside(name));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::index::tests::index;
    use super::*;

    fn choose(text: &str) -> Result<Chosen> {
        choose_modules(&ModuleList::parse(text)?, &index())
    }

    #[test]
    fn what_a_module_needs_or_likes_comes_with_it() {
        let chosen = choose("[disks]\nahci\n[files]\next4\n").unwrap();
        let names: Vec<&str> = chosen.modules.keys().map(String::as_str).collect();
        assert_eq!(names, ["ahci", "common", "crc_fast", "ext4", "libata", "scsi_mod"]);
        assert_eq!(chosen.modules["libata"], "disks");
        assert_eq!(chosen.modules["crc_fast"], "files");
    }

    #[test]
    fn folders_are_taken_less_what_is_left_out() {
        let chosen = choose("drivers/\n- lib*\n- old/\n- nothing*\n").unwrap();
        assert!(!chosen.modules.contains_key("sym_old"));
        assert!(chosen.modules.contains_key("libata"), "ahci needs it all the same");
        assert_eq!(chosen.idle, ["line 4: - nothing*"]);
    }

    #[test]
    fn the_first_of_several_that_is_there_is_taken() {
        for (line, name) in [("no-such | ahci", "ahci"), ("ahci | ext4", "ahci")] {
            let chosen = choose(line).unwrap();
            assert!(chosen.modules.contains_key(name), "{line}");
            assert!(!chosen.modules.contains_key("ext4"), "{line}");
        }
        let error = choose("[disks]\nno-such | nor-this\n").err().unwrap().to_string();
        assert_eq!(error, "modules, line 2: the kernel has no module no_such or nor_this");
    }

    #[test]
    fn what_the_kernel_does_not_have_is_named_with_its_line() {
        let error = choose("[disks]\nahci\nno-such\n").err().unwrap().to_string();
        assert_eq!(error, "modules, line 3: the kernel has no module no_such");
        assert!(choose("drivers/none/\n").is_err());
        assert!(choose("no-such ?\ndrivers/none/ ?\nloop\n").is_ok(), "optional, or built in");
        assert!(choose("drivers/ata*\n").is_err(), "neither a name nor a folder");
    }
}
