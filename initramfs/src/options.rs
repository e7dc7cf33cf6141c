//! The options on the kernel's command line; `docs/boot-options.md` tells people about them.

use std::fs;

/// The letters that all of our options begin with.
const PREFIX: &str = "remetal.";

/// The size of the text on the screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TextSize {
    /// Large where the screen has room for plenty of it.
    #[default]
    Normal,
    /// Large wherever the smallest usable screen, 80 columns by 24 rows, remains.
    Large,
}

/// What follows an unattended command.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum After {
    /// The screens start.
    #[default]
    Stay,
    /// The machine is switched off.
    PowerOff,
    /// The machine starts again.
    Reboot,
}

/// All that can be chosen at the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Where the screens appear, by terminal name; `None` for the choice that fits the machine.
    pub consoles: Option<Vec<String>>,
    /// The size of the text.
    pub text: TextSize,
    /// Draw with plain ASCII only.
    pub ascii: bool,
    /// Show the kernel's and our own messages while starting.
    pub verbose: bool,
    /// The keyboard layout, as `loadkeys` names it.
    pub keymap: Option<String>,
    /// A command to run instead of the screens.
    pub run: Option<String>,
    /// What follows that command.
    pub after: After,
    /// What could not be understood, in words for the person who typed it.
    pub problems: Vec<String>,
}

impl Options {
    /// The options of this start.
    #[must_use]
    pub fn of_this_start() -> Self {
        // A letter that is not UTF-8, perhaps of the firmware, spoils its own word alone.
        Self::parse(&String::from_utf8_lossy(&fs::read("/proc/cmdline").unwrap_or_default()))
    }

    /// Reads a kernel command line. What is not ours is passed over, what is wrong is noted in
    /// [`Options::problems`]; of an option given twice, the last one counts.
    #[must_use]
    pub fn parse(line: &str) -> Self {
        let mut options = Self::default();
        for word in words(line) {
            if let Some(ours) = word.strip_prefix(PREFIX) {
                let (name, value) = ours.split_once('=').unzip();
                options.take(name.unwrap_or(ours), value.map(percent_decoded).as_deref());
            }
        }
        options
    }

    fn take(&mut self, name: &str, value: Option<&str>) {
        match (name, value) {
            ("console", Some(names)) => self.take_consoles(names),
            ("text", Some("normal")) => self.text = TextSize::Normal,
            ("text", Some("large")) => self.text = TextSize::Large,
            ("ascii", None | Some("1" | "on" | "yes")) => self.ascii = true,
            ("ascii", Some("0" | "off" | "no")) => self.ascii = false,
            ("verbose", None | Some("1" | "on" | "yes")) => self.verbose = true,
            ("verbose", Some("0" | "off" | "no")) => self.verbose = false,
            ("keymap", Some(layout)) if is_plain_name(layout) => {
                self.keymap = Some(layout.to_owned());
            }
            ("run", Some(command)) if !command.trim().is_empty() => {
                self.run = Some(command.to_owned());
            }
            ("after", Some("stay")) => self.after = After::Stay,
            ("after", Some("poweroff")) => self.after = After::PowerOff,
            ("after", Some("reboot")) => self.after = After::Reboot,
            _ => self.problems.push(problem(name, value)),
        }
    }

    fn take_consoles(&mut self, names: &str) {
        let mut chosen: Vec<String> = Vec::new();
        for name in names.split(',').filter(|name| !name.is_empty()) {
            let name = name.strip_prefix("/dev/").unwrap_or(name);
            if !is_plain_name(name) {
                self.problems.push(problem("console", Some(name)));
            } else if !chosen.iter().any(|earlier| earlier == name) {
                chosen.push(name.to_owned());
            }
        }
        if !chosen.is_empty() {
            self.consoles = Some(chosen);
        }
    }
}

fn problem(name: &str, value: Option<&str>) -> String {
    const KNOWN: [&str; 7] = ["console", "text", "ascii", "verbose", "keymap", "run", "after"];
    let (name, value) = (beginning(name), value.map(beginning));
    match value {
        _ if !KNOWN.contains(&name) => format!("The boot option {PREFIX}{name} is not known."),
        None => format!("The boot option {PREFIX}{name} needs a value."),
        Some(value) => format!("The boot option {PREFIX}{name} cannot be \"{value}\"."),
    }
}

/// As much of what was typed as the first screen has room for.
fn beginning(text: &str) -> &str {
    const LONGEST: usize = 60;
    text.char_indices().nth(LONGEST).map_or(text, |(end, _)| &text[..end])
}

/// Names of terminals and keyboard layouts are handed to programs and joined to paths.
fn is_plain_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !name.is_empty() && !name.starts_with(['-', '.']) && name.bytes().all(plain)
}

/// The words of a command line, by the kernel's rules (`next_arg` in `lib/cmdline.c`): spaces
/// separate, except between double quotes. Quotes around a whole word or its value fall away, all
/// others belong to it.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for letter in line.chars().chain([' ']) {
        if letter.is_ascii_whitespace() && !quoted {
            words.push(unquoted(&std::mem::take(&mut word)));
        } else {
            quoted ^= letter == '"';
            word.push(letter);
        }
    }
    // A quote that is never closed reaches to the end.
    words.push(unquoted(word.trim_end()));
    words.retain(|word| !word.is_empty());
    words
}

