//! The work that goes on: how fast it is, how long it will take, and what it waits for.

use std::collections::VecDeque;
use std::time::Duration;

use engine::{Phase, Progress};

use crate::job::{AtTheEnd, BackupDone, Done, News, Work};

/// One rate is kept for each of these.
const SAMPLE: Duration = Duration::from_secs(1);
/// Rates that are kept: what the widest plot shows.
const KEPT: usize = 120;
/// The time left follows the rate of this much time, so that it settles.
const SETTLED_OVER: usize = 30;
/// Work that moves no byte for so long says so.
pub const STALLED: Duration = Duration::from_secs(60);

/// Work that goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct Running {
    /// What is done.
    pub work: Work,
    /// When it began, since the start of the program.
    pub begun: Duration,
    /// Which of several disks is being saved: the first is 0.
    pub disk: usize,
    /// The last that was told.
    pub progress: Option<Progress>,
    /// What was told in words, oldest first.
    pub notes: Vec<String>,
    /// It was asked to stop.
    pub is_stopping: bool,
    /// When it last moved a byte.
    moved: Duration,
    /// Bytes of disk and of backup in each second of this phase, oldest first.
    rates: VecDeque<(u64, u64)>,
    /// When the last rate was taken, and the bytes of disk and of backup at that time.
    sampled: (Duration, u64, u64),
}

impl Running {
    /// Work that begins now.
    #[must_use]
    pub fn new(work: Work, now: Duration) -> Self {
        Self {
            work,
            begun: now,
            disk: 0,
            progress: None,
            notes: Vec::new(),
            is_stopping: false,
            moved: now,
            rates: VecDeque::new(),
            sampled: (now, 0, 0),
        }
    }

    /// Takes what was told.
    pub fn hear(&mut self, news: News, now: Duration) {
        match news {
            News::Disk(disk) => {
                self.disk = disk;
                self.progress = None;
                self.moved = now;
            }
            News::Note(words) => self.notes.push(words),
            News::Progress(progress) => self.advance(progress, now),
        }
    }

    fn advance(&mut self, progress: Progress, now: Duration) {
        let before = self.progress.replace(progress);
        let moved = |before: Progress| {
            (before.phase, before.done, before.stored)
                != (progress.phase, progress.done, progress.stored)
        };
        if before.is_none_or(moved) {
            self.moved = now;
        }
        if before.is_none_or(|before| before.phase != progress.phase) {
            self.rates.clear();
            self.sampled = (now, progress.done, progress.stored);
        }
    }

    /// Takes the time: a rate is kept for every second.
    pub fn tick(&mut self, now: Duration) {
        let Some(progress) = self.progress else { return };
        let (then, done, stored) = self.sampled;
        let passed = now.saturating_sub(then);
        if passed < SAMPLE {
            return;
        }
        let rate = |before: u64, after: u64| {
            let millis = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX).max(1);
            u64::try_from(u128::from(after.saturating_sub(before)) * 1000 / u128::from(millis))
                .unwrap_or(u64::MAX)
        };
        self.rates.push_back((rate(done, progress.done), rate(stored, progress.stored)));
        if self.rates.len() > KEPT {
            self.rates.pop_front();
        }
        self.sampled = (now, progress.done, progress.stored);
    }

    /// Bytes of disk in each second of this phase, oldest first.
    #[must_use]
    pub fn history(&self) -> Vec<u64> {
        self.rates.iter().map(|(disk, _)| *disk).collect()
    }

    /// Bytes of disk and of backup a second, over the last few seconds.
    #[must_use]
    pub fn rates(&self) -> Option<(u64, u64)> {
        const SECONDS: usize = 5;
        self.mean(SECONDS)
    }

    fn mean(&self, seconds: usize) -> Option<(u64, u64)> {
        let count = self.rates.len().min(seconds) as u64;
        let last = self.rates.iter().rev().take(seconds);
        let sums = last.fold((0_u64, 0_u64), |sum, rate| {
            (sum.0.saturating_add(rate.0), sum.1.saturating_add(rate.1))
        });
        (count > 0).then(|| (sums.0 / count, sums.1 / count))
    }

    /// Time left in this phase.
    #[must_use]
    pub fn left(&self) -> Option<Duration> {
        const FIRST: usize = 3;
        let progress = self.progress?;
        let (rate, _) = self.mean(SETTLED_OVER).filter(|_| self.rates.len() >= FIRST)?;
        let left = progress.total.saturating_sub(progress.done);
        left.checked_div(rate).map(Duration::from_secs)
    }

    /// For how long no byte has moved, once that is worth telling.
    #[must_use]
    pub fn stalled(&self, now: Duration) -> Option<Duration> {
        Some(now.saturating_sub(self.moved)).filter(|silent| *silent >= STALLED)
    }

    /// The computer is to be powered off when it has come to its end.
    #[must_use]
    pub fn powers_off(&self) -> bool {
        matches!(&self.work, Work::BackUp(request) if request.at_the_end == AtTheEnd::PowerOff)
    }

    /// This is all that was asked for: nothing is missing in a backup, it was read back if that
    /// was wanted, and its drive can be taken out.
    #[must_use]
    pub fn is_all_of(&self, done: &Done) -> bool {
        match (&self.work, done) {
            (Work::BackUp(request), Done::BackUp(backups)) => {
                let is_good = |backup: &BackupDone| {
                    let is_proven = backup.verified || !request.verify;
                    is_proven && backup.lost.is_empty() && backup.drive_trouble.is_none()
                };
                backups.iter().all(is_good)
            }
            _ => true,
        }
    }

    /// What it is doing.
    #[must_use]
    pub fn phase(&self) -> Option<Phase> {
        self.progress.map(|progress| progress.phase)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::BackupId;

    fn running() -> Running {
        let id = BackupId { device: "/dev/sdb1".into(), folder: "a".into() };
        Running::new(Work::Check(Box::new(id)), Duration::ZERO)
    }

    fn at(seconds: u64, done: u64, running: &mut Running) {
        let now = Duration::from_secs(seconds);
        let progress = Progress {
            phase: Phase::Verify,
            done,
            total: 1000,
            stored: done / 2,
            errors: 0,
            bottleneck: None,
            level: None,
        };
        running.hear(News::Progress(progress), now);
        running.tick(now);
    }

    #[test]
    fn tells_rate_and_time_left() {
        let mut running = running();
        for second in 0..=5 {
            at(second, second * 100, &mut running);
        }
        assert_eq!(running.rates(), Some((100, 50)));
        assert_eq!(running.left(), Some(Duration::from_secs(5)));
        assert_eq!(running.history(), [100; 5]);
    }

    #[test]
    fn says_when_nothing_moves() {
        let mut running = running();
        at(0, 10, &mut running);
        at(1, 20, &mut running);
        at(60, 20, &mut running);
        assert_eq!(running.stalled(Duration::from_secs(60)), None);
        assert_eq!(running.stalled(Duration::from_secs(61)), Some(Duration::from_secs(60)));
        at(62, 21, &mut running);
        assert_eq!(running.stalled(Duration::from_secs(62)), None);
    }
}
