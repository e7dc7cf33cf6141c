//! The kernel's requests on block devices that rustix does not wrap (Linux `include/uapi/linux/fs.h`).

use std::fs::File;
use std::io;

use rustix::ioctl::{self, Getter, NoArg, Opcode, Setter, opcode};

use crate::Extent;

const BLKROSET: Opcode = opcode::none(0x12, 93);
const BLKROGET: Opcode = opcode::none(0x12, 94);
const BLKRRPART: Opcode = opcode::none(0x12, 95);
const BLKZEROOUT: Opcode = opcode::none(0x12, 127);

pub(crate) fn set_read_only(file: &File, read_only: bool) -> io::Result<()> {
    // SAFETY: BLKROSET reads one int through the pointer that `Setter` passes.
    unsafe {
        let request = Setter::<BLKROSET, i32>::new(i32::from(read_only));
        Ok(ioctl::ioctl(file, request)?)
    }
}

pub(crate) fn is_read_only(file: &File) -> io::Result<bool> {
    // SAFETY: BLKROGET writes one int through the pointer that `Getter` passes.
    let flag = unsafe { ioctl::ioctl(file, Getter::<BLKROGET, i32>::new())? };
    Ok(flag != 0)
}

pub(crate) fn reread_partition_table(file: &File) -> io::Result<()> {
    // SAFETY: BLKRRPART takes no argument.
    unsafe { Ok(ioctl::ioctl(file, NoArg::<BLKRRPART>::new())?) }
}

pub(crate) fn zero_out(file: &File, extent: Extent) -> io::Result<()> {
    // SAFETY: BLKZEROOUT reads two u64 (start and length, bytes) through the pointer.
    unsafe {
        let request = Setter::<BLKZEROOUT, [u64; 2]>::new([extent.start, extent.length]);
        Ok(ioctl::ioctl(file, request)?)
    }
}
