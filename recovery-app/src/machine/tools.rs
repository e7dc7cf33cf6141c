//! What technicians use beside backups.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

use hardware::text::{Font, TextGrid, set_font};
use hardware::{Disk, Roots};
use report::disk::DiskReport;
use serde_json::json;
use tui::tool::{Layout, TextSize, Tool};

use super::ThisComputer;
use super::drives::Mounted;
use super::facts::CONTENTS;
use super::gate::Use;
use super::volume::Volume;
use crate::boot_medium::{LOG_OF_INIT, is_environment};
use crate::run::run;

/// See [`tui::Machine::use_tool`].
pub fn use_tool(computer: &ThisComputer, tool: &Tool) -> Result<String, String> {
    match tool {
        Tool::Keyboard(layout) => load_keys(*layout),
        Tool::Text(size) => set_text(*size),
        Tool::CopyLogs { device, drive } => copy_logs(computer, device, drive),
    }
}

const NOT_HERE: &str = "Remetal runs as a program on another system here: that system sets it.";

fn load_keys(layout: Layout) -> Result<String, String> {
    if !is_environment() {
        return Err(NOT_HERE.to_owned());
    }
    let loaded = run("loadkeys", &["--quiet", layout.name], "");
    let words = layout.words;
    loaded.map_err(|error| format!("The keyboard layout cannot be loaded. {error}"))?;
    Ok(format!("The keyboard is now: {words}."))
}

/// The virtual terminals that are in use.
const TERMINALS: [&str; 4] = ["/dev/tty1", "/dev/tty2", "/dev/tty3", "/dev/tty4"];

fn set_text(size: TextSize) -> Result<String, String> {
    if !is_environment() {
        return Err(NOT_HERE.to_owned());
    }
    let terminals: Vec<File> = TERMINALS.iter().filter_map(|path| File::open(path).ok()).collect();
    let Some(grid) = terminals.first().and_then(TextGrid::of) else {
        return Err("The letters of this screen cannot be changed.".to_owned());
    };
    let font = font_for(grid, size)?;
    if grid.with(font) == (grid.columns, grid.rows) {
        return Ok("The letters have that size already.".to_owned());
    }
    for terminal in &terminals {
        set_font(terminal, font)
            .map_err(|error| format!("The letters of this screen cannot be changed ({error})."))?;
    }
    let (columns, rows) = grid.with(font);
    Ok(format!("The screen has {columns} columns and {rows} lines now."))
}

/// A usable screen has to remain: 80 columns and 24 lines.
fn font_for(grid: TextGrid, size: TextSize) -> Result<Font, String> {
    match (size, grid.with(Font::Large)) {
        (TextSize::Normal, _) => Ok(Font::Normal),
        (TextSize::Large, (80.., 24..)) => Ok(Font::Large),
        (TextSize::Large, _) => Err("This screen is too small for larger letters.".to_owned()),
    }
}

/// Writes the logs and what is known of the disks into a folder of their own on a drive.
fn copy_logs(computer: &ThisComputer, device: &Path, drive: &Disk) -> Result<String, String> {
    let _claim = computer.claim(&[device], Use::Work).map_err(|trouble| trouble.what)?;
    super::still_there(drive).map_err(|trouble| trouble.what)?;
    let (volume, _) = Volume::at(device).map_err(|failure| failure.message)?;
    let mounted = Mounted::writing(&volume)
        .map_err(|problem| format!("Nothing can be written to that drive. {problem}"))?;
    let now = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S");
    let name = format!("remetal-logs-{now}");
    let written = write_logs(&mounted.folder().join(&name), &computer.known_disks());
    let finished = mounted.finish();
    written.and(finished).map_err(|error| match error.kind() {
        ErrorKind::StorageFull => "There is no room for the logs on that drive.".to_owned(),
        _ => format!("The logs could not be written ({error})."),
    })?;
    let place = volume.label.map_or_else(String::new, |label| format!(" of \"{label}\""));
    Ok(format!("The logs are in the folder {name}{place}. The drive can be taken out."))
}

fn write_logs(folder: &Path, disks: &[DiskReport]) -> io::Result<()> {
    fs::create_dir(folder)?;
    let disks = serde_json::to_vec_pretty(&json!({ "disks": disks })).unwrap_or_default();
    fs::write(folder.join("disks.json"), disks)?;
    // What cannot be told is told as such.
    let kernel = run("dmesg", &[], "").unwrap_or_else(|error| error.to_string().into_bytes());
    fs::write(folder.join("kernel.log"), kernel)?;
    for (path, name) in [(LOG_OF_INIT, "remetal.log"), (CONTENTS, "contents.json")] {
        match fs::copy(path, folder.join(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

impl ThisComputer {
    /// What was found last on every disk that is there. No disk is waited for.
    fn known_disks(&self) -> Vec<DiskReport> {
        let disks = hardware::disks(&Roots::default()).unwrap_or_default();
        disks.iter().map(|disk| self.known_of(disk).report).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_letters_need_room() {
        let screen = |width: u32, height: u32| {
            let grid = TextGrid { columns: width / 8, rows: height / 16, width: 8, height: 16 };
            font_for(grid, TextSize::Large).is_ok()
        };
        assert!(!screen(640, 400) && !screen(1024, 768) && screen(1280, 800));
    }

    #[test]
    fn logs_are_written_as_files() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("logs");
        let report = DiskReport { path: "/dev/sdx".to_owned(), ..DiskReport::default() };
        write_logs(&logs, &[report]).unwrap();
        let disks = fs::read_to_string(logs.join("disks.json")).unwrap();
        let disks: serde_json::Value = serde_json::from_str(&disks).unwrap();
        assert_eq!(disks["disks"][0]["path"], "/dev/sdx");
        assert!(logs.join("kernel.log").exists());
    }
}
