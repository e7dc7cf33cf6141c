//! What the engine tells goes on to the screens.

use engine::{Event, Observer};
use tui::job::News;

use report::words::sentence;

/// Tells the screens what happens.
#[derive(Clone, Copy)]
pub struct Teller<'a>(pub &'a (dyn Fn(News) + Sync));

impl Teller<'_> {
    /// Something that the person should know.
    pub fn note(&self, text: &str) {
        (self.0)(News::Note(sentence(text)));
    }
}

impl Observer for Teller<'_> {
    fn event(&self, event: &Event) {
        match event {
            Event::Progress(progress) => (self.0)(News::Progress(*progress)),
            Event::Note { text } => self.note(text),
        }
    }
}
