//! Brings a file to stable storage while it is being written, so that the destination's real
//! speed is felt at once and the last flush is short, instead of gigabytes waiting in memory.

use std::fs::File;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Unflushed bytes that start a flush.
const FLUSH_AT: u64 = 16 << 20;
/// Unflushed bytes at which the writer waits.
pub(crate) const WAIT_AT: u64 = 64 << 20;

#[derive(Default)]
struct State {
    written: u64,
    flushed: u64,
    finished: bool,
    error: Option<io::Error>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct Flusher {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Flusher {
    pub(super) fn start(file: Arc<File>) -> Self {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let of_thread = Arc::clone(&shared);
        let thread = Some(std::thread::spawn(move || run(&file, &of_thread)));
        Self { shared, thread }
    }

    /// Notes that `bytes` more have been written.
    pub(super) fn written(&self, bytes: u64) {
        self.shared.lock().written += bytes;
        self.shared.changed.notify_all();
    }

    /// Bytes that are written and not yet on stable storage.
    pub(super) fn unflushed(&self) -> u64 {
        let state = self.shared.lock();
        state.written - state.flushed
    }

    /// Waits until little enough is unflushed; returns the error of a flush that failed.
    pub(super) fn wait_for_room(&self) -> io::Result<()> {
        let mut state = self.shared.lock();
        while state.error.is_none() && state.written - state.flushed > WAIT_AT {
            state = self.shared.wait(state);
        }
        state.error.take().map_or(Ok(()), Err)
    }

    /// Ends the thread; returns the error of a flush that failed.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.stop();
        self.shared.lock().error.take().map_or(Ok(()), Err)
    }

    fn stop(&mut self) {
        self.shared.lock().finished = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // The thread does not panic: it only locks, waits and flushes.
            let _ = thread.join();
        }
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(file: &File, shared: &Shared) {
    let mut state = shared.lock();
    loop {
        while !state.finished && state.written - state.flushed < FLUSH_AT {
            state = shared.wait(state);
        }
        if state.finished {
            return;
        }
        let target = state.written;
        drop(state);
        let result = file.sync_data();
        state = shared.lock();
        state.flushed = target;
        if let Err(error) = result {
            state.error = Some(error);
        }
        shared.changed.notify_all();
    }
}
