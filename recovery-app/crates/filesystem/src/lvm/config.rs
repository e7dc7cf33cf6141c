//! LVM2's configuration text: `name { key = value ... }`, with numbers, strings and lists.

use crate::MapError;

/// Deepest nesting; real metadata has four levels.
const MOST_LEVELS: usize = 16;

/// A value of the text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Number(u64),
    Text(String),
    List(Vec<Value>),
    Section(Section),
}

/// A section: names and values in the order of the text.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Section(Vec<(String, Value)>);

impl Section {
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        match self.get(name)? {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn list(&self, name: &str) -> Option<&[Value]> {
        match self.get(name)? {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    pub(super) fn section(&self, name: &str) -> Option<&Section> {
        match self.get(name)? {
            Value::Section(section) => Some(section),
            _ => None,
        }
    }

    /// The sections directly in this one, with their names.
    pub(super) fn sections(&self) -> impl Iterator<Item = (&str, &Section)> {
        self.values().filter_map(|(name, value)| match value {
            Value::Section(section) => Some((name, section)),
            _ => None,
        })
    }
}

/// Reads the whole text.
pub(super) fn parse(text: &[u8]) -> Result<Section, MapError> {
    let mut parser = Parser { text, at: 0 };
    let section = parser.section(0)?;
    match parser.peek() {
        None => Ok(section),
        Some(_) => Err(parser.error("a bracket too many")),
    }
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn error(&self, what: &str) -> MapError {
        MapError::damaged(format!("LVM2 metadata: {what} at character {}", self.at))
    }

    /// The next character that is not blank or in a comment. A zero ends the text.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match *self.text.get(self.at)? {
                0 => return None,
                b'#' => {
                    let rest = &self.text[self.at..];
                    self.at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                }
                byte if byte.is_ascii_whitespace() => self.at += 1,
                byte => return Some(byte),
            }
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), MapError> {
        if self.peek() != Some(byte) {
            return Err(self.error("an unexpected character"));
        }
        self.at += 1;
        Ok(())
    }

    /// The entries up to a closing brace or the end of the text.
    fn section(&mut self, level: usize) -> Result<Section, MapError> {
        if level > MOST_LEVELS {
            return Err(self.error("too many brackets"));
        }
        let mut entries = Vec::new();
        while let Some(next) = self.peek().filter(|next| *next != b'}') {
            let name = if next == b'"' { self.text()? } else { self.word()? };
            if self.peek() == Some(b'{') {
                self.at += 1;
                let section = self.section(level + 1)?;
                self.expect(b'}')?;
                entries.push((name, Value::Section(section)));
            } else {
                self.expect(b'=')?;
                entries.push((name, self.value(level)?));
            }
        }
        Ok(Section(entries))
    }

    fn value(&mut self, level: usize) -> Result<Value, MapError> {
        match self.peek() {
            Some(b'"') => Ok(Value::Text(self.text()?)),
            Some(b'[') if level <= MOST_LEVELS => self.list(level + 1),
            Some(_) => {
                let word = self.word()?;
                Ok(word.parse().map_or(Value::Text(word), Value::Number))
            }
            None => Err(self.error("the end instead of a value")),
        }
    }

    fn list(&mut self, level: usize) -> Result<Value, MapError> {
        self.expect(b'[')?;
        let mut values = Vec::new();
        while self.peek() != Some(b']') {
            values.push(self.value(level)?);
            if self.peek() != Some(b',') {
                break;
            }
            self.at += 1;
        }
        self.expect(b']')?;
        Ok(Value::List(values))
    }

    /// A name, a number or a value without quotes.
    fn word(&mut self) -> Result<String, MapError> {
        let start = self.at;
        let ends = |byte: &u8| byte.is_ascii_whitespace() || b"={}[],#\"\0".contains(byte);
        let rest = &self.text[start..];
        self.at += rest.iter().position(ends).unwrap_or(rest.len());
        if self.at == start {
            return Err(self.error("an unexpected character"));
        }
        Ok(String::from_utf8_lossy(&self.text[start..self.at]).into_owned())
    }

    /// A string in quotes; a backslash keeps the character behind it.
    fn text(&mut self) -> Result<String, MapError> {
        self.at += 1;
        let mut bytes = Vec::new();
        loop {
            let byte = self.text.get(self.at).copied();
            self.at += 1;
            match byte {
                Some(b'"') => return Ok(String::from_utf8_lossy(&bytes).into_owned()),
                Some(b'\\') => {
                    bytes.extend(self.text.get(self.at));
                    self.at += 1;
                }
                Some(byte) => bytes.push(byte),
                None => return Err(self.error("the end within a string")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sections_lists_and_strings() {
        let text = b"# comment\nvg {\nid = \"a\\\"b\" # x\nlist = [\"pv0\", 12]\nempty = []\n\
            sub { n = -1 f = 1.5 }\n}\nversion = 1\n\0\0";
        let parsed = parse(text).unwrap();
        let group = parsed.section("vg").unwrap();
        assert_eq!(group.text("id"), Some("a\"b"));
        assert_eq!(group.list("list").unwrap()[1], Value::Number(12));
        assert_eq!(group.list("empty"), Some(&[][..]));
        assert_eq!(group.section("sub").unwrap().text("f"), Some("1.5"));
        assert_eq!(parsed.number("version"), Some(1));
    }

    #[test]
    fn refuses_what_is_cut_or_nested_too_deeply() {
        for text in ["a {", "a = ", "a = [1, ", "a = \"x", "}", "a", "= 1", "a = \"\\"] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse("a{".repeat(100_000).as_bytes()).is_err());
        assert!(parse(format!("a={}", "[".repeat(100_000)).as_bytes()).is_err());
    }
}
