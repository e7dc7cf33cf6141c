//! Putting a machine together.

use std::fs::{self, File};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::disk::{Bus, Disk};
use crate::error::Error;
use crate::firmware::Firmware;
use crate::machine::Machine;
use crate::paths::scratch;
use crate::unattended::{self, After};

/// Where a machine shows itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Console {
    /// Nowhere: only this crate reads its serial line and its screen.
    Hidden,
    /// Its screen is a window; this crate reads the serial line.
    Window,
    /// Its serial line is this terminal (Ctrl-A X ends it); this crate does not read it.
    Terminal,
}

/// A kernel that is started without any boot loader.
#[derive(Clone, Debug)]
struct Kernel {
    image: PathBuf,
    initrd: PathBuf,
    options: String,
}

/// A machine that is not there yet.
#[derive(Clone, Debug)]
pub struct Builder {
    name: String,
    firmware: Firmware,
    /// In MiB.
    memory: u32,
    disks: Vec<(String, Disk)>,
    console: Console,
    kernel: Option<Kernel>,
    options: Vec<String>,
    script: Option<String>,
    extra: Vec<String>,
}

impl Builder {
    pub(crate) fn new(name: &str) -> Builder {
        Builder {
            name: name.to_owned(),
            firmware: Firmware::Bios,
            memory: 512,
            disks: Vec::new(),
            console: Console::Hidden,
            kernel: None,
            options: Vec::new(),
            script: None,
            extra: Vec::new(),
        }
    }

    /// The firmware; SeaBIOS without this call.
    #[must_use]
    pub fn firmware(self, firmware: Firmware) -> Builder {
        Builder { firmware, ..self }
    }

    /// Memory in MiB; 512 without this call.
    #[must_use]
    pub fn memory(self, mib: u32) -> Builder {
        Builder { memory: mib, ..self }
    }

    /// Plugs a disk in. The firmware tries disks in the order of these calls. A disk's id is its
    /// bus and its number on it: `ahci0`, `nvme0`, `usb0`, `scsi0`, `virtio0`, `sd0`, `cd0`.
    #[must_use]
    pub fn disk(mut self, disk: Disk) -> Builder {
        let place = self.place(disk.bus);
        self.disks.push((format!("{}{place}", disk.bus.name()), disk));
        self
    }

    /// Where the machine shows itself; nowhere without this call.
    #[must_use]
    pub fn console(self, console: Console) -> Builder {
        Builder { console, ..self }
    }

    /// Starts this kernel with the options instead of what is on the disks.
    #[must_use]
    pub fn kernel(self, image: &Path, initrd: &Path, options: &str) -> Builder {
        let (image, initrd) = (image.to_owned(), initrd.to_owned());
        Builder { kernel: Some(Kernel { image, initrd, options: options.to_owned() }), ..self }
    }

    /// Adds kernel options to those that the ISO has by itself.
    #[must_use]
    pub fn boot_options(mut self, options: &str) -> Builder {
        self.options.push(options.to_owned());
        self
    }

    /// Has the ISO run one shell command once its hardware has settled.
    #[must_use]
    pub fn unattended(self, command: &str, after: After) -> Builder {
        self.boot_options(&unattended::options(command, after))
    }

    /// Has the ISO run a shell script of any length, which it gets on a disk of its own.
    #[must_use]
    pub fn script(mut self, script: &str, after: After) -> Builder {
        self.script = Some(script.to_owned());
        self.unattended(&unattended::script_command(), after)
    }

