//! Reads the keyboard on a thread of its own.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crossbeam_channel::Sender;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::stdio::stdin;

use crate::event_loop::Event;
use crate::input::Decoder;

/// Bytes that are taken at once.
const AT_ONCE: usize = 256;
/// How often it is looked up whether somebody else wants to read.
const GLANCE: Duration = Duration::from_millis(200);

/// The thread that reads the keyboard.
#[derive(Debug, Default)]
pub struct Reader(Arc<Turns>);

/// Who may read the terminal.
#[derive(Debug, Default)]
struct Turns {
    somebody_waits: AtomicBool,
    reading: Mutex<()>,
}

/// While this lives, the keyboard is left to another program.
pub struct Pause<'a> {
    turns: &'a Turns,
    _turn: MutexGuard<'a, ()>,
}

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        self.turns.somebody_waits.store(false, Ordering::SeqCst);
    }
}

impl Reader {
    /// Starts reading standard input. Ends when nobody listens, or with the terminal.
    pub fn start(heard: Sender<Event>) -> io::Result<Self> {
        let turns = Arc::new(Turns::default());
        let reader = Self(Arc::clone(&turns));
        thread::Builder::new().name("keyboard".to_owned()).spawn(move || {
            if listen(&turns, &heard).is_err() {
                // Nobody may be listening any more.
                let _ = heard.send(Event::Gone);
            }
        })?;
        Ok(reader)
    }

    /// Stops reading until the pause ends.
    pub fn pause(&self) -> Pause<'_> {
        self.0.somebody_waits.store(true, Ordering::SeqCst);
        let turn = self.0.reading.lock().unwrap_or_else(PoisonError::into_inner);
        Pause { turns: &self.0, _turn: turn }
    }
}

fn listen(turns: &Turns, heard: &Sender<Event>) -> io::Result<()> {
    let mut decoder = Decoder::default();
    let mut silent = Duration::ZERO;
    loop {
        if turns.somebody_waits.load(Ordering::SeqCst) {
            thread::sleep(GLANCE);
            continue;
        }
        let patience = decoder.patience().map(|patience| patience.saturating_sub(silent));
        let wait = patience.unwrap_or(GLANCE).min(GLANCE);
        let inputs = match read(turns, wait)? {
            Some(bytes) => {
                silent = Duration::ZERO;
                decoder.feed(&bytes)
            }
            None => {
                silent += wait;
                let over = decoder.patience().is_some_and(|patience| silent >= patience);
                if over { decoder.silence().into_iter().collect() } else { Vec::new() }
            }
        };
        if decoder.patience().is_none() {
            silent = Duration::ZERO;
        }
        for input in inputs {
            if heard.send(Event::Input(input)).is_err() {
                return Ok(());
            }
        }
    }
}

/// Reads what has come; `None` when nothing comes for this long.
fn read(turns: &Turns, wait: Duration) -> io::Result<Option<Vec<u8>>> {
    let _turn = turns.reading.lock().unwrap_or_else(PoisonError::into_inner);
    let timeout = Timespec { tv_sec: 0, tv_nsec: wait.subsec_nanos().into() };
    let input = stdin();
    let mut sources = [PollFd::new(&input, PollFlags::IN)];
    match poll(&mut sources, Some(&timeout)) {
        Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(None),
        Ok(_) => {}
        Err(error) => return Err(error.into()),
    }
    let mut buffer = [0; AT_ONCE];
    match rustix::io::read(input, &mut buffer)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => Ok(Some(buffer[..count].to_vec())),
    }
}
