//! PID 1 of the recovery environment.

use std::process::ExitCode;

use initramfs::{keeper, manager};

fn main() -> ExitCode {
    // The kernel hands words of its command line to PID 1 as arguments: they mean nothing here.
    if rustix::process::getpid() == rustix::process::Pid::INIT {
        keeper::run();
    }
    if manager::was_started_by_keeper(std::env::args_os()) {
        manager::run();
    }
    ExitCode::from(2)
}
