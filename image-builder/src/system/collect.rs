//! The files of the system image, gathered from everywhere.

use super::{Kernel, Origin, add_firmware, add_frame, add_libraries, add_tools, place_modules};
use crate::archive::Unpacked;
use crate::error::{BuildError, Result};
use crate::kernel::{Chosen, choose_modules};
use crate::lists::{FirmwareList, ModuleList, Tool, ToolList};
use crate::tree::Tree;
use crate::workshop::Workshop;

/// The files of the system image, less our own program, and where they came from.
pub(crate) struct System {
    pub(crate) tree: Tree,
    pub(crate) origin: Origin,
    /// Firmware that modules name and no package has.
    pub(crate) missing_firmware: Vec<String>,
}

/// Follows the lists in `lists`.
///
/// # Errors
///
/// What a list asks for and does not exist is named, with its line.
pub(crate) fn collect(
    lists: &std::path::Path,
    with_firmware: bool,
    kernel: &Kernel,
    workshop: &Workshop,
) -> Result<System> {
    let report = workshop.report;
    let modules = choose_modules(&ModuleList::read(lists)?, &kernel.index)?;
    report.say(&format!("   {} modules", modules.modules.len()));
    modules.idle.iter().for_each(|line| report.say(&format!("   leaves out nothing: {line}")));

    report.step("Tools");
    let list = ToolList::read(lists)?;
    let mut packages = tool_packages(&list, workshop)?;
    let mut tree = Tree::default();
    add_frame(&mut tree);
    let dropped = add_tools(&mut tree, &list, &packages, &workshop.toolkit)?;
    dropped.iter().for_each(|path| report.say(&format!("   nothing can run the script {path}")));
    add_libraries(&mut tree, &packages)?;
    place_modules(&mut tree, kernel, &modules, &workshop.toolkit, &workshop.cache)?;
    report.say(&format!("   from {} packages", packages.len()));

    let mut missing_firmware = Vec::new();
    if with_firmware {
        report.step("Firmware");
        let list = FirmwareList::read(lists)?;
        let firmware = firmware_packages(&list, workshop)?;
        missing_firmware = add_firmware(&mut tree, kernel, &modules, &list, &firmware)?;
        let (named, missing) = (firmware.len(), missing_firmware.len());
        report.say(&format!("   from {named} packages; {missing} files are in none of them"));
        packages.extend(firmware);
    }
    let origin = origin(&list, packages, modules);
    Ok(System { tree, origin, missing_firmware })
}

fn origin(list: &ToolList, packages: Vec<Unpacked>, modules: Chosen) -> Origin {
    let section = |tool: &Tool| (tool.package.clone(), tool.line.section.clone());
    Origin { packages, modules, tools: list.tools.iter().map(section).collect() }
}

fn tool_packages(list: &ToolList, workshop: &Workshop) -> Result<Vec<Unpacked>> {
    let session = &workshop.session;
    let names: Vec<String> = list.tools.iter().map(|tool| tool.package.clone()).collect();
    let unknown = session.unknown(&names)?;
    let named = |tool: &Tool| format!("{} (tools, line {})", tool.package, tool.line.number);
    let missing = list.tools.iter().filter(|tool| tool.required && unknown.contains(&tool.package));
    let missing: Vec<String> = missing.map(named).collect();
    if !missing.is_empty() {
        return Err(BuildError::UnknownPackages { names: missing });
    }
    workshop.unpack(&session.closure(&without(&names, &unknown))?)
}

/// The newest version of each: it goes with the newest kernel.
fn firmware_packages(list: &FirmwareList, workshop: &Workshop) -> Result<Vec<Unpacked>> {
    let session = &workshop.session;
    let unknown = session.unknown(&list.packages)?;
    unknown.iter().for_each(|name| {
        workshop.report.say(&format!("   The archive does not offer {name}."));
    });
    workshop.unpack(&session.newest(&without(&list.packages, &unknown))?)
}

fn without(names: &[String], unknown: &[String]) -> Vec<String> {
    names.iter().filter(|name| !unknown.contains(name)).cloned().collect()
}
