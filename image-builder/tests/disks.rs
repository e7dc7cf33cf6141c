//! Every disk is found, told by what it says of itself, and followed as it comes and goes.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod support;

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{BOOT, SOON, assert_home, computer};
use vm::assets::disk::{MIB, make_empty};
use vm::{After, Bus, Disk, Firmware, Machine};

/// A disk of this test: its size in MiB, and what must be told of it.
struct Sample {
    disk: fn(Bus, &Path) -> Disk,
    bus: Bus,
    mib: u64,
    told: fn() -> Value,
}

/// The values that QEMU does not let choose are its own, from its sources: `hw/nvme/ctrl.c`,
/// `hw/usb/dev-storage.c` over `hw/scsi/scsi-disk.c`, `hw/sd/sd.c`.
const SAMPLES: [Sample; 7] = [
    Sample {
        disk: |bus, file| Disk::new(bus, file).serial("SATA-0001").model("Spinning Rust 9000"),
        bus: Bus::Ahci,
        mib: 40,
        told: || json!({ "serial": "SATA-0001", "model": "Spinning Rust 9000", "bus": "SATA" }),
    },
    Sample {
        disk: |bus, file| Disk::new(bus, file).serial("NVME-0002"),
        bus: Bus::Nvme,
        mib: 41,
        told: || json!({ "serial": "NVME-0002", "model": "QEMU NVMe Ctrl", "bus": "NVMe" }),
    },
    Sample {
        disk: |bus, file| Disk::new(bus, file).serial("NVME-0003").sector_size(4096),
        bus: Bus::Nvme,
        mib: 42,
        told: || {
            json!({ "serial": "NVME-0003", "model": "QEMU NVMe Ctrl", "bus": "NVMe",
                    "logical_sector": 4096, "physical_sector": 4096 })
        },
    },
    Sample {
        disk: |bus, file| Disk::new(bus, file).serial("USB-0004"),
        bus: Bus::Usb,
        mib: 43,
        told: || {
            json!({ "serial": "USB-0004", "vendor": "QEMU", "model": "QEMU HARDDISK",
                    "bus": "USB", "removable": true })
        },
    },
    Sample {
        disk: |bus, file| Disk::new(bus, file).serial("SCSI-0005").model("Array of Disks"),
        bus: Bus::VirtioScsi,
        mib: 44,
        told: || {
            json!({ "serial": "SCSI-0005", "vendor": "QEMU", "model": "Array of Disks",
                    "bus": "SCSI" })
        },
    },
    Sample {
        disk: |bus, file| Disk::new(bus, file).serial("VIRTIO-0006"),
        bus: Bus::VirtioBlk,
        mib: 45,
        told: || json!({ "serial": "VIRTIO-0006", "bus": "virtio" }),
    },
    Sample {
        disk: |bus, file| Disk::new(bus, file),
        bus: Bus::Sd,
        mib: 64,
        told: || json!({ "serial": "deadbeef", "model": "QEMU!", "bus": "SD/eMMC" }),
    },
];

#[test]
fn disks_on_all_buses_are_listed_with_model_serial_size_and_sector_size() {
    let folder = vm::scratch().unwrap();
    let mut builder = computer("computer", Firmware::Bios);
    for sample in &SAMPLES {
        let file = folder.path().join(sample.mib.to_string());
        make_empty(&file, sample.mib).unwrap();
        builder = builder.disk((sample.disk)(sample.bus, &file));
    }
    let mut machine = builder.unattended("remetal disks --json", After::Stay).start().unwrap();
    let told = listed(&machine.outcome(BOOT).unwrap().output);
    assert_home(&mut machine);

    for sample in &SAMPLES {
        let size = sample.mib * MIB;
        let found = told.iter().find(|disk| disk["size"] == size);
        let found = found.unwrap_or_else(|| panic!("no disk of {size} bytes in {told:#?}"));
        for (name, value) in sample.expected() {
            assert_eq!(found[&name], value, "{name} of {found:#}");
        }
    }
    assert_eq!(told.len(), SAMPLES.len(), "more disks than there are: {told:#?}");
}

impl Sample {
    /// What must be told, with what holds for all disks that say nothing else.
    fn expected(&self) -> serde_json::Map<String, Value> {
        let mut all = json!({ "logical_sector": 512, "read_only": false, "problem": null });
        let all = all.as_object_mut().unwrap();
        all.extend((self.told)().as_object().unwrap().clone());
        all.clone()
    }
}

