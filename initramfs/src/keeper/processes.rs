use std::fs;
use std::path::Path;

use rustix::process::Pid;

/// A program that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) pid: Pid,
    /// The first fifteen letters of its file's name.
    pub(super) name: String,
}

impl Process {
    /// A shell at its prompt takes no notice of being asked to end.
    pub(super) fn is_shell(&self) -> bool {
        ["sh", "ash", "bash", "busybox"].contains(&self.name.as_str())
    }
}

/// Every process but this one, the kernel's own and those that have ended.
pub(super) fn running(proc: &Path) -> Vec<Process> {
    let entries = fs::read_dir(proc).into_iter().flatten().flatten();
    let stats = entries.filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok());
    stats.filter_map(|stat| program_in(&stat)).collect()
}

/// Reads `/proc/PID/stat`: number, name in brackets, state, number of the parent.
fn program_in(stat: &str) -> Option<Process> {
    const KERNEL_THREADS: i32 = 2;
    let (number, rest) = stat.split_once(" (")?;
    // A name may hold brackets and blanks itself.
    let (name, rest) = rest.rsplit_once(") ")?;
    let number: i32 = number.parse().ok().filter(|number| *number > 0)?;
    let pid = Pid::from_raw(number)?;
    let mut fields = rest.split(' ');
    let ended = matches!(fields.next()?, "Z" | "X");
    let parent: i32 = fields.next()?.parse().ok()?;
    let kernels = parent == KERNEL_THREADS || number == KERNEL_THREADS;
    let ours = pid != Pid::INIT && !ended && !kernels;
    ours.then(|| Process { pid, name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(stat: &str) -> Option<String> {
        program_in(stat).map(|process| process.name)
    }

    #[test]
    fn programs_are_told_from_the_kernels_threads_and_the_dead() {
        assert_eq!(name("412 (remetal) S 230 412 412").as_deref(), Some("remetal"));
        assert_eq!(name("413 (a) R (b) c) R 1 413").as_deref(), Some("a) R (b) c"));
        assert_eq!(name("1 (init) S 0 1"), None);
        assert_eq!(name("2 (kthreadd) S 0 0"), None);
        assert_eq!(name("77 (kworker/0:1-events) I 2 0"), None);
        assert_eq!(name("414 (modprobe) Z 230 0"), None);
        for junk in ["", "x", "1 (", "-4 (x) S 1", "9 (x) S", "9 (x) S y"] {
            assert_eq!(name(junk), None);
        }
    }
}
