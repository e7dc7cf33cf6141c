//! The loop: messages in, pictures and commands out.

use std::io::{self, Stdout, stdout};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use engine::Cancel;
use ratatui::Terminal;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::console::{self, ConsoleBackend, Glyphs, Probe, Profile, QUERY, QUERY_SIZE, RawMode};
use crate::input::Input;
use crate::machine::Machine;
use crate::message::{Command, Message};
use crate::reader::Reader;
use crate::run::Options;
use crate::state::State;
use crate::tool::Layout;
use crate::{TuiError, shell, update, view, workers};

/// Between two pictures.
const FRAME: Duration = Duration::from_millis(100);
/// The same on a serial line, where nobody has pressed a key: at 9600 baud, it draws some 670
/// characters in that time, and what is behind them waits. A disk that comes or goes still has to be
/// seen within a second.
const SLOW_FRAME: Duration = Duration::from_millis(700);
/// The clock of the screens.
const TICK: Duration = Duration::from_millis(500);
/// How long a terminal may take to say what it is.
const ANSWER: Duration = Duration::from_millis(500);
/// After this silence, a key on a serial line may come from a terminal that was attached just now:
/// it gets the whole picture.
const LONG_SILENCE: Duration = Duration::from_secs(20);
/// What a serial line is taken for when it does not answer, in columns and lines.
const SERIAL_SIZE: (u16, u16) = (80, 24);
/// What a screen is taken for when the kernel does not know, in columns and lines.
const SCREEN_SIZE: (u16, u16) = (80, 25);

/// What the loop waits for.
#[derive(Debug)]
pub enum Event {
    /// Something for the state machine.
    Message(Box<Message>),
    /// The terminal has sent something.
    Input(Input),
    /// The terminal is gone, or the program is asked to end.
    Gone,
}

impl From<Message> for Event {
    fn from(message: Message) -> Self {
        Self::Message(Box::new(message))
    }
}

/// The state machine with its terminal, clock and workers.
pub struct EventLoop {
    machine: Arc<dyn Machine>,
    serial: bool,
    ascii: bool,
    terminal: Terminal<ConsoleBackend<Stdout>>,
    state: State,
    begun: Instant,
    probe: Probe,
    /// No picture before this: an answer of the terminal is awaited.
    not_before: Instant,
    /// When the terminal was last asked what it is.
    asked: Option<Instant>,
    last_key: Instant,
    /// Stops the work that goes on.
    cancel: Cancel,
    /// Gives up the plan of a backup that is being made.
    forget_plan: Cancel,
    /// A shell is to be opened as soon as no answer of the terminal can end up in it.
    shell_wanted: bool,
    sender: Sender<Event>,
    events: Receiver<Event>,
    /// A signal has asked the program to end.
    is_asked_to_leave: bool,
    leaving: bool,
}

impl EventLoop {
    pub fn new(
        machine: Arc<dyn Machine>,
        options: &Options,
        profile: Profile,
    ) -> Result<Self, TuiError> {
        let size =
            if options.serial { SERIAL_SIZE } else { console::size().unwrap_or(SCREEN_SIZE) };
        let now = Instant::now();
        let (sender, events) = unbounded();
        let mut state = State::new(profile, size, options.surroundings, options.notice.clone());
        state.shared.layout = options.keymap.as_deref().and_then(Layout::named);
        Ok(Self {
            machine,
            serial: options.serial,
            ascii: options.ascii,
            terminal: Terminal::new(ConsoleBackend::new(stdout(), size))?,
            state,
            begun: now,
            probe: Probe::default(),
            not_before: now,
            asked: None,
            last_key: now,
            cancel: Cancel::default(),
            forget_plan: Cancel::default(),
            shell_wanted: false,
            sender,
            events,
            is_asked_to_leave: false,
            leaving: false,
        })
    }

