//! What holds a job back, by where its threads spend their time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::Bottleneck;

/// The answer is found anew this often: long enough for some chunks of a slow disk.
const EVERY: Duration = Duration::from_secs(1);
/// Processors that are busy for more than this part of the time (percent) are the limit.
const BUSY: u128 = 85;

/// Counts the time that threads spend at the backup and elsewhere.
pub(crate) struct Strain {
    /// What is not the backup and not the processor.
    outside: Bottleneck,
    reading: AtomicU64,
    elsewhere: AtomicU64,
    window: Mutex<Window>,
}

/// The time that is being looked at, and the last answer.
struct Window {
    began: Instant,
    processor: Duration,
    answer: Option<Bottleneck>,
}

impl Strain {
    pub(crate) fn new(outside: Bottleneck) -> Self {
        let window = Window { began: Instant::now(), processor: processor_time(), answer: None };
        Self {
            outside,
            reading: AtomicU64::new(0),
            elsewhere: AtomicU64::new(0),
            window: Mutex::new(window),
        }
    }

    /// A thread was at a record for `all` of this time, `reading` of it at the backup.
    pub(crate) fn add(&self, reading: Duration, all: Duration) {
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.reading.fetch_add(nanos(reading), Ordering::Relaxed);
        self.elsewhere.fetch_add(nanos(all.saturating_sub(reading)), Ordering::Relaxed);
    }

    /// What holds the job back, once that is known.
    pub(crate) fn bottleneck(&self) -> Option<Bottleneck> {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = window.began.elapsed();
        if passed >= EVERY {
            let processor = processor_time();
            let busy = processor.saturating_sub(window.processor);
            let reading = self.reading.swap(0, Ordering::Relaxed);
            let elsewhere = self.elsewhere.swap(0, Ordering::Relaxed);
            let answer = answer(self.outside, passed, busy, (reading, elsewhere));
            *window = Window { began: Instant::now(), processor, answer: Some(answer) };
        }
        window.answer
    }
}

fn answer(
    outside: Bottleneck,
    passed: Duration,
    busy: Duration,
    (reading, elsewhere): (u64, u64),
) -> Bottleneck {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if busy.as_nanos() * 100 > passed.as_nanos() * processors as u128 * BUSY {
        Bottleneck::Processor
    } else if reading > elsewhere {
        Bottleneck::Backup
    } else {
        outside
    }
}

/// Processor time that this program has used, on all processors together.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_slower_side_is_named() {
        let idle = Duration::from_millis(50);
        assert_eq!(answer(Bottleneck::Target, SECOND, idle, (3, 2)), Bottleneck::Backup);
        assert_eq!(answer(Bottleneck::Target, SECOND, idle, (2, 3)), Bottleneck::Target);
        assert_eq!(answer(Bottleneck::Target, SECOND, SECOND * 64, (9, 1)), Bottleneck::Processor);
    }

    #[test]
    fn nothing_is_said_before_it_is_known() {
        let strain = Strain::new(Bottleneck::Target);
        strain.add(SECOND, SECOND);
        assert_eq!(strain.bottleneck(), None);
    }
}
