use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use rustix::process::Signal;

use super::machine;
use crate::{guard, log};

/// `KEY_POWER` of `linux/input-event-codes.h`.
const KEY_POWER: u16 = 116;

/// The size of `struct input_event` of `linux/input.h`: two 64-bit times, type, code, value.
const EVENT: usize = 24;

/// Looks after the power buttons that are there already.
pub(super) fn attend_present() {
    for entry in fs::read_dir("/dev/input").into_iter().flatten().flatten() {
        if let Some(name) = entry.file_name().to_str().filter(|name| name.starts_with("event")) {
            attend(name);
        }
    }
}

/// Waits for the button to be pressed, if the device `name` (such as `event0`) has one.
pub(super) fn attend(name: &str) {
    let keys = format!("/sys/class/input/{name}/device/capabilities/key");
    let keys = fs::read_to_string(keys).unwrap_or_default();
    if !has_key(&keys, KEY_POWER) {
        return;
    }
    let path = Path::new("/dev/input").join(name);
    guard::spawn("power button", move || {
        let Ok(mut device) = File::open(&path) else { return };
        let mut event = [0; EVENT];
        // Ends when the device is gone.
        while device.read_exact(&mut event).is_ok() {
            if is_press(&event) {
                log::info("the power button was pressed");
                machine::ask_keeper(Signal::USR2);
            }
        }
    });
}

/// Reads the kernel's bit map of keys: words of 64 bits in hexadecimal, the last keys first.
fn has_key(map: &str, key: u16) -> bool {
    let word = map.split_whitespace().rev().nth(usize::from(key / 64));
    let bits = word.and_then(|word| u64::from_str_radix(word, 16).ok());
    bits.is_some_and(|bits| bits >> (key % 64) & 1 == 1)
}

fn is_press(event: &[u8; EVENT]) -> bool {
    const EV_KEY: u16 = 1;
    let word = |place: usize| u16::from_ne_bytes([event[place], event[place + 1]]);
    let pressed = event[20..] == 1_i32.to_ne_bytes();
    word(16) == EV_KEY && word(18) == KEY_POWER && pressed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_button_is_found_in_the_map_of_keys() {
        // ACPI's power button, a keyboard without one, and an old keyboard that has one.
        assert!(has_key("10000000000000 0\n", KEY_POWER));
        assert!(!has_key("8000000000 0\n", KEY_POWER));
        assert!(has_key("402000000 3803078f800d001 feffffdfffefffff fffffffffffffffe", KEY_POWER));
        assert!(!has_key("", KEY_POWER));
        assert!(!has_key("zz yy", KEY_POWER));
    }

    #[test]
    fn only_the_press_of_that_key_counts() {
        let event = |kind: u16, code: u16, value: i32| {
            let mut event = [0; EVENT];
            event[16..18].copy_from_slice(&kind.to_ne_bytes());
            event[18..20].copy_from_slice(&code.to_ne_bytes());
            event[20..].copy_from_slice(&value.to_ne_bytes());
            event
        };
        assert!(is_press(&event(1, KEY_POWER, 1)));
        assert!(!is_press(&event(1, KEY_POWER, 0)), "let go");
        assert!(!is_press(&event(1, KEY_POWER, 2)), "held");
        assert!(!is_press(&event(1, 30, 1)), "another key");
        assert!(!is_press(&event(0, KEY_POWER, 1)), "not a key");
    }
}
