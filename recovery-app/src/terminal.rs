//! Progress and notes on standard error: JSON lines, a bar on a terminal, or a line now and then.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use engine::{Bottleneck, Event, Observer, Phase, Progress};
use image::text::one_line;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use serde_json::Value;

use crate::answer::{err, err_json, out};
use report::size;
use rustix::stdio::stderr;
use rustix::termios::tcgetwinsize;

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Before that, the time left is not told: the first rates say little about the rest.
const SETTLED: Duration = Duration::from_secs(3);

/// Where a command says what it is doing.
pub struct Terminal {
    json: bool,
    shown: Mutex<Option<Shown>>,
}

/// The phase that is being shown.
struct Shown {
    phase: Phase,
    /// Hidden where there is no bar; it still computes rate and time left.
    bar: ProgressBar,
    line_at: Instant,
    finished: bool,
}

impl Terminal {
    /// For a command with or without `--json`.
    pub fn new(json: bool) -> Self {
        Self { json, shown: Mutex::new(None) }
    }

    /// Something the person should know, in one sentence.
    pub fn note(&self, text: impl Into<String>) {
        self.event(&Event::Note { text: text.into() });
    }

    /// What is about to be done: as text on standard output, or as a JSON line.
    pub fn announce(&self, name: &str, json: &Value, text: &str) {
        if self.json {
            let mut line = json.clone();
            line["event"] = Value::from(name);
            err_json(&line);
        } else {
            out(text);
        }
    }

    fn progress(&self, progress: &Progress) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.as_ref().is_none_or(|shown| shown.phase != progress.phase) {
            if let Some(before) = shown.take() {
                before.bar.abandon();
            }
            *shown = Some(Shown::new(progress));
        }
        if let Some(shown) = shown.as_mut() {
            shown.update(progress);
        }
    }
}

impl Observer for Terminal {
    fn event(&self, event: &Event) {
        if self.json {
            err_json(event);
            return;
        }
        match event {
            Event::Progress(progress) => self.progress(progress),
            Event::Note { text } => {
                let text = one_line(text);
                let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
                match shown.as_ref() {
                    Some(shown) => shown.bar.suspend(|| err(&text)),
                    None => err(&text),
                }
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let shown = self.shown.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(shown) = shown {
            shown.bar.abandon();
        }
    }
}

impl Shown {
    fn new(progress: &Progress) -> Self {
        let bar = ProgressBar::with_draw_target(Some(progress.total), draw_target());
        let style = ProgressStyle::with_template(
            // Fits 80 columns with room for the bar.
            "{prefix} [{wide_bar}] {percent} %, {decimal_bytes_per_sec}{left}{msg}",
        );
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).with_key(
            "left",
            |state: &ProgressState, text: &mut dyn std::fmt::Write| {
                let (elapsed, left) = (state.elapsed(), state.eta());
                // A terminal that cannot be written to says so when it is drawn.
                let _ = text.write_str(&left_in_words(elapsed, left));
            },
        );
        bar.set_style(style.progress_chars("=> "));
        bar.set_prefix(phase_in_words(progress.phase));
        let now = Instant::now();
        let line_at = now.checked_sub(LINE_EVERY).unwrap_or(now);
        Self { phase: progress.phase, bar, line_at, finished: false }
    }

    fn update(&mut self, progress: &Progress) {
        self.bar.set_position(progress.done);
        self.bar.set_message(format!("{}{}", limit_in_words(progress), errors_in_words(progress)));
        let finished = progress.done == progress.total;
        let due = finished || self.line_at.elapsed() >= LINE_EVERY;
        if due && !self.finished && !has_bar() {
            self.line_at = Instant::now();
            self.finished = finished;
            err(&self.line(progress));
        }
    }

    fn line(&self, progress: &Progress) -> String {
        let phase = phase_in_words(progress.phase);
        let done = size::in_words(progress.done);
        let total = size::in_words(progress.total);
        if progress.done == 0 || progress.done == progress.total {
            return format!("{phase}: {done} of {total}");
        }
        let percent = u128::from(progress.done) * 100 / u128::from(progress.total.max(1));
        let rate = progress.done / self.bar.elapsed().as_secs().max(1);
        let left = left_in_words(self.bar.elapsed(), self.bar.eta());
        let (rate, limit) = (size::in_words(rate), limit_in_words(progress));
        let errors = errors_in_words(progress);
        format!("{phase}: {percent} %, {done} of {total}, {rate}/s{left}{limit}{errors}")
    }
}

fn left_in_words(elapsed: Duration, left: Duration) -> String {
    if elapsed < SETTLED { String::new() } else { format!(", {} left", HumanDuration(left)) }
}

/// A terminal that does not tell its size, such as one on a serial line, cannot have a bar drawn
/// over and over in the same line.
fn has_bar() -> bool {
    let is_sized = || tcgetwinsize(stderr()).is_ok_and(|size| size.ws_col > 0);
    std::io::stderr().is_terminal() && is_sized()
}

fn draw_target() -> ProgressDrawTarget {
    if has_bar() { ProgressDrawTarget::stderr_with_hz(10) } else { ProgressDrawTarget::hidden() }
}

fn phase_in_words(phase: Phase) -> &'static str {
    match phase {
        Phase::Capture => "capturing",
        Phase::Verify => "verifying",
        Phase::Check => "checking the backup",
        Phase::Restore => "restoring",
        Phase::Compare => "comparing",
    }
}

/// What holds the job back, behind a comma.
fn limit_in_words(progress: &Progress) -> String {
    let limit = match progress.bottleneck {
        None => return String::new(),
        Some(Bottleneck::Source) => "source",
        Some(Bottleneck::Processor) => "processor",
        Some(Bottleneck::Destination) => "destination",
        Some(Bottleneck::Backup) => "backup",
        Some(Bottleneck::Target) => "target",
    };
    format!(", limit: {limit}")
}

/// The places that are lost or damaged so far, behind a comma.
fn errors_in_words(progress: &Progress) -> String {
    match progress.errors {
        0 => String::new(),
        1 => ", 1 place lost".to_owned(),
        places => format!(", {places} places lost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_told_when_it_has_settled() {
        let left = Duration::from_secs(90);
        assert_eq!(left_in_words(Duration::from_secs(1), left), "");
        assert_eq!(left_in_words(SETTLED, left), ", 2 minutes left");
    }
}