/// The disks in the document that `remetal disks --json` prints.
fn listed(output: &str) -> Vec<Value> {
    let document = &output[output.find('{').unwrap_or_default()..];
    let document: Value =
        serde_json::from_str(document).unwrap_or_else(|error| panic!("{error}: {output}"));
    document["disks"].as_array().unwrap().clone()
}

/// How soon people see what the kernel knows.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Hands the kernel's news of USB disks on to the second serial line, as they come. This very
/// command stands in the log as well.
const TELL_NEWS: &str = "cat /dev/kmsg | while read -r line; do case \"$line\" in *remetal*) ;; \
    *'Attached SCSI'*|*'USB disconnect'*) echo \"$line\";; esac; done \
    > /dev/ttyS1 2> /dev/null & echo listening";

/// The moment at which the second serial line says the text once more than `times`.
fn kernel_knows(line: &Path, text: &str, times: usize) -> Instant {
    let deadline = Instant::now() + SOON;
    while fs::read_to_string(line).unwrap().matches(text).count() <= times {
        assert!(Instant::now() < deadline, "the kernel does not say {text}");
        thread::sleep(Duration::from_millis(2));
    }
    Instant::now()
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are to be seen")]
fn a_drive_that_is_plugged_in_and_pulled_out_comes_and_goes_on_the_screen() {
    // Stands on the card of a disk only; a line of news tells the rest of it for a while.
    const CARD: &str = "serial .";
    let folder = vm::scratch().unwrap();
    let [file, line] = ["stick", "line"].map(|name| folder.path().join(name));
    make_empty(&file, 48).unwrap();
    let second_line = format!("file:{}", line.display());
    let builder = computer("computer", Firmware::Bios).arguments(&["-serial", &second_line]);
    let mut machine: Machine = builder.unattended(TELL_NEWS, After::Stay).start().unwrap();
    assert_eq!(machine.outcome(BOOT).unwrap().exit_code, 0);
    assert_home(&mut machine);
    let stick = Disk::new(Bus::Usb, file).serial("STICK-7F3A");
    let [mut came, mut went] = [[Duration::ZERO; 3]; 2];
    for time in 0..came.len() {
        assert!(!machine.serial_screen().contains(CARD));
        machine.plug("stick", &stick).unwrap();
        let plugged = kernel_knows(&line, "Attached SCSI", time);
        machine.wait_for_screen(CARD, SOON).unwrap();
        came[time] = plugged.elapsed();
        machine.unplug("stick").unwrap();
        let pulled = kernel_knows(&line, "USB disconnect", time);
        machine.wait_for_screen_without(CARD, SOON).unwrap();
        went[time] = pulled.elapsed();
    }
    println!("on the screen {came:.2?} after the kernel knows of it, off it {went:.2?} after");
    for mut delays in [came, went] {
        // The middle one: whatever else this machine does may hold one of them up.
        delays.sort();
        assert!(delays[1] <= AT_ONCE, "{delays:.2?}");
    }
}

#[test]
fn health_is_told_in_words() {
    const FAILING: u8 = 1 << 2;
    let folder = vm::scratch().unwrap();
    let [ata, well, ill] = ["ata", "well", "ill"].map(|name| folder.path().join(name));
    [&ata, &well, &ill].iter().for_each(|file| make_empty(file, 40).unwrap());
    let builder = computer("computer", Firmware::Bios)
        .disk(Disk::new(Bus::Ahci, ata).serial("ATA-WELL"))
        .disk(Disk::new(Bus::Nvme, well).serial("NVME-WELL"))
        .disk(Disk::new(Bus::Nvme, ill).serial("NVME-ILL"));
    let mut machine = builder.unattended("remetal disks", After::PowerOff).start().unwrap();
    let warning = json!({
        "path": "/machine/peripheral/nvme1",
        "property": "smart_critical_warning",
        "value": FAILING,
    });
    machine.control("qom-set", warning).unwrap();
    let said = machine.outcome(BOOT).unwrap().output.replace('\r', "");

    let about = |serial: &str| {
        let mut paragraphs = said.split("\n\n");
        let found = paragraphs.find(|text| text.contains(&format!("serial {serial}\n")));
        found.unwrap_or_else(|| panic!("no disk {serial} in {said}")).to_owned()
    };
    for well in ["ATA-WELL", "NVME-WELL"] {
        assert!(about(well).contains("\n  SMART: good, "), "{said}");
    }
    let ill = about("NVME-ILL");
    assert!(ill.contains("\n  SMART: FAILING, "), "{ill}");
    assert!(ill.contains("The disk makes too many errors to be relied on."), "{ill}");
    assert!(ill.contains("copy its data while it can be read"), "{ill}");
}
