use rustix::process::Signal;
use rustix::system::RebootCommand;
use signal_hook::consts::{SIGCHLD, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};

/// From the supervision of a power supply; signal-hook has no name for it.
const SIGPWR: i32 = Signal::POWER.as_raw();

/// The signals that mean something to PID 1. All others do nothing to it.
pub(super) const HEARD: [i32; 6] = [SIGCHLD, SIGINT, SIGPWR, SIGTERM, SIGUSR1, SIGUSR2];

/// How the machine ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    PowerOff,
    Reboot,
    Halt,
}

impl Ending {
    /// What a signal asks for: the ones that busybox's `poweroff`, `reboot` and `halt` send, the
    /// kernel's own for Ctrl-Alt-Del, and that of a failing power supply.
    pub(super) fn asked_by(signal: i32) -> Option<Self> {
        match signal {
            SIGUSR2 | SIGPWR => Some(Self::PowerOff),
            SIGTERM | SIGINT => Some(Self::Reboot),
            SIGUSR1 => Some(Self::Halt),
            _ => None,
        }
    }

    pub(super) fn command(self) -> RebootCommand {
        match self {
            Self::PowerOff => RebootCommand::PowerOff,
            Self::Reboot => RebootCommand::Restart,
            Self::Halt => RebootCommand::Halt,
        }
    }

    /// For the screen.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::PowerOff => "Shutting down",
            Self::Reboot => "Starting again",
            Self::Halt => "Stopping",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_ask_for_what_the_usual_programs_mean_by_them() {
        assert_eq!(Ending::asked_by(SIGUSR2), Some(Ending::PowerOff));
        assert_eq!(Ending::asked_by(SIGTERM), Some(Ending::Reboot));
        assert_eq!(Ending::asked_by(SIGINT), Some(Ending::Reboot));
        assert_eq!(Ending::asked_by(SIGUSR1), Some(Ending::Halt));
        assert_eq!(Ending::asked_by(SIGCHLD), None);
        assert_eq!(Ending::asked_by(signal_hook::consts::SIGHUP), None);
    }
}
