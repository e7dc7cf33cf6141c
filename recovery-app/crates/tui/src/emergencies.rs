//! What the kernel writes over the screens: emergencies, such as the loss of data on a drive that was
//! pulled out. No level of its console keeps them away but 0, and that silences a falling kernel as
//! well (Linux `include/linux/printk.h`, `console_verbose`). So all is drawn again after one.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::thread;

use crossbeam_channel::Sender;

use crate::event_loop::Event;

/// The kernel's log: each read gives one record.
const LOG: &str = "/dev/kmsg";
/// Longest record, in bytes (Linux `PRINTKRB_RECORD_MAX` and its dictionary).
const LONGEST: usize = 8192;

/// Tells of each emergency from now on, where the kernel's log can be read.
pub fn watch(events: Sender<Event>) -> io::Result<()> {
    let Ok(mut log) = File::open(LOG) else { return Ok(()) };
    if log.seek(SeekFrom::End(0)).is_err() {
        return Ok(());
    }
    thread::Builder::new().name("emergencies".to_owned()).spawn(move || {
        while next_in(&mut log).is_ok() && events.send(Event::Overwritten).is_ok() {}
    })?;
    Ok(())
}

/// Waits for the next emergency in the log.
fn next_in(log: &mut impl Read) -> io::Result<()> {
    let mut record = [0; LONGEST];
    loop {
        match log.read(&mut record) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(length) if is_emergency(&record[..length]) => return Ok(()),
            // Some were overwritten before they were read; the next read goes on.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => return Err(error),
            Ok(_) | Err(_) => {}
        }
    }
}

/// A record begins with facility and level as one number, the level in its last three bits, and a
/// comma.
fn is_emergency(record: &[u8]) -> bool {
    let number = record.split(|byte| *byte == b',').next().unwrap_or_default();
    let number = std::str::from_utf8(number).ok().and_then(|text| text.parse::<u32>().ok());
    number.is_some_and(|number| number & 7 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One record for each read, as the kernel gives them.
    struct Log(Vec<io::Result<&'static [u8]>>);

    impl Read for Log {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            let record = self.0.remove(0)?;
            buffer[..record.len()].copy_from_slice(record);
            Ok(record.len())
        }
    }

    #[test]
    fn emergencies_are_found_among_other_records() {
        let lost = b"0,1200,9000,-;EXT4-fs (sdc1): potential data loss!\n";
        let mut log = Log(vec![
            Ok(b"2,1198,8000,-;EXT4-fs error (device sdc1)\n"),
            Err(ErrorKind::BrokenPipe.into()),
            Ok(lost),
            Ok(b"8,1201,9001,-;of a program\n"),
            Ok(b"junk"),
            Ok(b"14,1202,9002,-;news\n"),
        ]);
        assert!(next_in(&mut log).is_ok());
        assert_eq!(log.0.len(), 3);
        assert!(next_in(&mut log).is_ok(), "one that a program wrote is shown as well");
        assert!(next_in(&mut log).is_err(), "the log has ended");
    }
}
