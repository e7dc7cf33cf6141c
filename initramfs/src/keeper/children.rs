use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitOptions, wait};

use crate::manager::STARTED_BY_KEEPER;
use crate::{InitError, log};

/// Takes leave of every process that ended: those of the manager that lost their parent, and the
/// manager itself.
pub(super) fn reap() -> Vec<Pid> {
    let mut ended = Vec::new();
    while let Ok(Some((pid, _))) = wait(WaitOptions::NOHANG) {
        ended.push(pid);
    }
    ended
}

/// The one child that is started on purpose.
#[derive(Debug, Default)]
pub(super) struct Manager {
    pid: Option<Pid>,
    /// Not to be started before.
    due: Option<Instant>,
}

impl Manager {
    /// Between two starts, so that one which falls at once does not keep the processor busy.
    const REST: Duration = Duration::from_secs(2);

    pub(super) fn pid(&self) -> Option<Pid> {
        self.pid
    }

    /// Starts the manager when it is not there, given who `ended`.
    pub(super) fn look_after(&mut self, ended: &[Pid], now: Instant) {
        if self.pid.is_some_and(|pid| ended.contains(&pid)) {
            log::warning("the manager fell, and is started again");
            self.pid = None;
        }
        if self.pid.is_none() && self.due.is_none_or(|due| due <= now) {
            self.due = Some(now + Self::REST);
            self.pid = log::gone_past(start());
        }
    }
}

fn start() -> Result<Pid, InitError> {
    let mut manager = Command::new("/proc/self/exe");
    manager.arg(STARTED_BY_KEEPER).env_clear();
    manager.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = manager.spawn().map_err(|error| InitError::start("the manager", error))?;
    // Reaped by `reap`, together with everybody else's children.
    Ok(Pid::from_child(&child))
}
