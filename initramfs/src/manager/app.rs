use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use rustix::termios::Termios;

use super::console::{self, Console};
use super::machine;
use super::supervision::{End, Supervision};
use super::terminal::{self, Terminal};
use crate::layout::PROGRAM;
use crate::options::Options;
use crate::{InitError, guard, log};

/// Starts the program on every console that it belongs on, and keeps it running there.
pub(super) fn start_everywhere(options: &Arc<Options>) {
    machine::quieten_kernel();
    for console in console::for_program(Path::new("/sys"), options) {
        let options = Arc::clone(options);
        guard::spawn(&console.name.clone(), move || Screens::new(&console, &options).keep());
    }
}

/// The program on one console.
struct Screens<'a> {
    console: &'a Console,
    options: &'a Options,
    supervision: Supervision,
    /// How the terminal was before any program changed it.
    settings: Option<Termios>,
    notice: Option<String>,
}

impl<'a> Screens<'a> {
    fn new(console: &'a Console, options: &'a Options) -> Self {
        let problems = options.problems.join(" ");
        let notice = (!problems.is_empty()).then_some(problems);
        Self { console, options, supervision: Supervision::default(), settings: None, notice }
    }

    /// Runs the program again and again, forever.
    fn keep(&mut self) {
        if terminal::wait_for_earlier_program(self.console) {
            self.notice = Some("Remetal was started again.".to_owned());
        }
        loop {
            let started = Instant::now();
            let end = self.run_once().unwrap_or_else(|error| End::NotStarted(error.to_string()));
            log::info(format_args!("the program on {}: {end:?}", self.console.name));
            let next = self.supervision.after(&end, started.elapsed());
            if let Some(words) = &next.words {
                log::warning(words.trim());
                crate::screen::show(&self.console.name, words);
            }
            self.notice = next.notice;
            thread::sleep(next.pause);
        }
    }

    fn run_once(&mut self) -> Result<End, InitError> {
        let mut terminal = Terminal::open(self.console)?;
        if self.settings.is_none() {
            self.settings = terminal.settings();
        }
        terminal.restore(self.settings.as_ref());
        let mut child = terminal.start(PROGRAM, &self.arguments())?;
        log::info(format_args!(
            "program started on {} at {:.2} s",
            self.console.name,
            log::uptime()
        ));
        let status = child.wait().map_err(|error| InitError::start(PROGRAM, error))?;
        Ok(end_of(status))
    }

    fn arguments(&self) -> Vec<&str> {
        let mut arguments = vec!["screens"];
        if self.options.ascii {
            arguments.push("--ascii");
        }
        if self.console.serial {
            arguments.push("--serial");
        }
        if let Some(notice) = &self.notice {
            arguments.extend(["--notice", notice]);
        }
        arguments
    }
}

fn end_of(status: ExitStatus) -> End {
    match (status.code(), status.signal()) {
        (Some(code), _) => End::Code(code),
        (None, signal) => End::Signal(signal.unwrap_or_default()),
    }
}
