//! No key, whenever it is pressed and whatever happens meanwhile, overwrites a disk unless that
//! disk's word was typed on the screen that asks for it.

mod trial;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tui::input::Key;

use crate::stage::{UEFI, VGA};
use trial::{Begun, Trial, WORLDS};

/// Something that happens.
#[derive(Debug, Clone)]
enum Act {
    Press(Key),
    /// So many steps of the straight way to a restore.
    Go {
        steps: usize,
    },
    /// Home, and then towards a restore as far as screens follow.
    SetOut,
    /// Home, and then to the last question before a drive is made ready for backups.
    SetOutToFormat,
    /// "Go on" in place of "Go back".
    GoOn,
    /// The word that the screen asks for, with so many of its letters, in capitals or not.
    TypeWord {
        letters: usize,
        capitals: bool,
    },
    Resize((u16, u16)),
    Wait(u64),
    /// Those of the disks whose bit is set are attached now.
    Attach(u8),
    /// All disks are taken out, and those of this world attached.
    Change(usize),
    /// What was asked is answered.
    Answer(Answer),
    /// Work ends.
    End {
        well: bool,
    },
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    Plainly,
    WithRefusal,
    WithTrouble,
}

fn key() -> impl Strategy<Value = Key> {
    let moves = [
        Key::Enter,
        Key::Enter,
        Key::Esc,
        Key::Tab,
        Key::BackTab,
        Key::Up,
        Key::Down,
        Key::Left,
        Key::Right,
        Key::PageDown,
        Key::Home,
        Key::End,
        Key::Backspace,
        Key::F(1),
    ];
    prop_oneof![
        4 => proptest::sample::select(moves.to_vec()),
        1 => proptest::char::range(' ', '~').prop_map(Key::Char),
        1 => any::<char>().prop_map(Key::Char),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        12 => key().prop_map(Act::Press),
        4 => (1..5_usize).prop_map(|steps| Act::Go { steps }),
        1 => Just(Act::SetOut),
        3 => Just(Act::SetOutToFormat),
        4 => Just(Act::GoOn),
        4 => (0..6_usize, any::<bool>())
            .prop_map(|(letters, capitals)| Act::TypeWord { letters, capitals }),
        4 => Just(Act::TypeWord { letters: usize::MAX, capitals: true }),
        1 => prop_oneof![Just(VGA), Just(UEFI), Just((80, 24))].prop_map(Act::Resize),
        1 => (0..9_u64).prop_map(Act::Wait),
        1 => any::<u8>().prop_map(Act::Attach),
        1 => (0..5_u8).prop_map(|which| Act::Attach(!(1 << which))),
        1 => Just(Act::Attach(0xff)),
        1 => (0..WORLDS).prop_map(Act::Change),
        8 => Just(Act::Answer(Answer::Plainly)),
        1 => Just(Act::Answer(Answer::WithRefusal)),
        1 => Just(Act::Answer(Answer::WithTrouble)),
        3 => any::<bool>().prop_map(|well| Act::End { well }),
    ]
}

/// From the home screen to a restore.
fn straight() -> [Act; 4] {
    let word = Act::TypeWord { letters: 4, capitals: false };
    [Act::SetOut, Act::Answer(Answer::Plainly), Act::GoOn, word]
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    vec(act(), 1..80)
}

fn run(acts: &[Act]) -> Begun {
    let mut trial = Trial::new();
    acts.iter().for_each(|act| trial.act(act));
    trial.begun
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn nothing_is_overwritten_without_its_word(acts in acts()) {
        run(&acts);
    }
}

/// Of a proof that nothing happens it has to be known that something could have.
#[test]
fn the_same_acts_do_overwrite_disks() {
    let mut runner = TestRunner::deterministic();
    let mut begun = || run(&acts().new_tree(&mut runner).unwrap().current());
    let all: Vec<Begun> = (0..100).map(|_| begun()).collect();
    let restores: usize = all.iter().map(|begun| begun.restores).sum();
    let formats: usize = all.iter().map(|begun| begun.formats).sum();
    assert!(restores >= 20 && formats >= 20, "{restores} restores, {formats} formats");
}

#[test]
fn the_straight_way_is_one() {
    let acts = straight();
    let nothing = Begun::default();
    assert_eq!(run(&acts), Begun { restores: 1, formats: 0 });
    assert_eq!(run(&acts[1..]), nothing);
    assert_eq!(run(&[&acts[..2], &acts[3..]].concat()), nothing);
    assert_eq!(run(&acts[..3]), nothing);
    let word = acts[3].clone();
    assert_eq!(run(&[Act::SetOutToFormat, word]), Begun { restores: 0, formats: 1 });
    assert_eq!(run(&[Act::SetOutToFormat]), nothing);
}
