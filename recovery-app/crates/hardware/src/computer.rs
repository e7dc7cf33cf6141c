use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{Roots, sysfs};

/// The computer apart from its disks. What it does not tell is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Computer {
    /// Maker and model, as the firmware says.
    pub model: Option<String>,
    /// True when it was started by UEFI, false by a BIOS.
    pub uefi: bool,
    /// Whether the firmware starts signed systems only.
    pub secure_boot: Option<bool>,
    /// The processor's name.
    pub processor: Option<String>,
    /// Its cores.
    pub cores: usize,
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Bytes of memory that programs can still have.
    pub free_memory: Option<u64>,
    /// The kernel's version.
    pub kernel: Option<String>,
    /// The charge in percent, when it runs on its battery.
    pub on_battery: Option<u8>,
    /// The kind of controller behind which disks are that the kernel cannot show.
    pub hidden_disks: Option<String>,
}

/// What there is to know about the computer.
#[must_use]
pub fn computer(roots: &Roots) -> Computer {
    let cpus = fs::read_to_string(roots.proc.join("cpuinfo")).unwrap_or_default();
    let memory = fs::read_to_string(roots.proc.join("meminfo")).unwrap_or_default();
    let efi = roots.sys.join("firmware/efi");
    Computer {
        model: model(&roots.sys.join("class/dmi/id")),
        uefi: efi.exists(),
        secure_boot: secure_boot(&efi),
        processor: field(&cpus, "model name").map(str::to_owned),
        cores: cores(&cpus),
        memory: kibibytes(&memory, "MemTotal"),
        free_memory: kibibytes(&memory, "MemAvailable"),
        kernel: sysfs::text(&roots.proc, "sys/kernel/osrelease"),
        on_battery: on_battery(roots),
        hidden_disks: hidden_disks(roots),
    }
}

/// Some makers leave the fields as they were delivered to them.
fn model(dmi: &Path) -> Option<String> {
    const UNFILLED: [&str; 5] =
        ["to be filled", "default string", "system manufacturer", "system product", "o.e.m."];
    let told = |attribute| {
        sysfs::text(dmi, attribute).filter(|text| {
            let text = text.to_lowercase();
            !UNFILLED.iter().any(|unfilled| text.contains(unfilled))
        })
    };
    match (told("sys_vendor"), told("product_name")) {
        (Some(maker), Some(model)) if !model.starts_with(&maker) => {
            Some(format!("{maker} {model}"))
        }
        (maker, model) => model.or(maker),
    }
}

/// The variable `SecureBoot` (UEFI specification 3.3): four bytes of attributes, and 1 for on.
fn secure_boot(efi: &Path) -> Option<bool> {
    let variable = "efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    let bytes = sysfs::bytes(efi, variable)?;
    Some(*bytes.get(4)? == 1)
}

/// The value of the first `name : value` of a file of `/proc`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    fields(text, name).next()
}

fn fields<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    text.lines().filter_map(move |line| {
        let (found, value) = line.split_once(':')?;
        (found.trim() == name).then(|| value.trim())
    })
}

/// By the sockets and cores that the threads name; the threads where they name none.
fn cores(cpus: &str) -> usize {
    let sockets = fields(cpus, "physical id");
    let cores: BTreeSet<(&str, &str)> = sockets.zip(fields(cpus, "core id")).collect();
    if cores.is_empty() { fields(cpus, "processor").count() } else { cores.len() }
}

fn kibibytes(memory: &str, name: &str) -> Option<u64> {
    let number: u64 = field(memory, name)?.strip_suffix("kB")?.trim().parse().ok()?;
    number.checked_mul(1024)
}

/// A battery counts when nothing else feeds the computer. Mice have batteries too (scope
/// `Device`).
fn on_battery(roots: &Roots) -> Option<u8> {
    let supplies = roots.sys.join("class/power_supply");
    let mut charge = None;
    for name in sysfs::names(&supplies, "") {
        let supply = supplies.join(name);
        if sysfs::flag(&supply, "online") {
            return None;
        }
        let is_battery = sysfs::text(&supply, "type").as_deref() == Some("Battery");
        let is_other_device = sysfs::text(&supply, "scope").as_deref() == Some("Device");
        let is_emptied = sysfs::text(&supply, "status").as_deref() == Some("Discharging");
        if is_battery && !is_other_device && is_emptied {
            charge = charge.or_else(|| sysfs::number(&supply, "capacity"));
        }
    }
    charge
}

