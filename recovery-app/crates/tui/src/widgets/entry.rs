//! What a card tells of a disk, entry by entry, the most important first.

use hardware::Verdict;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use report::content::{self, Content, Role};
use unicode_width::UnicodeWidthStr;

use super::text;
use crate::machine::Look;
use crate::theme;

/// One thing told of a disk.
pub struct Entry {
    sign: &'static str,
    style: Style,
    words: String,
    words_style: Style,
}

impl Entry {
    fn content(role: Role, words: String) -> Self {
        Self { sign: "■", style: theme::of_role(role), words, words_style: theme::BASE }
    }

    /// Something to be read before anything is done with the disk.
    pub fn warning(words: String) -> Self {
        Self::alarm(theme::WARNING, words)
    }

    fn alarm(style: Style, words: String) -> Self {
        Self { sign: "!", style, words, words_style: style }
    }

    fn width(&self) -> usize {
        self.words.width() + 2
    }

    fn spans(&self, width: usize) -> [Span<'static>; 2] {
        [
            Span::styled(format!("{} ", self.sign), self.style),
            Span::styled(text::cut(&self.words, width.saturating_sub(2)), self.words_style),
        ]
    }

    /// The entry in a line of its own.
    pub fn line(&self, width: usize) -> Line<'static> {
        Line::from_iter(self.spans(width))
    }
}

/// Everything there is to tell.
pub fn of_look(look: &Look, contents: &[Content]) -> Vec<Entry> {
    let report = &look.report;
    let mut entries = Vec::new();
    if let Some(health) = &report.health {
        let failing = health.verdict == Verdict::Failing;
        let style = if failing { theme::DANGER } else { theme::WARNING };
        entries.extend(health.warnings.iter().map(|words| Entry::alarm(style, words.clone())));
    }
    if report.problem.is_some() {
        let words = "It cannot be read. In the shell, 'remetal disks' says why.";
        entries.push(Entry::warning(words.to_owned()));
    }
    if report.unfinished_restore.is_some() {
        let words = "A restore onto this disk was not finished: it does not start.";
        entries.push(Entry::warning(words.to_owned()));
    }
    if let Some(count) = look.backups().filter(|count| *count > 0) {
        entries.push(Entry {
            sign: "■",
            style: theme::GOOD,
            words: format!("backups: {count}"),
            words_style: theme::STRONG,
        });
    }
    entries.extend(of_contents(contents));
    if entries.is_empty() && report.problem.is_none() {
        entries.push(Entry::content(Role::Unknown, "no partitions".to_owned()));
    }
    entries
}

fn of_contents(contents: &[Content]) -> Vec<Entry> {
    let mut sorted: Vec<&Content> = contents.iter().collect();
    sorted.sort_by_key(|content| content.role);
    // Three start-up partitions are one thing to a person.
    sorted.dedup_by(|a, b| {
        a.role == b.role && matches!(a.role, Role::Startup | Role::Swap) && a.words == b.words
    });
    sorted.iter().map(|content| Entry::content(content.role, content.words.clone())).collect()
}

/// As many entries as fit into one line, and how many are left out.
pub fn summary(entries: &[Entry], width: usize) -> Line<'static> {
    const BETWEEN: usize = 3;
    let more = |left: usize| if left > 0 { format!("+{left} more") } else { String::new() };
    let mut spans = Vec::new();
    let mut used = 0;
    for (place, entry) in entries.iter().enumerate() {
        let left = entries.len() - place - 1;
        let note = more(left).len();
        let room = width.saturating_sub(used + if left > 0 { note + BETWEEN } else { 0 });
        if place > 0 && entry.width() > room {
            spans.push(Span::styled(more(left + 1), theme::QUIET));
            break;
        }
        spans.extend(entry.spans(room));
        spans.push(Span::raw(" ".repeat(BETWEEN)));
        used += entry.width().min(room) + BETWEEN;
    }
    Line::from(spans)
}

/// What is on a disk, in the order of the disk.
pub fn contents(look: &Look) -> Vec<Content> {
    content::of_disk(&look.report)
}
