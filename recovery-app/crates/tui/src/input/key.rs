/// A key that was pressed. What a terminal cannot tell apart is one key here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// A letter, digit, sign or blank.
    Char(char),
    /// A letter, in lower case, with Ctrl held.
    Ctrl(char),
    /// A character with Alt held, or typed right after Escape.
    Alt(char),
    /// Enter, on the keypad too.
    Enter,
    /// Escape.
    Esc,
    /// Tab. The Linux console sends it for Shift+Tab as well.
    Tab,
    /// Shift+Tab.
    BackTab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Insert.
    Insert,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// F1 to F12.
    F(u8),
}
