use ratatui::Frame;

use crate::screens::View;
use crate::state::State;
use crate::widgets::chrome;

/// Draws the picture of a state.
pub fn view(state: &State, frame: &mut Frame<'_>) {
    let Some(screen) = state.screens.last() else { return };
    let area = chrome::draw(frame, &screen.title(), &screen.keys(&state.shared));
    screen.draw(&state.shared, area, frame);
    state.shared.profile.apply(frame.buffer_mut());
}
