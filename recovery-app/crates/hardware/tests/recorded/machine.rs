//! A made-up machine: `/sys`, `/proc` and `/dev` as the kernel lays them out, in a temporary
//! folder.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use hardware::Roots;

/// The machine under construction.
pub struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    pub fn new() -> Self {
        let machine = Self { folder: tempfile::tempdir().unwrap() };
        for folder in ["sys/block", "proc/self", "dev"] {
            fs::create_dir_all(machine.path(folder)).unwrap();
        }
        machine.write("proc/self/mountinfo", "");
        machine
    }

    pub fn roots(&self) -> Roots {
        Roots::under(self.folder.path())
    }

    /// A path within the machine's folder.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// The node of a device.
    pub fn node(&self, name: &str) -> PathBuf {
        self.path("dev").join(name)
    }

    pub fn write(&self, relative: &str, content: impl AsRef<[u8]>) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// A whole disk whose sysfs folder is `sys/devices/PLACE/block/NAME`, with its node. `size`
    /// is bytes.
    pub fn disk(&self, name: &str, place: &str, number: &str, size: u64) -> Device<'_> {
        // The kernel puts disks without a bus, and NVMe's, beside the folder `block`.
        let beside = place.ends_with("block") || place.contains("nvme");
        let folder = if beside {
            format!("sys/devices/{place}/{name}")
        } else {
            format!("sys/devices/{place}/block/{name}")
        };
        self.write(&format!("dev/{name}"), "");
        let device = Device { machine: self, folder, device: format!("sys/devices/{place}") };
        device
            .set("dev", number)
            .set("size", size / 512)
            .set("ro", 0)
            .set("removable", 0)
            .set("queue/logical_block_size", 512)
            .set("queue/physical_block_size", 512)
            .set("queue/rotational", 0);
        let target = self.path(&device.folder);
        symlink(&target, self.path("sys/block").join(name)).unwrap();
        if !place.ends_with("block") {
            symlink(self.path(&device.device), target.join("device")).unwrap();
        }
        device
    }

    /// A mount, as a line of mountinfo.
    pub fn mount(&self, number: &str, point: &Path, kind: &str, source: &str) {
        let path = self.path("proc/self/mountinfo");
        let mut lines = fs::read_to_string(&path).unwrap();
        let id = 900_000 + lines.lines().count();
        let point = point.display();
        lines.push_str(&format!("{id} 1 {number} / {point} rw - {kind} {source} rw\n"));
        fs::write(path, lines).unwrap();
    }

    /// The number of the device that the machine's own folder really lies on.
    pub fn real_number(&self) -> String {
        let number = fs::metadata(self.folder.path()).unwrap().dev();
        format!("{}:{}", rustix::fs::major(number), rustix::fs::minor(number))
    }
}

/// A device under construction.
pub struct Device<'a> {
    machine: &'a Machine,
    folder: String,
    /// The folder that the disk's `device` points to.
    device: String,
}

impl Device<'_> {
    /// An attribute of the disk.
    pub fn set(&self, attribute: &str, value: impl ToString) -> &Self {
        self.set_raw(attribute, format!("{}\n", value.to_string()))
    }

    pub fn set_raw(&self, attribute: &str, value: impl AsRef<[u8]>) -> &Self {
        self.machine.write(&format!("{}/{attribute}", self.folder), value);
        self
    }

    /// An attribute of the device that the disk is on.
    pub fn device(&self, attribute: &str, value: impl AsRef<[u8]>) -> &Self {
        self.machine.write(&format!("{}/{attribute}", self.device), value);
        self
    }

    /// An attribute of an ancestor: `up` levels above `device`.
    pub fn above(&self, up: usize, attribute: &str, value: impl AsRef<[u8]>) -> &Self {
        let ancestor = Path::new(&self.device).ancestors().nth(up).unwrap();
        self.machine.write(ancestor.join(attribute).to_str().unwrap(), value);
        self
    }

    /// A partition: name, kernel number, number in the table, first byte and length.
    pub fn partition(&self, name: &str, device: &str, number: u32, start: u64, length: u64) {
        self.machine.write(&format!("dev/{name}"), "");
        self.set(&format!("{name}/dev"), device)
            .set(&format!("{name}/partition"), number)
            .set(&format!("{name}/start"), start / 512)
            .set(&format!("{name}/size"), length / 512)
            .set(&format!("{name}/ro"), 0);
    }

    /// Says that `holder` (a disk) is built on this disk, or on its partition.
    pub fn held_by(&self, partition: Option<&str>, holder: &Device<'_>) -> &Self {
        let below = partition.map_or_else(String::new, |name| format!("/{name}"));
        let folder = format!("{}{below}", self.folder);
        let name = |folder: &str| folder.rsplit('/').next().unwrap().to_owned();
        self.machine.write(&format!("{folder}/holders/{}", name(&holder.folder)), "");
        self.machine.write(&format!("{}/slaves/{}", holder.folder, name(&folder)), "");
        self
    }
}
