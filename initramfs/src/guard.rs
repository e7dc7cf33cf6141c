//! Threads that go on whatever happens in them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::log;

/// How long a thread rests after a panic, so that a lasting fault does not keep a processor busy.
const REST: Duration = Duration::from_secs(1);

/// Sends the message of every panic to the log instead of standard error, which nobody sees.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| log::warning(format_args!("defect: {panic}"))));
}

/// Runs `work` in a thread until it returns; a panic in it is logged and `work` begun again.
///
/// `None`, and a line in the log, when the kernel has no thread for us.
pub fn spawn(name: &str, mut work: impl FnMut() + Send + 'static) -> Option<JoinHandle<()>> {
    let thread = thread::Builder::new().name(name.to_owned());
    let started = thread.spawn(move || until_done(&mut work));
    log::gone_past(started.map_err(|error| format!("no thread for {name}: {error}")))
}

/// Runs `work` until it comes to its end without a panic.
pub fn until_done(work: &mut impl FnMut()) {
    while catch_unwind(AssertUnwindSafe(&mut *work)).is_err() {
        thread::sleep(REST);
    }
}
