//! A real Debian on a disk that boots by BIOS and by UEFI: made once by debootstrap from the
//! mirror that this machine uses, and kept in `target/assets` under a hash of this recipe.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::disk::{MIB, Partition, make_empty, make_gpt};
use super::{grub, kept};
use crate::command::sh;
use crate::disk::{Bus, Disk};
use crate::error::Error;
use crate::firmware::Firmware;
use crate::machine::{End, Machine};
use crate::paths::scratch;

/// What the started system prints once it has found every file as it was made, its swap and its
/// EFI partition.
pub const MARKER: &str = "REMETAL-BOOT-OK";

const PACKAGES: &str = "linux-image-cloud-amd64,systemd-sysv,udev,kmod,\
    grub-common,grub-pc-bin,grub-efi-amd64-bin,zstd";

/// The disk in MiB, and its partitions: for GRUB on BIOS, for UEFI, the root, swap. Some space at
/// the end belongs to no partition.
const DISK: u64 = 1300;
const LAYOUT: [(u64, &str); 4] = [
    (1, "21686148-6449-6E6F-744E-656564454649"),
    (64, "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"),
    (1024, "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"),
    (128, "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F"),
];

const ROOT_UUID: &str = "6b1f29a4-7d63-4c0e-9f0f-2a3c5d1e7b10";
const SWAP_UUID: &str = "0d3c7c52-51f8-4f0e-8a43-91b1f0a6c2de";
/// A FAT volume's serial number, as mkfs.fat takes it and as `/etc/fstab` writes it.
const ESP_ID: &str = "52454D45";
const ESP_UUID: &str = "5245-4D45";

/// Prints one hash over the names and contents of all files that the packages and the recipe
/// brought, EFI partition included. BLAKE2 is several times faster than SHA-256 on an emulated
/// processor.
const HASH: &str = "#!/bin/sh\n\
    cd / && find usr boot -type f | LC_ALL=C sort | xargs -d '\\n' b2sum | sha256sum \
    | cut -d ' ' -f 1\n";

/// Runs at every start; its result goes to the serial line, and then the machine goes off.
const CHECK: &str = "#!/bin/sh\n\
    swap=$(tail -n +2 /proc/swaps | wc -l)\n\
    esp=$(findmnt -n -o FSTYPE /boot/efi)\n\
    root=$(findmnt -n -o FSTYPE /)\n\
    sum=$(/usr/local/sbin/remetal-hash)\n\
    printf '\\nREMETAL-BOOT-OK %s swap=%s esp=%s root=%s\\n' \
    \"$sum\" \"$swap\" \"$esp\" \"$root\" > /dev/ttyS0\n\
    systemctl --no-block poweroff\n";

const UNIT: &str = "[Unit]\n\
    Description=Tell over the serial line that all files are as they were\n\
    After=local-fs.target swap.target\n\
    [Service]\n\
    Type=oneshot\n\
    ExecStart=/usr/local/sbin/remetal-check\n";

/// The disk and the line it must print when it starts.
pub struct Debian {
    /// The raw disk file; not to be changed.
    pub disk: PathBuf,
    /// The whole line.
    pub marker: String,
}

/// How long a start may take. It takes a quarter of a minute; the rest is for busy machines.
const PATIENCE: Duration = Duration::from_secs(240);

/// The disk, made now if this is the first time.
///
/// # Errors
/// Those of the tools that make it, and when it does not start.
pub fn debian() -> Result<Debian, Error> {
    let [suite, address] = mirror()?;
    let recipe = [include_str!("debian.rs"), include_str!("grub.rs"), &suite, &address];
    let kept = kept("debian", &recipe, |disk| make(disk, &suite, &address))?;
    Ok(Debian { disk: kept.disk, marker: kept.facts })
}

/// Starts the disk and returns the line that it prints, once it has switched itself off.
///
/// # Errors
/// When the line does not come.
pub fn boot(disk: Disk, firmware: Firmware) -> Result<String, Error> {
    let name = format!("debian-{firmware:?}").to_lowercase();
    let mut machine = Machine::builder(&name).firmware(firmware).disk(disk).start()?;
    let line = machine.wait_for_line(MARKER, PATIENCE)?;
    match machine.wait_off(PATIENCE)? {
        End::Off => Ok(line),
        other => Err(unfit(format!("it ended by {other:?}"))),
    }
}

fn unfit(reason: String) -> Error {
    Error::Asset { asset: "debian", reason }
}

/// Suite and address of the archive that apt uses here.
fn mirror() -> Result<[String; 2], Error> {
    let targets = sh("apt-get indextargets --format \
        '$(CREATED_BY) $(COMPONENT) $(CODENAME) $(REPO_URI)' | sort -u")?;
    let plain = |suite: &str| !suite.contains('-');
    targets
        .lines()
        .filter_map(|line| line.strip_prefix("Packages main "))
        .filter_map(|line| line.split_once(' '))
        .find(|(suite, address)| plain(suite) && address.contains("/debian"))
        .map(|(suite, address)| [suite.to_owned(), address.to_owned()])
        .ok_or_else(|| unfit("apt knows no Debian archive".to_owned()))
}

