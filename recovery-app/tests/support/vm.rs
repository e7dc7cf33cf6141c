//! A machine in QEMU that boots a disk, as far as its serial line tells. Software emulation only,
//! since not every test machine has KVM.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What starts the disk.
#[derive(Clone, Copy, Debug)]
pub enum Firmware {
    /// SeaBIOS.
    Bios,
    /// OVMF without Secure Boot, and with no boot entries in its variables.
    Uefi,
}

const OVMF_CODE: &str = "/usr/share/OVMF/OVMF_CODE_4M.fd";
const OVMF_VARIABLES: &str = "/usr/share/OVMF/OVMF_VARS_4M.fd";

/// How long a boot may take. It takes a quarter of a minute; the rest is for busy machines.
const PATIENCE: Duration = Duration::from_secs(240);

/// Whether what the machine writes goes into the disk file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// Kept.
    Kept,
    /// Thrown away when the machine stops.
    Dropped,
}

/// A running QEMU; killed when dropped.
struct Machine(Child);

impl Drop for Machine {
    fn drop(&mut self) {
        // Both fail only if it has ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Boots the disk and waits for a line on the serial port that begins with `marker`; returns that
/// line once the machine has switched itself off.
pub fn boot(disk: &Path, firmware: Firmware, writes: Writes, marker: &str) -> String {
    let directory = super::scratch();
    let serial = directory.path().join("serial");
    let log = File::create(directory.path().join("log")).unwrap();
    let mut command = Command::new("qemu-system-x86_64");
    command.args(["-accel", "tcg,thread=multi", "-cpu", "max", "-machine", "q35"]);
    command.args(["-smp", "2", "-m", "512", "-display", "none", "-no-reboot", "-net", "none"]);
    command.arg("-serial").arg(format!("file:{}", serial.display()));
    if matches!(firmware, Firmware::Uefi) {
        let variables = directory.path().join("variables");
        fs::copy(OVMF_VARIABLES, &variables).unwrap();
        command.arg("-drive").arg(format!("if=pflash,format=raw,readonly=on,file={OVMF_CODE}"));
        command.arg("-drive").arg(format!("if=pflash,format=raw,file={}", variables.display()));
    }
    let snapshot = if writes == Writes::Dropped { "on" } else { "off" };
    command
        .arg("-drive")
        .arg(format!("if=virtio,format=raw,snapshot={snapshot},file={}", disk.display()))
        .env("TMPDIR", directory.path())
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log);
    let machine = Machine(command.spawn().unwrap());
    let line = wait_for(machine, &serial, marker);
    line.unwrap_or_else(|| {
        let said = fs::read(&serial).unwrap_or_default();
        let log = fs::read(directory.path().join("log")).unwrap_or_default();
        panic!("{firmware:?}: no {marker}\n{}\n{}", tail(&said), tail(&log))
    })
}

fn wait_for(mut machine: Machine, serial: &Path, marker: &str) -> Option<String> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(200));
        let ended = machine.0.try_wait().unwrap().is_some();
        if ended {
            let said = fs::read(serial).unwrap_or_default();
            let said = String::from_utf8_lossy(&said).into_owned();
            return said.lines().find_map(|line| {
                line.find(marker).map(|place| line[place..].trim_end().to_owned())
            });
        }
    }
    None
}

fn tail(text: &[u8]) -> String {
    String::from_utf8_lossy(&text[text.len().saturating_sub(6000)..]).into_owned()
}
