//! The state machine with made-up disks behind it, and its picture.

use std::time::Duration;

use hardware::Disk;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Color;
use tui::console::{Colours, Glyphs, Profile};
use tui::input::{Decoder, Input, Key};
use tui::job::Work;
use tui::tool::LAYOUTS;
use tui::{Command, DiskList, Look, Message, State, Surroundings, begin, update, view};

pub const SCREEN: Profile = Profile { colours: Colours::Sixteen, glyphs: Glyphs::Drawn };
pub const ASCII: Profile = Profile { colours: Colours::Sixteen, glyphs: Glyphs::Ascii };
pub const FULL: Profile = Profile { colours: Colours::Full, glyphs: Glyphs::Drawn };

pub const VGA: (u16, u16) = (80, 25);
pub const UEFI: (u16, u16) = (160, 50);
pub const SERIAL: (u16, u16) = (80, 24);

pub struct Stage {
    pub state: State,
    pub now: Duration,
}

impl Stage {
    /// In the recovery environment, on the computer's own screen, its keyboard chosen.
    pub fn new(size: (u16, u16), profile: Profile) -> Self {
        Self::within(Surroundings::Screen, size, profile)
    }

    pub fn within(surroundings: Surroundings, size: (u16, u16), profile: Profile) -> Self {
        let mut state = State::new(profile, size, surroundings, None);
        state.shared.layout = Some(LAYOUTS[0]);
        Self { state, now: Duration::ZERO }
    }

    pub fn tell(&mut self, message: Message) -> Vec<Command> {
        update(&mut self.state, message)
    }

    pub fn wait(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.tell(Message::Tick(self.now));
    }

    /// These disks are there, and have been looked at.
    pub fn with(mut self, disks: &[(Disk, Look)]) -> Self {
        self.attach(disks);
        self
    }

    pub fn attach(&mut self, disks: &[(Disk, Look)]) {
        let seen: Vec<Disk> = disks.iter().map(|(disk, _)| disk.clone()).collect();
        for command in self.tell(Message::Disks(Ok(seen.into()))) {
            let Command::Look { ticket, disk } = command else { panic!("{command:?}") };
            let (_, look) = disks.iter().find(|(known, _)| known.path == disk.path).unwrap();
            self.tell(Message::Looked { ticket, look: Box::new(look.clone()) });
        }
    }

    /// The kernel says that a disk was written to, and this is on it now.
    pub fn touch(&mut self, disks: &[(Disk, Look)], name: &str) {
        let seen: Vec<Disk> = disks.iter().map(|(disk, _)| disk.clone()).collect();
        let touched = DiskList { touched: vec![name.to_owned()], ..DiskList::from(seen) };
        for command in self.tell(Message::Disks(Ok(touched))) {
            let Command::Look { ticket, disk } = command else { panic!("{command:?}") };
            let (_, look) = disks.iter().find(|(known, _)| known.path == disk.path).unwrap();
            self.tell(Message::Looked { ticket, look: Box::new(look.clone()) });
        }
    }

    /// The work begins, whichever screens led to it.
    pub fn begin(&mut self, work: Work) -> Vec<Command> {
        begin(&mut self.state, work)
    }

    pub fn press(&mut self, keys: &[Key]) -> Vec<Command> {
        keys.iter().flat_map(|key| self.tell(Message::Key(*key))).collect()
    }

    /// The bytes as a keyboard sends them.
    pub fn type_bytes(&mut self, bytes: &[u8]) -> Vec<Command> {
        let mut decoder = Decoder::default();
        let mut inputs = decoder.feed(bytes);
        inputs.extend(decoder.silence());
        let keys: Vec<Key> = inputs
            .into_iter()
            .map(|input| match input {
                Input::Key(key) => key,
                other => panic!("{other:?}"),
            })
            .collect();
        self.press(&keys)
    }

    pub fn picture(&self) -> Buffer {
        let (columns, rows) = self.state.shared.size;
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal.draw(|frame| view(&self.state, frame)).unwrap();
        terminal.backend().buffer().clone()
    }

    pub fn text(&self) -> String {
        lines(&self.picture(), |cell| cell.symbol().to_owned())
    }

    /// The texts of the program itself must not need replacing: a question mark that ends no
    /// question stands for a letter that cannot be drawn.
    pub fn assert_nothing_was_replaced(&self) {
        let text = self.text();
        assert!(!text.contains(" ?"), "{text}");
    }

    /// The picture in letters, and below it its colours: a letter for each cell.
    pub fn in_colour(&self) -> String {
        let picture = self.picture();
        let colours = lines(&picture, |cell| colour(cell.fg, cell.bg).to_string());
        format!("{}\n{colours}", self.text())
    }
}

fn lines(picture: &Buffer, show: impl Fn(&ratatui::buffer::Cell) -> String) -> String {
    let width = usize::from(picture.area.width).max(1);
    let rows = picture.content.chunks(width);
    let rows = rows.map(|row| row.iter().map(&show).collect::<String>().trim_end().to_owned());
    rows.collect::<Vec<_>>().join("\n")
}

/// `.` for ordinary text, a capital for dark on light.
fn colour(fg: Color, bg: Color) -> char {
    if bg != Color::Black {
        return 'X';
    }
    match fg {
        Color::Gray => '.',
        Color::White => 'w',
        Color::DarkGray => 'd',
        Color::LightRed => 'r',
        Color::LightGreen => 'g',
        Color::LightYellow => 'y',
        Color::LightBlue => 'b',
        Color::LightMagenta => 'm',
        Color::LightCyan => 'c',
        other => panic!("a colour without a meaning: {other:?}"),
    }
}