fn unquoted(word: &str) -> String {
    if let Some(inside) = word.strip_prefix('"') {
        return inside.strip_suffix('"').unwrap_or(inside).to_owned();
    }
    match word.split_once("=\"") {
        Some((name, value)) if !name.contains('=') => {
            format!("{name}={}", value.strip_suffix('"').unwrap_or(value))
        }
        _ => word.to_owned(),
    }
}

/// Turns `%20` into a space and so on. A percent sign that no two hexadecimal digits follow
/// stands for itself; what is then not UTF-8 becomes U+FFFD.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        if let ([b'%', high, low, after @ ..], Some(byte)) = (rest, hexadecimal(rest)) {
            debug_assert!(high.is_ascii_hexdigit() && low.is_ascii_hexdigit());
            bytes.push(byte);
            rest = after;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The byte that `%XX` at the start of `bytes` stands for.
fn hexadecimal(bytes: &[u8]) -> Option<u8> {
    let digit = |place: usize| char::from(*bytes.get(place)?).to_digit(16);
    let byte = digit(1)? * 16 + digit(2)?;
    u8::try_from(byte).ok().filter(|_| bytes.first() == Some(&b'%'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(line: &str) -> Option<String> {
        Options::parse(line).run
    }

    #[test]
    fn the_usual_start_has_no_options() {
        let line = "BOOT_IMAGE=/boot/vmlinuz console=ttyS0,115200 console=tty0 quiet loglevel=3";
        assert_eq!(Options::parse(line), Options::default());
        assert_eq!(Options::parse(""), Options::default());
        assert_eq!(Options::parse("  \n"), Options::default());
    }

    #[test]
    fn every_option_is_understood() {
        let options = Options::parse(
            "remetal.console=tty1,ttyS1 remetal.text=large remetal.ascii remetal.verbose \
             remetal.keymap=de-latin1 remetal.run=remetal%20disks remetal.after=poweroff\n",
        );
        let expected = Options {
            consoles: Some(vec!["tty1".into(), "ttyS1".into()]),
            text: TextSize::Large,
            ascii: true,
            verbose: true,
            keymap: Some("de-latin1".into()),
            run: Some("remetal disks".into()),
            after: After::PowerOff,
            problems: Vec::new(),
        };
        assert_eq!(options, expected);
    }

    #[test]
    fn a_command_can_be_quoted_in_two_ways_or_encoded() {
        assert_eq!(run(r#"quiet "remetal.run=a b" x"#).as_deref(), Some("a b"));
        assert_eq!(run(r#"quiet remetal.run="a b" x"#).as_deref(), Some("a b"));
        assert_eq!(run("remetal.run=a%20%22b%22%0ac").as_deref(), Some("a \"b\"\nc"));
        assert_eq!(run("remetal.run=x=1;y=2").as_deref(), Some("x=1;y=2"));
        assert_eq!(run(r#"remetal.run=echo%20"a b" x"#).as_deref(), Some(r#"echo "a b""#));
        assert_eq!(run(r#"remetal.run=x="1 2""#).as_deref(), Some(r#"x="1 2""#));
        assert_eq!(run("remetal.run=\"a b\n").as_deref(), Some("a b"));
    }

    #[test]
    fn a_percent_sign_without_digits_stands_for_itself() {
        assert_eq!(percent_decoded("date%20+%Y 100% %4"), "date +%Y 100% %4");
        assert_eq!(percent_decoded("%41%e2%82%ac%ff"), "A\u{20ac}\u{fffd}");
        assert_eq!(percent_decoded("%+1%%20"), "%+1% ");
    }

    #[test]
    fn the_last_one_of_two_counts() {
        let options = Options::parse("remetal.text=large remetal.text=normal remetal.ascii=0");
        assert_eq!((options.text, options.ascii), (TextSize::Normal, false));
    }

    #[test]
    fn what_is_wrong_is_named_and_the_rest_holds() {
        let options = Options::parse(
            "remetal.text=huge remetal.colour=red remetal.keymap=../x remetal.run= \
             remetal.console=tty1,/dev/ttyS0,-x,tty1 remetal.after",
        );
        assert_eq!(options.consoles, Some(vec!["tty1".into(), "ttyS0".into()]));
        assert_eq!(options.problems.len(), 6, "{:?}", options.problems);
        assert!(options.problems[0].contains("remetal.text cannot be \"huge\""));
        assert!(options.problems[1].contains("remetal.colour is not known"));
        assert!(options.problems[5].contains("remetal.after needs a value"));
    }

    #[test]
    fn what_is_wrong_is_named_in_short() {
        let long = "ö".repeat(2000);
        let options = Options::parse(&format!("remetal.{long} remetal.text={long}"));
        assert!(options.problems.iter().all(|problem| problem.chars().count() < 120));
    }

    proptest::proptest! {
        #[test]
        fn any_command_line_is_read_without_harm(line in ".{0,200}") {
            let _ = Options::parse(&line);
            let _ = Options::parse(&format!("remetal.run={line} remetal.{line}"));
        }

        #[test]
        fn any_command_survives_encoding(command in "\\PC{1,40}") {
            let encoded: String = command.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let read = Options::parse(&format!("quiet remetal.run={encoded} x")).run;
            let expected = (!command.trim().is_empty()).then_some(command);
            proptest::prop_assert_eq!(read, expected);
        }
    }
}
