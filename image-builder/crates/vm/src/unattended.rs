//! Commands that the booted ISO runs by itself, and what it answers (docs/boot-options.md).

use serde_json::Value;

/// What the machine does after an unattended command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// The screens come up.
    Stay,
    /// It goes off.
    PowerOff,
    /// It starts again, which ends this machine.
    Reboot,
}

/// How an unattended command ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its exit code.
    pub exit_code: i64,
    /// How long it ran, in seconds.
    pub seconds: f64,
    /// All that the serial line said up to the result.
    pub output: String,
}

/// What the line with the result begins with.
pub(crate) const RESULT: &str = "remetal-result: ";

/// The serial number of the disk that holds a script.
pub(crate) const SCRIPT_SERIAL: &str = "REMETAL-SCRIPT";

/// Runs the script on the disk of that serial number: kernel command lines are short. Nothing but
/// virtio disks tells its serial number in one file, which is why the script is on one.
pub(crate) fn script_command() -> String {
    format!(
        "for s in /sys/block/vd*/serial; do if grep -q {SCRIPT_SERIAL} $s; then \
         d=${{s%/serial}}; exec sh /dev/${{d##*/}}; fi; done; echo no script; exit 99"
    )
}

/// A script as the content of a disk: full sectors, and empty lines after its end.
pub(crate) fn script_disk(script: &str) -> Vec<u8> {
    let mut bytes = script.as_bytes().to_vec();
    bytes.resize((bytes.len() + 1).next_multiple_of(4096), b'\n');
    bytes
}

/// Kernel options for a command.
pub(crate) fn options(command: &str, after: After) -> String {
    let after = match after {
        After::Stay => "stay",
        After::PowerOff => "poweroff",
        After::Reboot => "reboot",
    };
    format!("remetal.run={} remetal.after={after}", encode(command))
}

/// Everything but letters, digits and a few signs as `%XX`.
fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte);
    let one =
        |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

/// Reads the line with the result; the error says what is wrong with it.
pub(crate) fn parse(line: &str, output: String) -> Result<Outcome, String> {
    let text = line.strip_prefix(RESULT).ok_or("it has no beginning")?;
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let exit_code = value["exit_code"].as_i64().ok_or("it has no exit_code")?;
    let seconds = value["seconds"].as_f64().ok_or("it has no seconds")?;
    Ok(Outcome { exit_code, seconds, output })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_encoded() {
        let options = options("remetal disks; echo \"ä=1,2\"", After::PowerOff);
        assert_eq!(
            options,
            "remetal.run=remetal%20disks%3B%20echo%20%22%C3%A4%3D1%2C2%22 remetal.after=poweroff"
        );
    }

    #[test]
    fn results_are_read() {
        let line = "remetal-result: {\"command\":\"x\",\"exit_code\":3,\"seconds\":1.5}";
        let outcome = parse(line, "said".to_owned()).unwrap();
        assert_eq!((outcome.exit_code, outcome.output.as_str()), (3, "said"));
        assert!(parse("remetal-result: {\"exit_code\":\"3\"}", String::new()).is_err());
        assert!(parse("remetal-result: {\"exit_c", String::new()).is_err());
    }

    #[test]
    fn a_script_fills_whole_sectors_of_any_size_with_empty_lines() {
        let disk = script_disk("echo 1");
        assert_eq!(disk.len(), 4096);
        assert!(disk.starts_with(b"echo 1\n\n") && disk.ends_with(b"\n"));
        assert_eq!(script_disk(&"x".repeat(4096)).len(), 8192);
    }
}
