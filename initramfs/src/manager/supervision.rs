//! What to do when the program ends: the rules, without the doing.

use std::time::Duration;

/// A program that ran this long was not broken from the start.
const LASTING: Duration = Duration::from_secs(60);

/// The pauses after the first, second … fall in a row.
const PAUSES: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(30),
];

/// After as many falls in a row, the person is told before the next try.
const TELL_AFTER: usize = 3;

/// How the program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// By itself, with this code.
    Code(i32),
    /// By a signal with this number.
    Signal(i32),
    /// It could not be started, for this reason.
    NotStarted(String),
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// How long to wait before the next start.
    pub pause: Duration,
    /// What the program shows when it starts.
    pub notice: Option<String>,
    /// What to write on the terminal for the time of the pause.
    pub words: Option<String>,
}

/// Remembers how often the program fell.
#[derive(Debug, Default)]
pub struct Supervision {
    falls: usize,
}

impl Supervision {
    /// The program ended after it had run for `lasted`.
    pub fn after(&mut self, end: &End, lasted: Duration) -> Next {
        if *end == End::Code(0) {
            // Somebody left it. The screens are all there is, so they come again.
            self.falls = 0;
            return Next { pause: Duration::from_secs(1), notice: None, words: None };
        }
        self.falls = if lasted >= LASTING { 1 } else { self.falls + 1 };
        let reason = reason(end);
        let last = PAUSES.len() - 1;
        let pause = PAUSES.get(self.falls - 1).copied().unwrap_or(PAUSES[last]);
        let words = (self.falls >= TELL_AFTER).then(|| self.words(end, &reason, pause));
        Next { pause, notice: Some(notice(&reason)), words }
    }

    fn words(&self, end: &End, reason: &str, pause: Duration) -> String {
        let hint = if is_like_damage(end) { MEDIUM } else { "" };
        format!(
            "\nRemetal ended {} times: {reason}.\n{hint}\n\
             It is started again in {} seconds. Alt+F2 is a shell, Alt+F4 the log,\n\
             Ctrl+Alt+Del starts the computer again.\n",
            self.falls,
            pause.as_secs()
        )
    }
}

const MEDIUM: &str = "\
    Perhaps the medium that this was started from is damaged: start again, and\n\
    choose \"Check this medium\" in the boot menu.\n";

/// A program that cannot be read, or only in part (SIGBUS).
fn is_like_damage(end: &End) -> bool {
    const SIGBUS: i32 = 7;
    matches!(end, End::NotStarted(_) | End::Signal(SIGBUS))
}

fn notice(reason: &str) -> String {
    format!(
        "Remetal was started again: {reason}. A backup or restore that was under way has not come \
         to its end. The log is on Alt+F4."
    )
}

fn reason(end: &End) -> String {
    match end {
        End::Code(code) => format!("it ended with code {code}"),
        End::Signal(9) => "it was killed, perhaps for want of memory".to_owned(),
        End::Signal(signal) => format!("it was ended by signal {signal}"),
        End::NotStarted(error) => format!("it could not be started ({error})"),
    }
}
