use std::time::Duration;

use crate::input::Key;
use crate::job::{Done, Trouble, Work};
use crate::machine::{End, Surroundings};
use crate::message::{Command, Message};
use crate::running::Running;
use crate::screens::{Reaction, Screen, View};
use crate::state::{Shared, State};
use crate::tool::Tool;

/// What comes up or changes by itself takes no key for so long: one that was meant for what was
/// there before would close a result unread, or begin a backup.
const DEAF_FOR: Duration = Duration::from_secs(1);
/// A key that comes meanwhile may be one that is held down: so long has to pass after it. Keyboards
/// repeat a key every 30 to 100 ms.
const DEAF_AFTER_A_KEY: Duration = Duration::from_millis(400);

/// What a message changes, and what has to be done now. Pure: it reads no clock and no disk.
pub fn update(state: &mut State, message: Message) -> Vec<Command> {
    let commands = take(state, message);
    if let Some(screen) = state.screens.last_mut() {
        screen.settle(&state.shared);
    }
    commands
}

fn take(state: &mut State, message: Message) -> Vec<Command> {
    let shared = &mut state.shared;
    match message {
        Message::Key(key) => return press(state, key),
        Message::Tick(now) => {
            shared.now = now;
            if let Some(running) = &mut shared.running {
                running.tick(now);
            }
        }
        Message::Resized(columns, rows) => shared.size = (columns, rows),
        Message::Glyphs(glyphs) => shared.profile.glyphs = glyphs,
        Message::Disks(Ok(disks)) => {
            shared.trouble = None;
            let (commands, changes) = shared.disks.take(disks, shared.now);
            shared.tell_changes(&changes);
            return commands;
        }
        Message::Disks(Err(trouble)) => shared.trouble = Some(trouble),
        Message::Looked { ticket, look } => return shared.disks.looked(ticket, *look, shared.now),
        Message::EndFailed(_, reason) => shared.tell(format!("This did not work: {reason}")),
        Message::AtWorkElsewhere(end, at_work) => ask_again(state, end, at_work),
        Message::News(news) => {
            let now = shared.now;
            if let Some(running) = &mut shared.running {
                running.hear(news, now);
            }
        }
        Message::Ended(end) => return ended(state, *end),
        Message::Facts(ref facts) => {
            shared.facts = Some((**facts).clone());
            return hear(state, &message);
        }
        Message::Used(ref tool, ref used) => {
            used_tool(shared, tool, used);
            return hear(state, &message);
        }
        Message::BackupPlanned(..) | Message::RestorePlanned(..) => return hear(state, &message),
    }
    Vec::new()
}

/// Gives an answer to the screens; the one that waits for it knows it, and may lie below others.
fn hear(state: &mut State, answer: &Message) -> Vec<Command> {
    let mut commands = Vec::new();
    for place in (0..state.screens.len()).rev() {
        match state.screens[place].hear(answer, &state.shared) {
            Reaction::Close if place > 0 => drop(state.screens.remove(place)),
            Reaction::Replace(screen) if place > 0 => {
                state.screens[place] = screen;
                state.shared.be_deaf(DEAF_FOR);
            }
            Reaction::Changed => state.shared.be_deaf(DEAF_FOR),
            Reaction::Do(command) => commands.push(command),
            _ => {}
        }
    }
    commands
}

fn used_tool(shared: &mut Shared, tool: &Tool, used: &Result<String, String>) {
    if let (Tool::Keyboard(layout), Ok(_)) = (tool, used) {
        shared.layout = Some(*layout);
    }
    shared.tell(match used {
        Ok(words) => words.clone(),
        Err(reason) => format!("This did not work: {reason}"),
    });
}

