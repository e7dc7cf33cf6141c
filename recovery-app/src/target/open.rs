//! A target that is about to be written.

use std::fs;

use block::{Access, BlockDevice, Caching, FileDevice};
use engine::EngineError;
use hardware::{FileId, Roots};

use super::Chosen;
use crate::failure::Failure;

/// A target that is open for writing.
pub struct OpenTarget {
    pub device: FileDevice,
    pub structures: FileDevice,
    pub read_back: FileDevice,
    new: bool,
}

impl Chosen {
    /// Opens the target for writing; makes the file if there is none yet.
    pub fn open(&self) -> Result<OpenTarget, Failure> {
        let new = self.reader.is_none();
        if new {
            let file = fs::File::create_new(&self.path);
            let file = file.map_err(|error| Failure::opening(&self.path, error))?;
            let made = file
                .set_len(self.target.disk.size)
                .and_then(|()| engine::sync_folder(image::folder_of(&self.path)));
            if let Err(error) = made {
                // Nothing is in it yet.
                let _ = fs::remove_file(&self.path);
                return Err(Failure::opening(&self.path, error));
            }
        }
        let (access, writing, reading) = match self.disk {
            Some(_) => (Access::Exclusive, Caching::Bypassed, Caching::Bypassed),
            None => (Access::ReadWrite, Caching::Cached, Caching::Dropped),
        };
        let open = |access, caching| -> Result<FileDevice, Failure> {
            let device = FileDevice::open(&self.path, access, caching)?;
            Ok(if self.disk.is_some() {
                device
            } else {
                device.with_logical_sector(self.sector_size)
            })
        };
        let device = open(access, writing)?;
        if !device.claim() {
            return Err(Failure::in_other_job(&self.path));
        }
        Ok(OpenTarget {
            device,
            structures: open(Access::Read, Caching::Cached)?,
            read_back: open(Access::Read, reading)?,
            new,
        })
    }

    /// Fails when the target is not what was planned for any more.
    pub fn check_identity(&self, open: &FileDevice) -> Result<(), EngineError> {
        let same = match &self.disk {
            Some(planned) => hardware::disk_at(&Roots::default(), &self.path)
                .is_ok_and(|now| now.is_still(planned)),
            None => fs::metadata(&self.path)
                .is_ok_and(|now| self.file.is_none_or(|file| file == FileId::of(&now))),
        };
        if same && open.size() == self.target.disk.size {
            return Ok(());
        }
        Err(EngineError::refused(
            format!("{} is no longer what it was when the plan was made", self.path.display()),
            "Look at the disks again, and make a new plan.",
        ))
    }
}

impl OpenTarget {
    /// Removes a file that was made for a restore which then wrote nothing.
    pub fn discard_if_new(&self) {
        if self.new {
            // It is empty; left behind it would do no harm.
            let _ = fs::remove_file(self.device.path());
        }
    }
}
