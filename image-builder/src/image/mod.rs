//! Trees as images: the system's squashfs, the initial ramdisk, and the ISO around them.

mod initrd;
mod iso;
mod squashfs;

pub(crate) use self::initrd::make_initrd;
pub(crate) use self::iso::{IsoParts, make_iso};
pub(crate) use self::squashfs::make_squashfs;
