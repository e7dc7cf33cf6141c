//! Beside the third step: a drive is made ready for backups.

use hardware::Disk;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use report::content;

use super::sheet::{self, Sheet};
use super::{offers, room, which, words};
use crate::input::Key;
use crate::job::{FormatRequest, NewFilesystem, Source};
use crate::machine::Look;
use crate::screens::confirm::Confirm;
use crate::screens::{Reaction, Screen, Topic, View};
use crate::state::Shared;
use crate::theme;
use crate::widgets::chrome::KeyHint;
use crate::widgets::list::{Cursor, Row};
use crate::widgets::{card, text};

const HELP: Topic = Topic::About(&[
    "The drive gets one large, empty place for files. Everything that is on it now is lost.",
    "exFAT is right for nearly everybody: Windows, macOS and Linux read it.",
    "ext4 takes less harm when the plug is pulled while something is written, but only Linux reads \
     it without further programs. Remetal reads both.",
    "Nothing is written before you have typed the word that the next page asks for.",
]);

/// Things on the drive that are told by name.
const TOLD: usize = 6;

/// The drive, and what it gets.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDrive {
    disk: Disk,
    /// The disks that are to be saved: none of them is made ready.
    sources: Vec<Source>,
    cursor: Cursor,
    /// Why Enter did nothing.
    note: Option<String>,
}

const FILESYSTEMS: [NewFilesystem; 2] = [NewFilesystem::ExFat, NewFilesystem::Ext4];

fn rows() -> Vec<Row> {
    let row = |label: &str, more: &str| Row { more: vec![more.to_owned()], ..Row::new(label) };
    vec![
        row("exFAT", "Windows, macOS and Linux read it. Right for nearly everybody."),
        row("ext4", "For Linux only. It takes less harm when the plug is pulled too early."),
    ]
}

impl NewDrive {
    pub fn new(disk: Disk, sources: Vec<Source>) -> Self {
        Self { disk, sources, cursor: Cursor::default(), note: None }
    }

    /// What is on the drive now, a line each.
    fn before(&self, shared: &Shared) -> Vec<String> {
        let Some(look) = shared.disks.attached(&self.disk).and_then(|known| known.look()) else {
            return Vec::new();
        };
        let backups = look.backups().filter(|count| *count > 0);
        let backups = backups.map(|count| words::counted(count, "backup"));
        let contents = content::of_disk(&look.report).into_iter().map(|content| content.words);
        backups.into_iter().chain(contents).collect()
    }

    /// Why it cannot be done any more.
    fn refusal(&self, shared: &Shared) -> Option<String> {
        let gone = which::out_of_reach([&self.disk], shared).into_iter().next();
        let known = shared.disks.attached(&self.disk);
        gone.or_else(|| {
            let (known, room) = (known?, room::needed(&self.sources, shared));
            let refusal = words::refusal(known, shared.now)
                .or_else(|| offers::why_not_ready(known, known.look()?, room));
            Some(format!("This cannot be done now: {}", refusal?))
        })
    }

    fn go_on(&mut self, shared: &Shared) -> Reaction {
        self.note = self.refusal(shared);
        let Some(known) = shared.disks.attached(&self.disk) else { return Reaction::None };
        if self.note.is_some() {
            return Reaction::None;
        }
        let request = FormatRequest {
            disk: known.disk.clone(),
            filesystem: FILESYSTEMS[self.cursor.place(FILESYSTEMS.len())],
            before: self.before(shared),
            held: known.look().map(Look::holdings).unwrap_or_default(),
        };
        Reaction::Open(Screen::Confirm(Confirm::format(request)))
    }

    fn above(&self, shared: &Shared, width: u16) -> Vec<Line<'static>> {
        let mut lines = sheet::words(&card::identity(&self.disk), width, theme::STRONG);
        lines.extend(sheet::words("is made ready for backups. On it now:", width, theme::BASE));
        let before = self.before(shared);
        let room = usize::from(width).saturating_sub(4);
        let line =
            |words: &str| Line::styled(format!("  - {}", text::cut(words, room)), theme::BASE);
        lines.extend(before.iter().take(TOLD).map(|words| line(words)));
        match before.len() {
            0 => lines.push(line("nothing that Remetal knows")),
            count if count > TOLD => lines.push(line(&format!("and {} more", count - TOLD))),
            _ => {}
        }
        let words = "! All of this is lost. The next page asks once more, and nothing is written \
                     before that.";
        lines.extend(sheet::words(words, width, theme::DANGER));
        lines.push(Line::default());
        lines.extend(sheet::words("Choose how its files are kept:", width, theme::BASE));
        lines
    }
}

impl View for NewDrive {
    fn title(&self) -> String {
        "Make a drive ready for backups".to_owned()
    }

    fn keys(&self, _shared: &Shared) -> Vec<KeyHint> {
        vec![("↑ ↓", "choose"), ("Enter", "go on"), ("Esc", "back"), ("F1", "help")]
    }

    fn help(&self) -> Option<Topic> {
        Some(HELP)
    }

    fn press(&mut self, key: Key, shared: &Shared) -> Reaction {
        self.note = None;
        match key {
            Key::Esc => return Reaction::Close,
            Key::Enter => return self.go_on(shared),
            key => {
                self.cursor.press(key, &rows());
            }
        }
        Reaction::None
    }

    fn draw(&self, shared: &Shared, area: Rect, frame: &mut Frame<'_>) {
        let rows = rows();
        let sheet = Sheet {
            above: self.above(shared, area.width),
            rows: &rows,
            cursor: self.cursor,
            below: sheet::alarms(&self.refusal(shared).or_else(|| self.note.clone()), area.width),
        };
        sheet.draw(area, frame);
    }
}
