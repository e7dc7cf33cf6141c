//! QEMU's control line: one JSON object a line, as docs/interop/qmp-spec.rst of QEMU has it.
//!
//! Written here, since a handful of commands is needed whose arguments are free JSON anyway; the
//! crate `qapi` generates types for all of QEMU's schema to wrap them.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use serde_json::{Value, json};

/// QEMU answers at once, or not at all.
const PATIENCE: Duration = Duration::from_secs(60);

/// The control line of a running QEMU. Errors are reasons to be shown.
pub(crate) struct Qmp {
    reader: BufReader<UnixStream>,
    writer: UnixStream,
    events: Vec<Value>,
}

impl Qmp {
    /// Greets QEMU.
    pub(crate) fn new(stream: UnixStream) -> Result<Qmp, String> {
        stream.set_read_timeout(Some(PATIENCE)).map_err(|error| error.to_string())?;
        let writer = stream.try_clone().map_err(|error| error.to_string())?;
        let mut qmp = Qmp { reader: BufReader::new(stream), writer, events: Vec::new() };
        qmp.message()?;
        qmp.run("qmp_capabilities", json!({}))?;
        Ok(qmp)
    }

    /// Runs a command and returns its result.
    pub(crate) fn run(&mut self, command: &str, arguments: Value) -> Result<Value, String> {
        let request = json!({ "execute": command, "arguments": arguments });
        writeln!(self.writer, "{request}").map_err(|error| error.to_string())?;
        loop {
            let mut message = self.message()?;
            if let Some(result) = message.get_mut("return") {
                return Ok(result.take());
            }
            if let Some(error) = message.get("error") {
                return Err(error["desc"].as_str().unwrap_or("no reason").to_owned());
            }
            self.events.push(message);
        }
    }

    /// Waits for an event of a device, such as `DEVICE_DELETED`.
    pub(crate) fn wait_for_event(&mut self, event: &str, device: &str) -> Result<(), String> {
        let fits =
            |message: &Value| message["event"] == event && message["data"]["device"] == device;
        while !self.events.iter().any(fits) {
            let message = self.message()?;
            self.events.push(message);
        }
        self.events.retain(|message| !fits(message));
        Ok(())
    }

    /// Why the machine went off, in QEMU's words such as `guest-shutdown`; for when it has.
    pub(crate) fn reason_of_end(&mut self) -> Option<String> {
        while let Ok(message) = self.message() {
            self.events.push(message);
        }
        let end = self.events.iter().rev().find(|message| message["event"] == "SHUTDOWN")?;
        end["data"]["reason"].as_str().map(str::to_owned)
    }

    fn message(&mut self) -> Result<Value, String> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(0) => Err("QEMU has ended".to_owned()),
            Ok(_) => serde_json::from_str(&line).map_err(|error| format!("{error}: {line}")),
            Err(error) => Err(error.to_string()),
        }
    }
}
