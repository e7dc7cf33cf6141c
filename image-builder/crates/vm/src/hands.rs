//! Hands on a machine: its keyboard, its power button, its USB sockets, and eyes for its screen.

use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::disk::{Disk, node_name};
use crate::error::Error;
use crate::keys::keys;
use crate::machine::Machine;

/// How long a key is down, in milliseconds, and the time until the next one is pressed.
const KEY_DOWN: u64 = 40;
const KEY_GAP: Duration = Duration::from_millis(120);

impl Machine {
    /// Types on the serial line.
    ///
    /// # Errors
    /// When the machine is off, or its serial line is a terminal.
    pub fn send(&mut self, text: &str) -> Result<(), Error> {
        let Some(serial) = &mut self.serial else { return Err(self.refused("serial", "none")) };
        let sent = serial.send(text.as_bytes());
        sent.map_err(|error| self.refused("serial", &error.to_string()))
    }

    /// Presses one key, or several together, such as `ctrl-alt-delete`; the names are QEMU's
    /// (`QKeyCode`).
    ///
    /// # Errors
    /// When QEMU knows no such key.
    pub fn press(&mut self, together: &str) -> Result<(), Error> {
        let keys: Vec<String> = together.split('-').map(str::to_owned).collect();
        self.hold(&keys)
    }

    /// Types on the keyboard.
    ///
    /// # Errors
    /// For a character that is on no key.
    pub fn type_keys(&mut self, text: &str) -> Result<(), Error> {
        text.chars().try_for_each(|character| self.hold(&keys(character)?))
    }

    fn hold(&mut self, keys: &[String]) -> Result<(), Error> {
        let keys: Vec<Value> =
            keys.iter().map(|key| json!({ "type": "qcode", "data": key })).collect();
        self.control("send-key", json!({ "keys": keys, "hold-time": KEY_DOWN }))?;
        thread::sleep(KEY_GAP);
        Ok(())
    }

    /// Takes a picture of the screen, as PNG.
    ///
    /// # Errors
    /// When QEMU cannot write it.
    pub fn screenshot(&mut self, file: &Path) -> Result<(), Error> {
        let filename = std::path::absolute(file).map_err(Error::file("find", file))?;
        self.control("screendump", json!({ "filename": filename, "format": "png" }))?;
        Ok(())
    }

    /// Presses the power button.
    ///
    /// # Errors
    /// When QEMU has ended.
    pub fn press_power(&mut self) -> Result<(), Error> {
        self.control("system_powerdown", json!({}))?;
        Ok(())
    }

    /// Plugs a disk into a free USB socket, under an id that no other one has.
    ///
    /// # Errors
    /// When QEMU does not take it.
    pub fn plug(&mut self, id: &str, disk: &Disk) -> Result<(), Error> {
        let backing = disk.backing(id, self.folder())?;
        self.control("blockdev-add", disk.node(id, &backing))?;
        self.control("device_add", disk.device(id, 0, None))?;
        Ok(())
    }

    /// Pulls a disk out, without any notice to the system.
    ///
    /// # Errors
    /// When there is no such disk.
    pub fn unplug(&mut self, id: &str) -> Result<(), Error> {
        self.control("device_del", json!({ "id": id }))?;
        let gone = self.qmp.as_mut().map(|qmp| qmp.wait_for_event("DEVICE_DELETED", id));
        gone.unwrap_or(Ok(())).map_err(|reason| self.refused("device_del", &reason))?;
        self.control("blockdev-del", json!({ "node-name": node_name(id) }))?;
        Ok(())
    }

    /// Runs a command of the QEMU Machine Protocol.
    ///
    /// # Errors
    /// QEMU's own.
    pub fn control(&mut self, command: &str, arguments: Value) -> Result<Value, Error> {
        let answer = match &mut self.qmp {
            Some(qmp) => qmp.run(command, arguments),
            None => Err("it has not started".to_owned()),
        };
        answer.map_err(|reason| self.refused(command, &reason))
    }

    fn refused(&self, command: &str, reason: &str) -> Error {
        let (machine, command) = (self.name.clone(), command.to_owned());
        Error::Refused { machine, command, reason: reason.to_owned() }
    }
}
