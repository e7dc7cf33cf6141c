//! Watching a machine: waiting for what it says, with deadlines.

use std::time::{Duration, Instant};

use crate::command::tail;
use crate::error::Error;
use crate::machine::Machine;
use crate::serial::{Missed, Said, find};
use crate::unattended::{self, Outcome, RESULT};

/// The time between a result and the end of its line.
const LINE: Duration = Duration::from_secs(10);

impl Machine {
    /// Waits until the serial line has said the text after what earlier waits have read.
    ///
    /// # Errors
    /// What was seen, when time is up or the machine goes off.
    pub fn wait_for(&mut self, text: &str, patience: Duration) -> Result<(), Error> {
        let from = self.mark;
        let place = self.wait(text, patience, |said| find(&said.bytes, text.as_bytes(), from))?;
        self.mark = place + text.len();
        Ok(())
    }

    /// Waits for a whole line and returns it from `beginning` on.
    ///
    /// # Errors
    /// As [`Machine::wait_for`].
    pub fn wait_for_line(&mut self, beginning: &str, patience: Duration) -> Result<String, Error> {
        self.wait_for(beginning, patience)?;
        let (start, from) = (self.mark - beginning.len(), self.mark);
        let end = self.wait(beginning, LINE, |said| find(&said.bytes, b"\n", from))?;
        self.mark = end + 1;
        Ok(self.between(start, end).trim_end().to_owned())
    }

    /// Waits until the text stands on the screen that the serial line draws, in one line of it.
    ///
    /// # Errors
    /// As [`Machine::wait_for`].
    pub fn wait_for_screen(&mut self, text: &str, patience: Duration) -> Result<(), Error> {
        let shown = |said: &Said| said.screen.screen().contents().contains(text).then_some(());
        self.wait(text, patience, shown)
    }

    /// Waits until the text stands nowhere on that screen.
    ///
    /// # Errors
    /// As [`Machine::wait_for`].
    pub fn wait_for_screen_without(&mut self, text: &str, patience: Duration) -> Result<(), Error> {
        let gone = |said: &Said| (!said.screen.screen().contents().contains(text)).then_some(());
        self.wait(&format!("screen without {text}"), patience, gone)
    }

    /// Waits for the end of an unattended command.
    ///
    /// # Errors
    /// As [`Machine::wait_for`], and when its result cannot be read.
    pub fn outcome(&mut self, patience: Duration) -> Result<Outcome, Error> {
        self.outcome_line_by_line(patience, |_| ())
    }

    /// As [`Machine::outcome`]; `each` gets every line as it comes. No two lines may be further
    /// apart than `patience`.
    ///
    /// # Errors
    /// As [`Machine::outcome`].
    pub fn outcome_line_by_line(
        &mut self,
        patience: Duration,
        mut each: impl FnMut(&str),
    ) -> Result<Outcome, Error> {
        let mut output = String::new();
        loop {
            let line = self.next_line(patience)?;
            // What the command printed last may lack its end of line.
            if let Some(place) = line.find(RESULT) {
                output.push_str(&line[..place]);
                let line = line[place..].to_owned();
                let machine = self.name.clone();
                let outcome = unattended::parse(&line, output);
                return outcome.map_err(|reason| Error::NoResult { machine, line, reason });
            }
            each(&line);
            output.push_str(&line);
            output.push('\n');
        }
    }

    fn next_line(&mut self, patience: Duration) -> Result<String, Error> {
        let from = self.mark;
        let end = self.wait(RESULT, patience, |said| find(&said.bytes, b"\n", from))?;
        self.mark = end + 1;
        Ok(self.between(from, end).trim_end_matches('\r').to_owned())
    }

    /// All that the serial line has said.
    #[must_use]
    pub fn serial_log(&self) -> String {
        self.between(0, usize::MAX)
    }

    /// The screen that the serial line draws, as text.
    #[must_use]
    pub fn serial_screen(&self) -> String {
        self.serial.as_ref().map_or_else(String::new, |line| line.said().screen.screen().contents())
    }

    /// When the serial line first said the text.
    #[must_use]
    pub fn moment_of(&self, text: &str) -> Option<Instant> {
        let said = self.serial.as_ref()?.said();
        said.moment(find(&said.bytes, text.as_bytes(), 0)?)
    }

    fn between(&self, start: usize, end: usize) -> String {
        let Some(serial) = &self.serial else { return String::new() };
        let said = serial.said();
        let end = end.min(said.bytes.len());
        String::from_utf8_lossy(&said.bytes[start.min(end)..end]).into_owned()
    }

    fn wait<T>(
        &mut self,
        wanted: &str,
        patience: Duration,
        find: impl FnMut(&Said) -> Option<T>,
    ) -> Result<T, Error> {
        let Some(serial) = &self.serial else { return Err(self.deadline(wanted, patience)) };
        match serial.wait(patience, find) {
            Ok(found) => Ok(found),
            Err(Missed::Deadline) => Err(self.deadline(wanted, patience)),
            Err(Missed::Ended) => Err(Error::WentOff {
                machine: self.name.clone(),
                wanted: wanted.to_owned(),
                seen: self.seen(),
                kept: self.keep(),
            }),
        }
    }

    pub(crate) fn deadline(&mut self, wanted: &str, patience: Duration) -> Error {
        Error::Deadline {
            machine: self.name.clone(),
            wanted: wanted.to_owned(),
            seconds: patience.as_secs(),
            seen: self.seen(),
            kept: self.keep(),
        }
    }

    fn seen(&self) -> String {
        tail(self.serial_log().as_bytes())
    }
}