/// The Intel controllers that hide disks from the kernel in a way that can be told: one without a
/// driver, and a SATA controller that says how many NVMe disks it has taken over (the attribute
/// `remapped_nvme` of the kernel's driver ahci).
fn hidden_disks(roots: &Roots) -> Option<String> {
    const INTEL: &str = "0x8086";
    /// Class code 01h (mass storage), subclass 04h (RAID controller).
    const RAID_CONTROLLER: &str = "0x0104";
    let devices = roots.sys.join("bus/pci/devices");
    let intel = sysfs::names(&devices, "").into_iter().map(|name| devices.join(name));
    let mut intel = intel.filter(|device| sysfs::text(device, "vendor").as_deref() == Some(INTEL));
    intel.find_map(|device| {
        let is_raid =
            sysfs::text(&device, "class").is_some_and(|class| class.starts_with(RAID_CONTROLLER));
        let has_remapped =
            sysfs::number(&device, "remapped_nvme").is_some_and(|count: u32| count > 0);
        if has_remapped {
            return Some("Intel RST".to_owned());
        }
        (is_raid && !device.join("driver").exists()).then(|| {
            if is_vmd(&device) { "Intel VMD".to_owned() } else { "Intel RST or VMD".to_owned() }
        })
    })
}

/// Volume Management Devices (Linux `drivers/pci/controller/vmd.c`).
fn is_vmd(device: &Path) -> bool {
    const VMD: [&str; 10] = [
        "0x201d", "0x28c0", "0x467f", "0x4c3d", "0x7d0b", "0x9a0b", "0xa77f", "0xad0b", "0xb06f",
        "0xb60b",
    ];
    sysfs::text(device, "device").is_some_and(|id| VMD.contains(&id.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files below a folder of `/sys` and `/proc`, by path and content.
    fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Computer) {
        let folder = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let computer = computer(&Roots::under(folder.path()));
        (folder, computer)
    }

    #[test]
    fn a_laptop_on_its_battery() {
        let cpus = "processor\t: 0\nmodel name\t: Intel(R) Core(TM) i5\nphysical id\t: 0\ncore id\t: 0\n\n\
                    processor\t: 1\nmodel name\t: Intel(R) Core(TM) i5\nphysical id\t: 0\ncore id\t: 0\n";
        let (_folder, laptop) = machine(&[
            ("sys/class/dmi/id/sys_vendor", "LENOVO\n"),
            ("sys/class/dmi/id/product_name", "20N2\n"),
            (
                "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
                "\x06\0\0\0\x01",
            ),
            ("proc/cpuinfo", cpus),
            ("proc/meminfo", "MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:    400 kB\n"),
            ("proc/sys/kernel/osrelease", "6.12.1\n"),
            ("sys/class/power_supply/AC/type", "Mains\n"),
            ("sys/class/power_supply/AC/online", "0\n"),
            ("sys/class/power_supply/BAT0/type", "Battery\n"),
            ("sys/class/power_supply/BAT0/status", "Discharging\n"),
            ("sys/class/power_supply/BAT0/capacity", "57\n"),
        ]);
        let expected = Computer {
            model: Some("LENOVO 20N2".to_owned()),
            uefi: true,
            secure_boot: Some(true),
            processor: Some("Intel(R) Core(TM) i5".to_owned()),
            cores: 1,
            memory: Some(1_024_000),
            free_memory: Some(409_600),
            kernel: Some("6.12.1".to_owned()),
            on_battery: Some(57),
            hidden_disks: None,
        };
        assert_eq!(laptop, expected);
    }

    #[test]
    fn a_desktop_with_a_wireless_mouse() {
        let (_folder, desktop) = machine(&[
            ("sys/class/dmi/id/sys_vendor", "To Be Filled By O.E.M.\n"),
            ("sys/class/dmi/id/product_name", "Default string\n"),
            ("sys/class/power_supply/mouse/type", "Battery\n"),
            ("sys/class/power_supply/mouse/scope", "Device\n"),
            ("sys/class/power_supply/mouse/status", "Discharging\n"),
            ("sys/class/power_supply/mouse/capacity", "10\n"),
        ]);
        assert_eq!(desktop, Computer::default());
    }

    #[test]
    fn controllers_that_hide_disks_are_named() {
        let controller = |device: &str, more: Option<(&str, &str)>| {
            let at = "sys/bus/pci/devices/0000:00:0e.0";
            let paths = ["vendor", "class", "device"].map(|name| format!("{at}/{name}"));
            let mut files = vec![
                (paths[0].as_str(), "0x8086\n"),
                (paths[1].as_str(), "0x010400\n"),
                (paths[2].as_str(), device),
            ];
            let path = format!("{at}/{}", more.map_or("x", |(name, _)| name));
            files.extend(more.map(|(_, content)| (path.as_str(), content)));
            machine(&files).1.hidden_disks
        };
        assert_eq!(controller("0x9a0b\n", None).as_deref(), Some("Intel VMD"));
        assert_eq!(controller("0x2822\n", None).as_deref(), Some("Intel RST or VMD"));
        assert_eq!(controller("0x9a0b\n", Some(("driver/x", ""))), None);
        let remapped = Some(("remapped_nvme", "1\n"));
        assert_eq!(controller("0x2822\n", remapped).as_deref(), Some("Intel RST"));
    }
}
