use std::path::{Path, PathBuf};

/// Where `/sys`, `/proc` and `/dev` are. [`Roots::default`] is the running machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roots {
    /// The mount point of sysfs.
    pub sys: PathBuf,
    /// The mount point of proc.
    pub proc: PathBuf,
    /// The folder of the device nodes.
    pub dev: PathBuf,
}

impl Default for Roots {
    fn default() -> Self {
        Self { sys: "/sys".into(), proc: "/proc".into(), dev: "/dev".into() }
    }
}

impl Roots {
    /// All three under one folder, as in a recorded machine.
    #[must_use]
    pub fn under(folder: &Path) -> Self {
        Self { sys: folder.join("sys"), proc: folder.join("proc"), dev: folder.join("dev") }
    }

    /// The node of the kernel's device `name`. The kernel writes `!` for a `/` in a name
    /// (`cciss!c0d0` is `/dev/cciss/c0d0`).
    pub(crate) fn node(&self, name: &str) -> PathBuf {
        self.dev.join(name.replace('!', "/"))
    }

    /// `path` as the kernel wrote it, with its `/dev` replaced by ours.
    pub(crate) fn rebase(&self, path: &Path) -> PathBuf {
        path.strip_prefix("/dev").map_or_else(|_| path.to_owned(), |rest| self.dev.join(rest))
    }
}
