use std::fs::File;
use std::io::Read;
use std::thread;
use std::time::Duration;

use super::console::Console;
use super::terminal::Terminal;
use crate::{guard, log};

/// Where the log is shown.
const TERMINAL: &str = "tty4";

/// Shows the kernel's log, which holds ours too, as it grows.
pub(super) fn show() {
    guard::spawn("log", || {
        let console = Console { name: TERMINAL.to_owned(), serial: false };
        let Some(mut terminal) = log::gone_past(Terminal::open(&console)) else { return };
        let Ok(mut records) = File::open("/dev/kmsg") else { return };
        let mut record = [0; 8192];
        loop {
            match records.read(&mut record) {
                Ok(length) => terminal.write(line(&record[..length]).as_bytes()),
                // Some were overwritten before they were read; the next read goes on.
                Err(error)
                    if error.raw_os_error() == Some(rustix::io::Errno::PIPE.raw_os_error()) => {}
                Err(_) => thread::sleep(Duration::from_secs(1)),
            }
        }
    });
}

/// A record is `level,number,microseconds,flags;text`, then lines with properties.
fn line(record: &[u8]) -> String {
    let text = String::from_utf8_lossy(record);
    let (header, rest) = text.split_once(';').unwrap_or(("", &text));
    let microseconds = header.split(',').nth(2).and_then(|field| field.parse::<u64>().ok());
    let seconds = Duration::from_micros(microseconds.unwrap_or_default()).as_secs_f64();
    format!("[{seconds:>10.3}] {}\r\n", rest.lines().next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_becomes_a_line() {
        let record = b"6,339,5140900,-;NET: Registered PF_NETLINK\n SUBSYSTEM=net\n";
        assert_eq!(line(record), "[     5.141] NET: Registered PF_NETLINK\r\n");
        assert_eq!(line(b"junk"), "[     0.000] junk\r\n");
        assert_eq!(line(b""), "[     0.000] \r\n");
    }
}
