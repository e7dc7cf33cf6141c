use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use rustix::ioctl::{self, Setter};
use rustix::mount::{MountFlags, mount, mount_move};
use rustix::process::{chdir, chroot};

use super::mounts::FIRST;
use crate::layout::{EARLY_MODULES, SYSTEM_IMAGE};
use crate::{InitError, log};

/// Where the layers are put together. All of it is out of sight once the root is switched.
const IMAGE: &str = "/layers/image";
const MEMORY: &str = "/layers/memory";
const ROOT: &str = "/layers/root";

/// Mounts the system image, lays memory over it that takes what is written, and makes that the
/// root of this process and of the kernel, which looks for firmware there.
pub(super) fn make_root() -> Result<(), InitError> {
    for folder in [IMAGE, MEMORY, ROOT] {
        make_folder(Path::new(folder))?;
    }
    mount_image()?;
    mount_kind("tmpfs", "tmpfs", MEMORY, MountFlags::NOSUID, Some(c"mode=0755"))?;
    make_folder(&Path::new(MEMORY).join("upper"))?;
    make_folder(&Path::new(MEMORY).join("work"))?;
    let layers =
        c"lowerdir=/layers/image,upperdir=/layers/memory/upper,workdir=/layers/memory/work";
    mount_kind("system", "overlay", ROOT, MountFlags::empty(), Some(layers))?;
    switch_root()
}

fn mount_image() -> Result<(), InitError> {
    // Held until it is mounted: the kernel lets go of the file with the last user.
    let (path, _device) = loop_device(Path::new(SYSTEM_IMAGE))?;
    let path = path.to_string_lossy();
    mount_kind(&path, "squashfs", IMAGE, MountFlags::RDONLY | MountFlags::NODEV, None)?;
    // The mount keeps it. A loop device of a file that is gone is not shown as a disk.
    let _ = fs::remove_file(SYSTEM_IMAGE);
    Ok(())
}

fn mount_kind(
    what: &str,
    kind: &str,
    at: &str,
    flags: MountFlags,
    data: Option<&std::ffi::CStr>,
) -> Result<(), InitError> {
    mount(what, at, kind, flags, data).map_err(|error| InitError::mount(what, Path::new(at), error))
}

fn make_folder(path: &Path) -> Result<(), InitError> {
    fs::create_dir_all(path).map_err(|error| InitError::file("making", path, error))
}

/// Shows `file` as a block device, read-only. The device goes away when nobody uses it any more.
fn loop_device(file: &Path) -> Result<(PathBuf, File), InitError> {
    const LOOP_CTL_GET_FREE: ioctl::Opcode = 0x4C82;
    const CONTROL: &str = "/dev/loop-control";

    let image = File::open(file).map_err(|error| InitError::file("opening", file, error))?;
    let control = open_device(Path::new(CONTROL))?;
    // SAFETY: LOOP_CTL_GET_FREE takes no argument; its answer is the returned number.
    let number = unsafe { ioctl::ioctl(&control, Answer::<LOOP_CTL_GET_FREE>) };
    let number = number.map_err(|error| InitError::file("asking", Path::new(CONTROL), error))?;
    let path = PathBuf::from(format!("/dev/loop{number}"));
    let device = open_device(&path)?;
    configure(&device, &image).map_err(|error| InitError::file("setting up", &path, error))?;
    Ok((path, device))
}

fn open_device(path: &Path) -> Result<File, InitError> {
    let device = OpenOptions::new().read(true).write(true).open(path);
    device.map_err(|error| InitError::file("opening", path, error))
}

/// A control request without argument whose answer is its returned value.
struct Answer<const OPCODE: ioctl::Opcode>;

// SAFETY: no memory is handed to the kernel.
unsafe impl<const OPCODE: ioctl::Opcode> ioctl::Ioctl for Answer<OPCODE> {
    type Output = i32;

    const IS_MUTATING: bool = false;

    fn opcode(&self) -> ioctl::Opcode {
        OPCODE
    }

    fn as_ptr(&mut self) -> *mut std::ffi::c_void {
        std::ptr::null_mut()
    }

    unsafe fn output_from_ptr(
        answer: ioctl::IoctlOutput,
        _: *mut std::ffi::c_void,
    ) -> rustix::io::Result<Self::Output> {
        Ok(answer)
    }
}

/// `struct loop_config` of `linux/loop.h`; what is zero here is put together.
#[repr(C)]
struct LoopConfig {
    image: u32,
    block_size: u32,
    _devices_and_place: [u64; 5],
    _number_and_encryption: [u32; 3],
    flags: u32,
    _names_and_keys: [u64; 22],
    _reserved: [u64; 8],
}

const _: () = assert!(size_of::<LoopConfig>() == 304);

fn configure(device: &File, image: &File) -> rustix::io::Result<()> {
    const LOOP_CONFIGURE: ioctl::Opcode = 0x4C0A;
    const READ_ONLY_AND_AUTOCLEAR: u32 = 1 | 4;
    let config = LoopConfig {
        image: image.as_raw_fd().cast_unsigned(),
        block_size: 0,
        _devices_and_place: [0; 5],
        _number_and_encryption: [0; 3],
        flags: READ_ONLY_AND_AUTOCLEAR,
        _names_and_keys: [0; 22],
        _reserved: [0; 8],
    };
    // SAFETY: LOOP_CONFIGURE reads a `struct loop_config`, whose layout `LoopConfig` has.
    unsafe { ioctl::ioctl(device, Setter::<LOOP_CONFIGURE, LoopConfig>::new(config)) }
}

/// Moves the kernel's filesystems over, and the new root over the old one. The last steps are
/// what `switch_root` does; `pivot_root` is not allowed on an initramfs.
fn switch_root() -> Result<(), InitError> {
    // Its modules are loaded; their files only take memory.
    let _ = fs::remove_dir_all(EARLY_MODULES);
    for (_, from, _) in FIRST {
        let to = Path::new(ROOT).join(from.trim_start_matches('/'));
        let _ = fs::create_dir_all(&to);
        let moved = mount_move(from, &to);
        log::gone_past(moved.map_err(|error| InitError::mount(from, &to, error)));
    }
    let entered = chdir(ROOT)
        .and_then(|()| mount_move(".", "/"))
        .and_then(|()| chroot("."))
        .and_then(|()| chdir("/"));
    entered.map_err(|error| InitError::mount("the new root", Path::new("/"), error))
}
