use crate::input::Key;
use crate::machine::{End, Surroundings};
use crate::message::{Command, Message};
use crate::screens::{Reaction, Screen};
use crate::state::State;

/// What a message changes, and what has to be done now. Pure: it reads no clock and no disk.
pub fn update(state: &mut State, message: Message) -> Vec<Command> {
    let shared = &mut state.shared;
    match message {
        Message::Key(key) => return press(state, key),
        Message::Tick(now) => shared.now = now,
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
    }
    Vec::new()
}

fn press(state: &mut State, key: Key) -> Vec<Command> {
    match key {
        Key::Ctrl('l') => return vec![Command::Redraw],
        Key::Ctrl('c') if state.shared.surroundings == Surroundings::Guest => {
            return vec![Command::Quit];
        }
        _ => {}
    }
    let Some(screen) = state.screens.last_mut() else { return Vec::new() };
    let reaction = match (key, screen.help()) {
        (Key::F(1) | Key::Char('?'), Some(help)) => Reaction::Open(Screen::page(help)),
        _ => screen.press(key, &state.shared),
    };
    react(state, reaction)
}

fn react(state: &mut State, reaction: Reaction) -> Vec<Command> {
    match reaction {
        Reaction::None => Vec::new(),
        Reaction::Open(screen) => {
            state.screens.push(screen);
            Vec::new()
        }
        Reaction::Close => {
            close(state);
            Vec::new()
        }
        Reaction::Do(command) => vec![command],
        Reaction::CloseAndDo(command) => {
            close(state);
            if let Command::End(end) = command {
                state.shared.tell(under_way(end).to_owned());
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
