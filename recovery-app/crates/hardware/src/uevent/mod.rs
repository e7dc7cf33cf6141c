//! The kernel's own messages about devices that come, go and change.
//!
//! The format is that of `lib/kobject_uevent.c`: `ACTION@DEVPATH`, then `KEY=VALUE` strings, each
//! ended by a zero byte. No crate was found that reads these without a running udev.

mod socket;

use std::collections::BTreeMap;

pub use socket::{Received, UeventSocket};

/// What happened to the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The device is there now.
    Add,
    /// The device is gone.
    Remove,
    /// Something about it changed: a medium, a size, a partition table.
    Change,
    /// A driver took it.
    Bind,
    /// Its driver let it go.
    Unbind,
    /// Moved, online, offline, and what later kernels invent.
    Other,
}

impl Action {
    fn named(name: &str) -> Self {
        match name {
            "add" => Self::Add,
            "remove" => Self::Remove,
            "change" => Self::Change,
            "bind" => Self::Bind,
            "unbind" => Self::Unbind,
            _ => Self::Other,
        }
    }
}

/// One message of the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uevent {
    /// What happened.
    pub action: Action,
    /// The device's folder below `/sys`, such as `/devices/pci0000:00/…/block/sda`.
    pub devpath: String,
    /// `block`, `usb`, `input` …
    pub subsystem: String,
    properties: BTreeMap<String, String>,
}

impl Uevent {
    /// Reads one message. `None` for what is not a message of the kernel: udev's own, cut short,
    /// or without the parts that every message has. Bytes that are not UTF-8 become U+FFFD.
    #[must_use]
    pub fn parse(message: &[u8]) -> Option<Self> {
        let message = message.strip_suffix(&[0])?;
        let mut strings = message.split(|byte| *byte == 0).map(String::from_utf8_lossy);
        let header = strings.next()?;
        let (action, devpath) = header.split_once('@')?;
        let properties: BTreeMap<String, String> = strings
            .filter_map(|string| {
                let (key, value) = string.split_once('=')?;
                Some((key.to_owned(), value.to_owned()))
            })
            .collect();
        let agrees = |key: &str, value: &str| properties.get(key).is_some_and(|it| it == value);
        if !devpath.starts_with('/') || !agrees("ACTION", action) || !agrees("DEVPATH", devpath) {
            return None;
        }
        Some(Self {
            action: Action::named(action),
            devpath: devpath.to_owned(),
            subsystem: properties.get("SUBSYSTEM")?.clone(),
            properties,
        })
    }

    /// The value of a property such as `MODALIAS`, `DEVNAME` or `DEVTYPE`.
    #[must_use]
    pub fn property(&self, key: &str) -> Option<&str> {
        self.properties.get(key).map(String::as_str)
    }

    /// The device's name in the kernel: the last part of its folder.
    #[must_use]
    pub fn name(&self) -> &str {
        self.devpath.rsplit('/').next().unwrap_or_default()
    }
}
