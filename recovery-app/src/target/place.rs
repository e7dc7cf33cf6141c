//! Files as targets: where they lie, and what confirms them.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use hardware::FileId;
use image::{ImageReader, folder_of};

use crate::failure::Failure;

/// Refuses a name that only a folder can have, such as one with a slash at its end.
pub(super) fn check_name(path: &Path) -> Result<(), Failure> {
    let name = path.file_name().unwrap_or_default().as_bytes();
    if !name.is_empty() && path.as_os_str().as_bytes().ends_with(name) {
        return Ok(());
    }
    Err(Failure::refused(
        format!("{} is the name of a folder", path.display()),
        "Name a disk such as /dev/sda; `remetal disks` lists them.",
    ))
}

/// Refuses a file that must not be made, or cannot be.
pub(super) fn check_new_file(path: &Path) -> Result<(), Failure> {
    let folder = folder_of(path);
    let folder = fs::canonicalize(folder).map_err(|error| {
        Failure::refused(
            format!("the folder {} cannot be used: {error}", folder.display()),
            "Name a disk such as /dev/sda, or a file in an existing folder.",
        )
    })?;
    // A mistyped disk must not become a file in memory.
    if folder.starts_with("/dev") && !folder.starts_with("/dev/shm") {
        return Err(Failure::refused(
            format!("there is no disk {}", path.display()),
            "Check the name; `remetal disks` lists the disks.",
        ));
    }
    Ok(())
}

/// True when `file` is one of the image's files.
pub(super) fn is_part(image: &ImageReader, file: FileId) -> bool {
    image.parts().iter().any(|part| {
        fs::metadata(folder_of(image.path()).join(&part.name))
            .is_ok_and(|part| FileId::of(&part) == file)
    })
}

/// True when `path`, which need not exist, lies in `folder` or below.
pub(super) fn lies_in(path: &Path, folder: &Path) -> bool {
    let Ok(folder) = fs::canonicalize(folder) else { return false };
    let Ok(absolute) = std::path::absolute(path) else { return false };
    absolute
        .ancestors()
        .find_map(|ancestor| fs::canonicalize(ancestor).ok())
        .is_some_and(|real| real.starts_with(&folder))
}

/// The confirmation word of a file: the last four characters of its name, without blanks behind it.
pub(super) fn end_of_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.trim_end();
    let skipped = name.chars().count().saturating_sub(4);
    name.chars().skip(skipped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_file_is_the_end_of_its_name() {
        assert_eq!(end_of_name(Path::new("/a/target.img")), ".img");
        assert_eq!(end_of_name(Path::new("x")), "x");
        assert_eq!(end_of_name(Path::new("größe")), "röße");
        assert_eq!(end_of_name(Path::new("target.img ")), ".img");
    }
}