    /// Until the person leaves.
    pub fn run(mut self, mut raw: RawMode) -> Result<(), TuiError> {
        let reader = Reader::start(self.sender.clone())?;
        leave_on_signals(self.sender.clone())?;
        workers::watch(&self.machine, &self.sender)?;
        self.draw_anew()?;
        let mut drawn = Instant::now();
        let mut due = drawn + FRAME;
        while !self.leaving {
            match self.events.recv_deadline(due.max(self.not_before)) {
                Ok(event) => {
                    due = due.min(drawn + self.patience(&event));
                    self.take(event)?;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            let now = Instant::now();
            if now >= due.max(self.not_before) {
                due = now + if self.serial { SLOW_FRAME } else { TICK };
                if self.draw()? {
                    drawn = now;
                }
            }
            if self.shell_wanted && self.asked.is_none_or(|asked| asked.elapsed() >= ANSWER) {
                self.shell_wanted = false;
                shell::run(&mut raw, &reader)?;
                // What came meanwhile is taken before the next picture: a disk that has answered
                // long ago is not silent.
                while let Ok(event) = self.events.try_recv() {
                    self.take(event)?;
                }
                self.draw_anew()?;
            }
        }
        Ok(())
    }

    /// How long after the last picture that was another one an event may wait to be seen.
    fn patience(&self, event: &Event) -> Duration {
        match event {
            Event::Message(_) if self.serial => SLOW_FRAME,
            Event::Message(_) | Event::Input(_) | Event::Gone => FRAME,
        }
    }

    fn take(&mut self, event: Event) -> Result<(), TuiError> {
        // Between two pictures on a serial line some time passes: how long ago something came up has
        // to be known when a key comes.
        update(&mut self.state, Message::Tick(self.begun.elapsed()));
        let message = match event {
            Event::Message(message) => *message,
            Event::Input(Input::Key(key)) => {
                let silence = self.last_key.elapsed();
                self.last_key = Instant::now();
                if self.serial && silence > LONG_SILENCE {
                    self.draw_anew()?;
                }
                Message::Key(key)
            }
            Event::Input(answer) => {
                self.take_answer(answer);
                return Ok(());
            }
            Event::Gone => {
                self.leave();
                return Ok(());
            }
        };
        for command in update(&mut self.state, message) {
            self.obey(command)?;
        }
        self.leaving |= self.is_asked_to_leave && self.state.shared.running.is_none();
        Ok(())
    }

    /// Leaves as soon as the work that goes on has stopped in order: drives are let go, and what
    /// was being written is in a state that has a name.
    fn leave(&mut self) {
        self.is_asked_to_leave = true;
        self.cancel.cancel();
        self.leaving = self.state.shared.running.is_none();
    }

    fn obey(&mut self, command: Command) -> Result<(), TuiError> {
        match command {
            Command::Look { ticket, disk } => {
                workers::look(&self.machine, &self.sender, ticket, *disk)?;
            }
            Command::PlanBackup(request) => {
                self.forget_plan.cancel();
                self.forget_plan = Cancel::default();
                let cancel = self.forget_plan.clone();
                workers::plan_backup(&self.machine, &self.sender, request, cancel)?;
            }
            Command::ForgetPlan => self.forget_plan.cancel(),
            Command::PlanRestore(request) => {
                workers::plan_restore(&self.machine, &self.sender, request)?;
            }
            Command::Begin(work) => {
                self.cancel = Cancel::default();
                workers::work(&self.machine, &self.sender, work, self.cancel.clone())?;
            }
            Command::Stop => self.cancel.cancel(),
            Command::Use(tool) => workers::use_tool(&self.machine, &self.sender, tool)?,
            Command::AskFacts => workers::ask_facts(&self.machine, &self.sender)?,
            Command::End(end, despite) => {
                workers::end(&self.machine, &self.sender, end, despite)?;
            }
            Command::Shell => self.shell_wanted = true,
            Command::Redraw => self.draw_anew()?,
            Command::Quit => self.leaving = true,
        }
        Ok(())
    }

    /// The terminal may show anything, and may be another one: asks what it is where only it
    /// knows, and draws all of the next picture.
    fn draw_anew(&mut self) -> io::Result<()> {
        if self.serial {
            self.probe = Probe::default();
            let query = if self.ascii { QUERY_SIZE } else { QUERY };
            self.terminal.backend_mut().send(query)?;
            self.asked = Some(Instant::now());
            self.not_before = Instant::now() + ANSWER;
        }
        self.terminal.clear()
    }

    fn take_answer(&mut self, answer: Input) {
        self.probe.take(answer);
        if let Some((columns, rows)) = self.probe.size {
            self.resize(columns, rows);
        }
        if let Some(utf8) = self.probe.utf8.filter(|_| !self.ascii) {
            let glyphs = if utf8 { Glyphs::Drawn } else { Glyphs::Ascii };
            update(&mut self.state, Message::Glyphs(glyphs));
        }
        if self.probe.size.is_some() && (self.ascii || self.probe.utf8.is_some()) {
            self.not_before = Instant::now();
        }
    }

    fn resize(&mut self, columns: u16, rows: u16) {
        if self.state.shared.size != (columns, rows) {
            self.terminal.backend_mut().resize((columns, rows));
            update(&mut self.state, Message::Resized(columns, rows));
        }
    }

    /// Draws what has changed; true when something has.
    fn draw(&mut self) -> io::Result<bool> {
        if let Some((columns, rows)) = console::size().filter(|_| !self.serial) {
            self.resize(columns, rows);
        }
        update(&mut self.state, Message::Tick(self.begun.elapsed()));
        let state = &self.state;
        self.terminal.draw(|frame| view(state, frame))?;
        Ok(self.terminal.backend().has_drawn())
    }
}

/// A signal to end restores the terminal first.
fn leave_on_signals(events: Sender<Event>) -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for _ in signals.forever() {
            if events.send(Event::Gone).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}