/// Makes the disk and starts it once, which proves it good and leaves on it what a running system
/// writes. Returns the line that it prints.
fn make(disk: &Path, suite: &str, address: &str) -> Result<String, Error> {
    let work = scratch()?;
    let root = work.path().join("root");
    sh(&format!(
        "debootstrap --variant=minbase --include={PACKAGES} {suite} {} {address}\n\
         rm -rf {0}/var/cache/apt/archives/*.deb {0}/var/lib/apt/lists/*",
        root.display()
    ))?;
    configure(&root)?;
    let made = make_gpt(disk, DISK, &LAYOUT)?;
    let [bios, volumes @ ..] = <[_; 4]>::try_from(made).map_err(|_| unfit("layout".to_owned()))?;
    make_bootable(&root, disk, bios)?;
    let sum = sh(&format!("chroot {} /usr/local/sbin/remetal-hash", root.display()))?;
    write_volumes(work.path(), disk, volumes)?;

    let expected = format!("{MARKER} {} swap=1 esp=vfat root=ext4", sum.trim());
    let line = boot(Disk::new(Bus::VirtioBlk, disk), Firmware::Bios)?;
    if line == expected { Ok(expected) } else { Err(unfit(format!("it says {line}"))) }
}

/// The system's own configuration.
fn configure(root: &Path) -> Result<(), Error> {
    let put = |path: &str, mode: u32, text: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap_or(root))
            .and_then(|()| fs::write(&path, text))
            .and_then(|()| fs::set_permissions(&path, PermissionsExt::from_mode(mode)))
            .map_err(Error::file("write", &path))
    };
    put("usr/local/sbin/remetal-hash", 0o755, HASH)?;
    put("usr/local/sbin/remetal-check", 0o755, CHECK)?;
    put("etc/systemd/system/remetal-check.service", 0o644, UNIT)?;
    put("etc/hostname", 0o644, "remetal-debian\n")?;
    let fstab = format!(
        "UUID={ROOT_UUID} / ext4 errors=remount-ro 0 1\n\
         UUID={ESP_UUID} /boot/efi vfat umask=0077 0 1\n\
         UUID={SWAP_UUID} none swap sw 0 0\n"
    );
    put("etc/fstab", 0o644, &fstab)?;
    let version = sh(&format!("ls {}/lib/modules", root.display()))?;
    let version = version.trim();
    let menu = format!(
        "linux /boot/vmlinuz-{version} root=UUID={ROOT_UUID} ro console=ttyS0 quiet panic=1\n\
         initrd /boot/initrd.img-{version}\nboot\n"
    );
    put("boot/grub/grub.cfg", 0o644, &menu)?;
    // Newer GRUB packages make their environment file at the first start.
    sh(&format!(
        "chroot {0} systemctl --quiet add-wants multi-user.target remetal-check.service\n\
         chroot {0} grub-editenv /boot/grub/grubenv create",
        root.display()
    ))?;
    Ok(())
}

/// GRUB for both kinds of firmware: the one for BIOS onto the disk, the one for UEFI into the
/// tree, at the path where firmware without boot entries looks.
fn make_bootable(root: &Path, disk: &Path, bios: Partition) -> Result<(), Error> {
    let core = root.with_extension("core");
    grub::make_image(root, "i386-pc", "biosdisk", ROOT_UUID, &core)?;
    grub::install_bios(&root.join("usr/lib/grub/i386-pc/boot.img"), &core, disk, bios)?;
    let efi = root.join("boot/efi/EFI/BOOT");
    fs::create_dir_all(&efi).map_err(Error::file("make", &efi))?;
    grub::make_image(root, "x86_64-efi", "", ROOT_UUID, &efi.join("BOOTX64.EFI"))
}

/// Makes the filesystems from the tree `root` in `work`, and copies them onto the disk.
fn write_volumes(
    work: &Path,
    disk: &Path,
    [esp, system, swap]: [Partition; 3],
) -> Result<(), Error> {
    let file = |name: &str, partition: Partition| {
        let path = work.join(name);
        make_empty(&path, partition.size / MIB).map(|()| path)
    };
    let (esp_file, root_file, swap_file) =
        (file("esp", esp)?, file("ext4", system)?, file("swap", swap)?);
    let root = work.join("root");
    sh(&format!(
        "mkfs.fat -F 32 -i {ESP_ID} {0} > /dev/null\n\
         mcopy -s -i {0} {1}/boot/efi/EFI ::/\n\
         rm -r {1}/boot/efi/EFI\n\
         mke2fs -q -t ext4 -U {ROOT_UUID} -d {1} {2}\n\
         mkswap -q -U {SWAP_UUID} {3}",
        esp_file.display(),
        root.display(),
        root_file.display(),
        swap_file.display()
    ))?;
    for (file, partition) in [(esp_file, esp), (root_file, system), (swap_file, swap)] {
        sh(&format!(
            "dd if={} of={} bs=1M seek={} conv=notrunc,sparse status=none",
            file.display(),
            disk.display(),
            partition.start / MIB
        ))?;
    }
    Ok(())
}
