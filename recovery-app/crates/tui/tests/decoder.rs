//! What terminals send, whole and in pieces.

use tui::input::{Decoder, Input, Key};

/// Sequences of the Linux console, VT220, xterm and rxvt.
const KEYS: [(&[u8], Key); 45] = [
    (b"\x1b[A", Key::Up),
    (b"\x1b[B", Key::Down),
    (b"\x1b[C", Key::Right),
    (b"\x1b[D", Key::Left),
    (b"\x1bOA", Key::Up),
    (b"\x1bOD", Key::Left),
    (b"\x9bA", Key::Up),
    (b"\x8fP", Key::F(1)),
    (b"\x1b[H", Key::Home),
    (b"\x1b[F", Key::End),
    (b"\x1bOH", Key::Home),
    (b"\x1bOF", Key::End),
    (b"\x1b[1~", Key::Home),
    (b"\x1b[4~", Key::End),
    (b"\x1b[7~", Key::Home),
    (b"\x1b[8~", Key::End),
    (b"\x1b[2~", Key::Insert),
    (b"\x1b[3~", Key::Delete),
    (b"\x1b[5~", Key::PageUp),
    (b"\x1b[6~", Key::PageDown),
    (b"\x1b[[A", Key::F(1)),
    (b"\x1b[[E", Key::F(5)),
    (b"\x1bOP", Key::F(1)),
    (b"\x1bOS", Key::F(4)),
    (b"\x1b[11~", Key::F(1)),
    (b"\x1b[15~", Key::F(5)),
    (b"\x1b[17~", Key::F(6)),
    (b"\x1b[21~", Key::F(10)),
    (b"\x1b[23~", Key::F(11)),
    (b"\x1b[24~", Key::F(12)),
    (b"\x1b[1;5A", Key::Up),
    (b"\x1b[1;2P", Key::F(1)),
    (b"\x1b[3;5~", Key::Delete),
    (b"\x1b[Z", Key::BackTab),
    (b"\x1bOM", Key::Enter),
    (b"\r", Key::Enter),
    (b"\n", Key::Enter),
    (b"\t", Key::Tab),
    (b"\x7f", Key::Backspace),
    (b"\x08", Key::Backspace),
    (b"\x0c", Key::Ctrl('l')),
    (b"q", Key::Char('q')),
    (b"\x1bq", Key::Alt('q')),
    ("é".as_bytes(), Key::Char('é')),
    ("漢".as_bytes(), Key::Char('漢')),
];

#[test]
fn every_key_whole() {
    for (bytes, key) in KEYS {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.feed(bytes), [Input::Key(key)], "{:?}", bytes.escape_ascii());
        assert_eq!(decoder.patience(), None);
    }
}

#[test]
fn every_key_byte_by_byte() {
    for (bytes, key) in KEYS {
        let mut decoder = Decoder::default();
        let (last, first) = bytes.split_last().unwrap();
        for byte in first {
            assert_eq!(decoder.feed(&[*byte]), [], "{:?}", bytes.escape_ascii());
            assert!(decoder.patience().is_some());
        }
        assert_eq!(decoder.feed(&[*last]), [Input::Key(key)], "{:?}", bytes.escape_ascii());
    }
}

#[test]
fn all_keys_in_one_go() {
    let bytes: Vec<u8> = KEYS.iter().flat_map(|(bytes, _)| bytes.iter().copied()).collect();
    // The line feed behind a carriage return is the same Enter.
    let expected: Vec<Input> =
        KEYS.iter().filter(|(bytes, _)| *bytes != b"\n").map(|(_, key)| Input::Key(*key)).collect();
    assert_eq!(Decoder::default().feed(&bytes), expected);
}

#[test]
fn escape_is_known_by_the_silence_after_it() {
    let mut decoder = Decoder::default();
    assert_eq!(decoder.feed(b"\x1b"), []);
    let short = decoder.patience().unwrap();
    assert_eq!(decoder.silence(), Some(Input::Key(Key::Esc)));
    assert_eq!(decoder.silence(), None);
    assert_eq!(decoder.feed(b"\x1b\x1b"), [Input::Key(Key::Esc)]);
    assert_eq!(decoder.silence(), Some(Input::Key(Key::Esc)));
    // A sequence that is cut off is not taken for letters as soon as an Escape is for itself.
    assert_eq!(decoder.feed(b"\x1b[8;2"), []);
    assert!(decoder.patience().unwrap() > short);
    assert_eq!(decoder.feed(b"5;80t"), [Input::Size { rows: 25, columns: 80 }]);
}

#[test]
fn noise_does_no_harm_to_what_follows() {
    for noise in [
        &b"\x1b[99~"[..],
        b"\x1b[200~",
        b"\x1b[?1;2c",
        b"\x1bOx",
        b"\x1b[12;\x1b[A\x1b[999",
        b"\xff",
        b"\x1b[[Z",
    ] {
        let mut decoder = Decoder::default();
        decoder.feed(noise);
        decoder.silence();
        assert_eq!(decoder.feed(b"\x1b[B"), [Input::Key(Key::Down)], "{:?}", noise.escape_ascii());
    }
}

#[test]
fn answers_of_the_terminal_are_no_keys() {
    let mut decoder = Decoder::default();
    let answers = decoder.feed(b"\x1b[1;3R\x1b[8;50;160t\x1b[50;160R");
    let expected = [
        Input::Cursor { row: 1, column: 3 },
        Input::Size { rows: 50, columns: 160 },
        Input::Cursor { row: 50, column: 160 },
    ];
    assert_eq!(answers, expected);
}
