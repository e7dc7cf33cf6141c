//! Where things lie in the initramfs and in the system image: agreed between the builder, which
//! writes them, and PID 1, which finds them.
//!
//! The cpio that the kernel unpacks holds only what is needed to mount the system image, which
//! stays compressed in memory:
//!
//! ```text
//! /init                PID 1 (static)
//! /early/order         names of the files below, one a line, in the order to load them
//! /early/*.ko          loop, squashfs and overlay, with what they depend on
//! /system.squashfs     everything else: a Debian tree with `/usr/bin/remetal` in it
//! ```
//!
//! PID 1 mounts the system image read-only, lays a writable overlay in memory over it, and
//! makes that the root.

/// The system image, in the cpio.
pub const SYSTEM_IMAGE: &str = "/system.squashfs";

/// The folder of modules that are needed to mount the system image, in the cpio.
pub const EARLY_MODULES: &str = "/early";

/// The file in [`EARLY_MODULES`] that names the modules in the order to load them, one a line.
pub const EARLY_ORDER: &str = "/early/order";

/// The modules that the system image cannot be mounted without, by their names; the builder adds
/// what they depend on.
pub const EARLY_NAMES: &[&str] = &["loop", "squashfs", "overlay"];

/// The recovery program, in the system image.
pub const PROGRAM: &str = "/usr/bin/remetal";

/// The list of everything on the ISO, in the system image and under the same name in the folder
/// `remetal` of the ISO.
pub const CONTENTS: &str = "/usr/share/remetal/contents.json";

/// The volume label of the ISO (ISO 9660 allows 32 characters).
pub const ISO_LABEL: &str = "REMETAL";
