//! Whether there is room for a backup, with what unfinished ones take.

use engine::Unfinished;
use report::size::in_words;
use tui::job::{DiskPlan, Severity};

use super::Planner;

impl Planner<'_> {
    /// The bytes that can be written once what is replaced is gone: unfinished backups of the
    /// names that these get. They are named before they are lost.
    pub(super) fn with_unfinished(&mut self, free: u64) -> u64 {
        let replaced: Vec<Unfinished> =
            self.unfinished.iter().filter(|it| self.is_replaced(it)).cloned().collect();
        let mut free = free;
        for Unfinished { name, stored } in replaced {
            free = free.saturating_add(stored);
            let words = format!(
                "The unfinished backup {name} is replaced: its {} count as free.",
                in_words(stored)
            );
            self.remark(Severity::Hint, words);
        }
        free
    }

    fn is_replaced(&self, unfinished: &Unfinished) -> bool {
        let count = self.request.sources.len();
        (0..count).any(|index| self.request.name_of(index) == unfinished.name)
    }

    /// How the room that other unfinished backups take could be had.
    fn other_unfinished(&self) -> String {
        let others = self.unfinished.iter().filter(|it| !self.is_replaced(it));
        let largest = others.max_by_key(|unfinished| unfinished.stored);
        largest.map_or_else(String::new, |Unfinished { name, stored }| {
            let stored = in_words(*stored);
            format!(
                " The unfinished backup {name} takes {stored}: a new backup of that name replaces \
                 it."
            )
        })
    }

    pub(super) fn judge_space(&mut self, plans: &[(DiskPlan, Option<u64>)], free: u64) {
        let least: u64 = plans.iter().map(|(plan, _)| plan.least).sum();
        let most: u64 = plans.iter().map(|(plan, _)| plan.most).sum();
        let (at_least, at_most, there) = (in_words(least), in_words(most), in_words(free));
        if free < least {
            let words = format!(
                "The drive for the backup is too small: about {at_least} are needed at least, \
                 and {there} are free. Choose a larger drive, or keep fewer partitions.{}",
                self.other_unfinished()
            );
            self.remark(Severity::Refusal, words);
        } else if free < most {
            let words = format!(
                "It may not fit: {at_least} to {at_most} are needed, and {there} are free. If \
                 the drive gets full, the backup ends, and what is on both disks stays as it is."
            );
            self.remark(Severity::Warning, words);
        }
    }
}
