use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::queue::Queue;
use super::settling::{self, Search};
use crate::{guard, log};

/// Finds and loads drivers, several at a time. Finding is left to kmod's `modprobe`, which knows
/// what depends on what.
#[derive(Debug, Clone)]
pub(super) struct Loader {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    workers: usize,
    began: Instant,
}

#[derive(Debug)]
struct State {
    queue: Queue,
    last_heard: Instant,
}

impl Loader {
    pub(super) fn start() -> Self {
        let now = Instant::now();
        let processors = thread::available_parallelism().map_or(2, usize::from);
        // A driver often waits for its device, so more than there are processors.
        let workers = (processors + 1).clamp(3, 8);
        let queue = Queue::with_priority_for_screens();
        let state = Mutex::new(State { queue, last_heard: now });
        let shared = Shared { state, changed: Condvar::new(), workers, began: now };
        let loader = Self { shared: Arc::new(shared) };
        for _ in 0..workers {
            loader.add_worker();
        }
        let watched = loader.clone();
        guard::spawn("overdue drivers", move || watched.replace_stuck_workers());
        loader
    }

    /// Loads the drivers of devices that call themselves by these names.
    pub(super) fn submit(&self, aliases: impl IntoIterator<Item = String>) {
        if self.state().queue.submit(aliases, Instant::now()) {
            self.shared.changed.notify_all();
        }
    }

    /// Something happened to a device.
    pub(super) fn heard(&self) {
        self.state().last_heard = Instant::now();
    }

    /// Returns when the drivers of the screens are loaded, or after `patience`. Until then they
    /// have the processors for themselves.
    pub(super) fn wait_for_screens(&self, patience: Duration) {
        let until = Instant::now() + patience;
        let mut state = self.state();
        while !state.queue.screens_are_ready() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.wait(state, left);
        }
        state.queue.end_priority();
        drop(state);
        self.shared.changed.notify_all();
        log::info(format_args!("screens ready at {:.2} s", log::uptime()));
    }

    /// Returns when no more devices are expected.
    pub(super) fn wait_until_settled(&self) {
        while let Some(pause) = settling::wait(self.search(), Instant::now()) {
            thread::sleep(pause);
        }
        log::info(format_args!("settled at {:.2} s", log::uptime()));
    }

    fn search(&self) -> Search {
        let state = self.state();
        Search {
            began: self.shared.began,
            last_heard: state.last_heard,
            idle: state.queue.is_idle(),
            disk_is_on_its_way: settling::disk_is_on_its_way(Path::new("/sys")),
        }
    }

    fn add_worker(&self) {
        let worker = self.clone();
        guard::spawn("drivers", move || worker.work());
    }

    /// Loads what there is to load, forever.
    fn work(&self) {
        loop {
            let mut state = self.state();
            let Some(batch) = state.queue.take(self.shared.workers, Instant::now()) else {
                drop(self.wait(state, Duration::from_secs(3600)));
                continue;
            };
            drop(state);
            modprobe(&batch.aliases);
            let mut state = self.state();
            state.queue.finished(batch.number);
            state.last_heard = Instant::now();
            self.shared.changed.notify_all();
        }
    }

    /// A driver that hangs keeps the worker that loads it. For each, another one is added.
    fn replace_stuck_workers(&self) {
        loop {
            thread::sleep(Duration::from_secs(1));
            let given_up = self.state().queue.give_up_overdue(Instant::now());
            for aliases in given_up {
                log::warning(format_args!("a driver takes long: {}", aliases.join(" ")));
                self.add_worker();
                self.shared.changed.notify_all();
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
        patience: Duration,
    ) -> MutexGuard<'a, State> {
        let waited = self.shared.changed.wait_timeout(state, patience);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// `-b` minds the list of drivers not to load by themselves; `-q` keeps silent about devices that
/// no driver is for, which are most.
fn modprobe(aliases: &[String]) {
    let mut program = Command::new("/sbin/modprobe");
    program.args(["-a", "-b", "-q", "--"]).args(aliases);
    program.stdin(Stdio::null()).stdout(Stdio::null());
    match program.output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            said.lines().for_each(log::warning);
        }
        Err(error) => log::warning(format_args!("starting modprobe: {error}")),
    }
}
