//! Which Windows is installed on the volume.

use super::attribute::kind;
use super::directory;
use super::hive::{Hive, Key};
use super::volume::Volume;
use crate::MapError;

/// The registry hive that knows.
const SOFTWARE: &str = "Windows/System32/config/SOFTWARE";

/// The first build of Windows 11, which still calls itself "Windows 10" in the registry.
const WINDOWS_11: u32 = 22_000;

/// The name of the Windows on the volume; `None` when there is none.
///
/// A registry that cannot be read is no reason to distrust the volume: then it is "Windows".
pub(super) fn name(volume: &Volume<'_>) -> Result<Option<String>, MapError> {
    let Some(file) = directory::find(volume, SOFTWARE)? else { return Ok(None) };
    match read(volume, file) {
        Ok(name) => Ok(Some(name.unwrap_or_else(|| "Windows".to_owned()))),
        Err(MapError::Device(error)) => Err(error.into()),
        Err(_) => Ok(Some("Windows".to_owned())),
    }
}

fn read(volume: &Volume<'_>, file: u64) -> Result<Option<String>, MapError> {
    let Some(content) = volume.stream(file, kind::DATA, &[])? else { return Ok(None) };
    let (hive, mut key) = Hive::open(volume, content)?;
    for name in ["Microsoft", "Windows NT", "CurrentVersion"] {
        match hive.subkey(key, name)? {
            Some(next) => key = next,
            None => return Ok(None),
        }
    }
    describe(&hive, key)
}

fn describe(hive: &Hive<'_>, key: Key) -> Result<Option<String>, MapError> {
    let text = |name| Ok::<_, MapError>(hive.text(key, name)?.filter(|text| !text.is_empty()));
    let Some(product) = text("ProductName")? else { return Ok(None) };
    let build = text("CurrentBuildNumber")?.or(text("CurrentBuild")?);
    let build: u32 = build.and_then(|build| build.parse().ok()).unwrap_or(0);
    let product = match product.strip_prefix("Windows 10") {
        Some(edition) if build >= WINDOWS_11 => format!("Windows 11{edition}"),
        _ => product,
    };
    // Windows 10 and later have a version, older ones at most a service pack.
    let release = text("DisplayVersion")?.or(text("ReleaseId")?).or(text("CSDVersion")?);
    Ok(Some(match release {
        Some(release) => format!("{product} {release}"),
        None => product,
    }))
}
