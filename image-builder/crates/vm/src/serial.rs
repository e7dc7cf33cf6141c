//! The serial line: what the machine said, as bytes and as the screen that they draw.

use std::io::{Read, Write};
use std::num::NonZero;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use vt100::Parser;

/// Lines and columns of the terminal at the other end; it does not tell them to the machine.
const LINES: NonZero<u16> = NonZero::<u16>::MIN.saturating_add(23);
const COLUMNS: NonZero<u16> = NonZero::<u16>::MIN.saturating_add(79);

/// What has come over the line so far.
pub(crate) struct Said {
    /// Every byte.
    pub(crate) bytes: Vec<u8>,
    /// What a terminal shows after these.
    pub(crate) screen: Parser,
    /// How many bytes there were at which time.
    moments: Vec<(usize, Instant)>,
    /// Set when QEMU has closed the line.
    ended: bool,
}

impl Said {
    /// When the byte at that place arrived.
    pub(crate) fn moment(&self, place: usize) -> Option<Instant> {
        let later = self.moments.partition_point(|(length, _)| *length <= place);
        self.moments.get(later).map(|(_, moment)| *moment)
    }
}

/// Why a wait ended without what was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missed {
    /// Time was up.
    Deadline,
    /// The machine went off.
    Ended,
}

/// Our end of the line. A thread listens until the machine goes off.
pub(crate) struct Serial {
    stream: UnixStream,
    shared: Arc<(Mutex<Said>, Condvar)>,
}

impl Serial {
    /// Listens to a line.
    pub(crate) fn new(stream: UnixStream) -> std::io::Result<Serial> {
        let said = Said {
            bytes: Vec::new(),
            screen: Parser::new(LINES, COLUMNS, 0),
            moments: Vec::new(),
            ended: false,
        };
        let shared = Arc::new((Mutex::new(said), Condvar::new()));
        let (ours, theirs) = (stream.try_clone()?, Arc::clone(&shared));
        thread::spawn(move || listen(ours, &theirs));
        Ok(Serial { stream, shared })
    }

    /// Types a text.
    pub(crate) fn send(&mut self, text: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(text)
    }

    /// What was said so far.
    pub(crate) fn said(&self) -> MutexGuard<'_, Said> {
        // The listener does not panic while it holds the lock.
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `find` finds something in what was said.
    pub(crate) fn wait<T>(
        &self,
        patience: Duration,
        mut find: impl FnMut(&Said) -> Option<T>,
    ) -> Result<T, Missed> {
        let deadline = Instant::now() + patience;
        let mut said = self.said();
        loop {
            if let Some(found) = find(&said) {
                return Ok(found);
            }
            if said.ended {
                return Err(Missed::Ended);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Missed::Deadline);
            }
            let waited = self.shared.1.wait_timeout(said, left);
            said = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn listen(mut stream: UnixStream, shared: &(Mutex<Said>, Condvar)) {
    let mut piece = [0; 4096];
    loop {
        let length = stream.read(&mut piece).unwrap_or(0);
        let mut said = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
        if length == 0 {
            said.ended = true;
            shared.1.notify_all();
            return;
        }
        said.bytes.extend_from_slice(&piece[..length]);
        said.screen.process(&piece[..length]);
        let total = said.bytes.len();
        said.moments.push((total, Instant::now()));
        shared.1.notify_all();
    }
}

/// Where `wanted` begins in `bytes`, at or after `from`.
pub(crate) fn find(bytes: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(wanted.len()).position(|window| window == wanted).map(|place| from + place)
}
