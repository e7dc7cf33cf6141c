//! Whatever is pressed, and however small the screen: nothing falls over, and every cell can be
//! drawn.

use proptest::collection::vec;
use proptest::prelude::*;
use tui::console::{Profile, glyphs};
use tui::input::{Decoder, Input, Key};
use tui::{Command, Message, Surroundings};

use crate::computer::{failing, fresh, many, notebook, strange, usb_drive};
use crate::stage::{ASCII, FULL, SCREEN, Stage};

pub fn check_cells(stage: &Stage) {
    let allowed = stage.state.shared.profile.glyphs;
    for cell in &stage.picture().content {
        let mut letters = cell.symbol().chars();
        let letter = letters.next().unwrap();
        assert!(letters.next().is_none(), "{:?}", cell.symbol());
        assert!(glyphs::is_safe(letter, allowed), "{letter:?} in\n{}", stage.text());
    }
}

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![
        Just(Key::Enter),
        Just(Key::Esc),
        Just(Key::Tab),
        Just(Key::BackTab),
        Just(Key::Up),
        Just(Key::Down),
        Just(Key::Left),
        Just(Key::Right),
        Just(Key::PageUp),
        Just(Key::PageDown),
        Just(Key::Home),
        Just(Key::End),
        Just(Key::F(1)),
        any::<char>().prop_map(Key::Char),
        (0..26_u8).prop_map(|letter| Key::Ctrl(char::from(b'a' + letter))),
    ]
}

#[derive(Debug, Clone)]
enum Act {
    Press(Key),
    Resize(u16, u16),
    Wait(u64),
    Attach(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => key().prop_map(Act::Press),
        1 => (0..200_u16, 0..60_u16).prop_map(|(columns, rows)| Act::Resize(columns, rows)),
        1 => (0..9_u64).prop_map(Act::Wait),
        1 => (0..8_usize).prop_map(Act::Attach),
    ]
}

fn profile() -> impl Strategy<Value = Profile> {
    prop_oneof![Just(SCREEN), Just(ASCII), Just(FULL)]
}

fn surroundings() -> impl Strategy<Value = Surroundings> {
    prop_oneof![Just(Surroundings::Screen), Just(Surroundings::Serial), Just(Surroundings::Guest)]
}

fn attach(stage: &mut Stage, which: usize) {
    let disks = [notebook(), usb_drive(), fresh(), failing(), strange()];
    match which {
        6 => stage.attach(&many()),
        // Seen, but not looked at yet.
        7 => {
            stage.tell(Message::Disks(Ok(disks.map(|(disk, _)| disk).to_vec().into())));
        }
        count => stage.attach(&disks[..count.min(disks.len())]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_keys_break_it(
        profile in profile(),
        surroundings in surroundings(),
        acts in vec(act(), 1..60),
    ) {
        let mut stage = Stage::within(surroundings, (80, 25), profile);
        for act in acts {
            match act {
                Act::Press(key) => for command in stage.press(&[key]) {
                    let ends = matches!(command, Command::End(..));
                    prop_assert!(!ends || surroundings != Surroundings::Guest, "{command:?}");
                },
                Act::Resize(columns, rows) => drop(stage.tell(Message::Resized(columns, rows))),
                Act::Wait(seconds) => stage.wait(seconds),
                Act::Attach(which) => attach(&mut stage, which),
            }
            check_cells(&stage);
        }
    }

    #[test]
    fn the_decoder_takes_all_bytes_in_all_pieces(bytes in vec(any::<u8>(), 0..80), cut in 0..80_usize) {
        let mut whole = Decoder::default();
        let mut pieces = Decoder::default();
        let (first, second) = bytes.split_at(cut.min(bytes.len()));
        let mut from_pieces = pieces.feed(first);
        from_pieces.extend(pieces.feed(second));
        from_pieces.extend(pieces.silence());
        let mut from_whole: Vec<Input> = whole.feed(&bytes);
        from_whole.extend(whole.silence());
        prop_assert_eq!(from_pieces, from_whole);
        prop_assert!(whole.patience().is_none());
    }
}

#[test]
fn every_screen_is_drawn_with_glyphs_that_there_are() {
    for profile in [SCREEN, ASCII, FULL] {
        for keys in [
            &[][..],
            &[Key::F(1)],
            &[Key::Enter],
            &[Key::Enter, Key::F(1)],
            &[Key::Right, Key::Enter],
            &[Key::Down, Key::Enter],
            &[Key::Down, Key::Enter, Key::F(1)],
            &[Key::Left, Key::Enter],
        ] {
            for size in [(80, 24), (80, 25), (160, 50), (20, 5), (1, 1)] {
                let disks = [notebook(), usb_drive(), fresh(), failing(), strange()];
                let mut stage = Stage::new(size, profile).with(&disks);
                stage.press(keys);
                check_cells(&stage);
            }
        }
    }
}

/// The texts of the program itself must not need replacing: a `?` on the screen is a slip.
#[test]
fn nothing_of_our_own_is_replaced() {
    for profile in [SCREEN, FULL] {
        let mut stage = Stage::new((160, 50), profile).with(&[notebook(), usb_drive()]);
        for keys in
            [&[][..], &[Key::F(1)], &[Key::Esc, Key::Enter], &[Key::Esc, Key::Right, Key::Enter]]
        {
            stage.press(keys);
            assert!(!stage.text().contains('?'), "{}", stage.text());
        }
    }
}