    /// Adds arguments of QEMU.
    #[must_use]
    pub fn arguments(mut self, arguments: &[&str]) -> Builder {
        self.extra.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    fn place(&self, bus: Bus) -> usize {
        self.disks.iter().filter(|(_, disk)| disk.bus == bus).count()
    }

    /// Switches the machine on.
    ///
    /// # Errors
    /// When QEMU or a file is missing, and when QEMU does not like what it is given.
    pub fn start(mut self) -> Result<Machine, Error> {
        let folder = scratch()?;
        // Names of sockets are short, and the target folder may lie deep.
        let sockets =
            tempfile::tempdir().map_err(Error::file("make a folder in", "/tmp".as_ref()))?;
        if let Some(script) = self.script.take() {
            let file = folder.path().join("script");
            let bytes = unattended::script_disk(&script);
            fs::write(&file, bytes).map_err(Error::file("write", &file))?;
            let disk = Disk::new(Bus::VirtioBlk, file).serial(unattended::SCRIPT_SERIAL);
            self = self.disk(disk);
        }
        let listen = |name: &str| {
            let path = sockets.path().join(name);
            UnixListener::bind(&path).map_err(Error::file("listen on", &path))
        };
        let (control, serial) = (listen("control")?, listen("serial")?);
        let arguments = self.command_line(folder.path(), sockets.path())?;
        let child = self.spawn(&arguments, folder.path())?;
        let serial = (self.console != Console::Terminal).then_some(serial);
        let mut machine = Machine::new(self.name, child, [folder, sockets], arguments);
        machine.connect(&control, serial.as_ref())?;
        Ok(machine)
    }

    fn spawn(&self, arguments: &[String], folder: &Path) -> Result<std::process::Child, Error> {
        let log = folder.join("qemu.log");
        let output = File::create(&log).map_err(Error::file("make", &log))?;
        let mut command = Command::new("setpriv");
        // A test that is killed takes its machines with it.
        command.args(["--pdeathsig", "KILL", "qemu-system-x86_64"]).args(arguments);
        if self.console != Console::Terminal {
            let copy = output.try_clone().map_err(Error::file("copy", &log))?;
            command.stdin(Stdio::null()).stdout(copy).stderr(output);
        }
        let program = "qemu-system-x86_64".to_owned();
        command.spawn().map_err(|source| Error::Program { program, source })
    }

    /// QEMU's arguments.
    fn command_line(&self, folder: &Path, sockets: &Path) -> Result<Vec<String>, Error> {
        let mut all = basics(&self.name, self.memory);
        all.extend(self.firmware.arguments(folder)?);
        all.extend(self.consoles(sockets));
        all.extend(strings(["-device", "qemu-xhci,id=xhci"]));
        if self.place(Bus::VirtioScsi) > 0 {
            all.extend(strings(["-device", "virtio-scsi-pci,id=scsi"]));
        }
        for _ in 0..self.place(Bus::Sd) {
            all.extend(strings(["-device", "sdhci-pci"]));
        }
        for (boot, (id, disk)) in self.disks.iter().enumerate() {
            let place =
                self.disks[..boot].iter().filter(|(_, other)| other.bus == disk.bus).count();
            let node = disk.node(id, &disk.backing(id, folder)?);
            let device = disk.device(id, place, Some(boot + 1));
            all.extend([
                "-blockdev".into(),
                node.to_string(),
                "-device".into(),
                device.to_string(),
            ]);
        }
        if !self.options.is_empty() && self.kernel.is_none() {
            let value = format!("type=11,value=remetal: {}", self.options.join(" "));
            all.extend(["-smbios".to_owned(), value]);
        }
        if let Some(kernel) = &self.kernel {
            let options = format!("{} {}", kernel.options, self.options.join(" "));
            let text = |path: &Path| path.display().to_string();
            all.extend(["-kernel".to_owned(), text(&kernel.image)]);
            all.extend(["-initrd".to_owned(), text(&kernel.initrd), "-append".to_owned(), options]);
        }
        all.extend(self.extra.iter().cloned());
        Ok(all)
    }

    fn consoles(&self, sockets: &Path) -> Vec<String> {
        let socket = |name: &str| format!("socket,id={name},path={}", sockets.join(name).display());
        let mut all = vec!["-chardev".to_owned(), socket("control")];
        all.extend(strings(["-mon", "chardev=control,mode=control", "-vga", "std"]));
        if self.console == Console::Terminal {
            all.extend(strings(["-serial", "mon:stdio"]));
        } else {
            all.extend(["-chardev".to_owned(), socket("serial")]);
            all.extend(strings(["-serial", "chardev:serial"]));
        }
        let display = if self.console == Console::Window { "gtk" } else { "none" };
        all.extend(strings(["-display", display]));
        all
    }
}

fn basics(name: &str, memory: u32) -> Vec<String> {
    let kvm = std::env::var_os("REMETAL_VM_KVM").is_some_and(|value| value == "1");
    let accelerator = if kvm { "kvm" } else { "tcg,thread=multi" };
    // One processor: with two emulated ones, the kernel, which patches its own code, died once in
    // some thirty starts ("Oops: int3", QEMU 7.2).
    let mut all = strings(["-name", name, "-accel", accelerator, "-cpu", "max", "-smp", "1"]);
    all.extend(["-m".to_owned(), memory.to_string()]);
    all.extend(strings(["-nodefaults", "-no-reboot", "-rtc", "base=utc"]));
    all
}

fn strings<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}