/// The work is over: its result takes the place of its progress, and of questions about it.
fn ended(state: &mut State, end: Result<Done, Trouble>) -> Vec<Command> {
    let Some(running) = state.shared.running.take() else { return Vec::new() };
    state.screens.truncate(1);
    state.shared.be_deaf(DEAF_FOR);
    let ends = running.powers_off() && state.shared.surroundings != Surroundings::Guest;
    let is_good = end.as_ref().is_ok_and(|done| running.is_all_of(done));
    state.screens.push(match end {
        Ok(done) => Screen::ended(done, ends && !is_good),
        Err(trouble) => Screen::trouble(trouble),
    });
    // What is on the disks has changed.
    let mut commands = state.shared.disks.look_again(state.shared.now);
    if ends && is_good {
        commands.push(Command::End(End::PowerOff, Vec::new()));
    }
    commands
}

/// The computer was not ended because of work in other processes: the person says what is to be.
fn ask_again(state: &mut State, end: End, at_work: Vec<String>) {
    state.shared.news = None;
    state.shared.be_deaf(DEAF_FOR);
    if matches!(state.screens.last(), Some(Screen::Ask(_))) {
        close(state);
    }
    state.screens.push(Screen::ask_despite(end, at_work));
}

/// Begins a piece of work: the screens that led to it are closed, and its progress is shown.
pub fn begin(state: &mut State, work: Work) -> Vec<Command> {
    state.screens.truncate(1);
    state.screens.push(Screen::progress());
    state.shared.running = Some(Running::new(work.clone(), state.shared.now));
    vec![Command::Begin(work)]
}

fn press(state: &mut State, key: Key) -> Vec<Command> {
    if state.shared.now < state.shared.deaf_until {
        state.shared.be_deaf(DEAF_AFTER_A_KEY);
        return Vec::new();
    }
    let key = match key {
        Key::Ctrl('l') => return vec![Command::Redraw],
        Key::Ctrl('c') if state.shared.surroundings != Surroundings::Guest => return Vec::new(),
        Key::Ctrl('c') if state.shared.running.is_none() => return vec![Command::Quit],
        // Work that goes on is not left behind half done: its stop is asked about first.
        Key::Ctrl('c') => Key::Esc,
        other => other,
    };
    let Some(screen) = state.screens.last_mut() else { return Vec::new() };
    let reaction = match (key, screen.help()) {
        (Key::F(1), Some(help)) => Reaction::Open(Screen::page(help)),
        _ => screen.press(key, &state.shared),
    };
    react(state, reaction)
}

fn react(state: &mut State, reaction: Reaction) -> Vec<Command> {
    match reaction {
        Reaction::None | Reaction::Changed => Vec::new(),
        Reaction::Open(screen) => {
            let is_typed_into = screen.is_typed_into();
            state.screens.push(screen);
            if is_typed_into && state.shared.needs_layout() {
                state.screens.push(Screen::keyboard());
            }
            Vec::new()
        }
        Reaction::OpenAndDo(screen, command) => {
            state.screens.push(screen);
            vec![command]
        }
        Reaction::Replace(screen) => {
            close(state);
            state.screens.push(screen);
            Vec::new()
        }
        Reaction::Close => {
            close(state);
            Vec::new()
        }
        Reaction::Home => {
            state.screens.truncate(1);
            Vec::new()
        }
        Reaction::Begin(work) => begin(state, work),
        Reaction::Do(command) => vec![command],
        Reaction::CloseAndDo(command) => {
            close(state);
            match &command {
                Command::End(end, _) => state.shared.tell(under_way(*end).to_owned()),
                Command::Stop => {
                    if let Some(running) = &mut state.shared.running {
                        running.is_stopping = true;
                    }
                }
                _ => {}
            }
            vec![command]
        }
    }
}

/// The home screen stays.
fn close(state: &mut State) {
    if state.screens.len() > 1 {
        state.screens.pop();
    }
}

fn under_way(end: End) -> &'static str {
    match end {
        End::PowerOff => "Shutting down ...",
        End::Restart => "Restarting ...",
    }
}
