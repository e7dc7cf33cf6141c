//! The two control requests that carry a command to a disk: `NVME_IOCTL_ADMIN_CMD` (Linux
//! `include/uapi/linux/nvme_ioctl.h`) and `SG_IO` (`include/scsi/sg.h`).

use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::ptr;

use rustix::ioctl::{Ioctl, IoctlOutput, Opcode, ioctl, opcode};

/// How long a disk may take to answer, in milliseconds.
const TIMEOUT: u32 = 15_000;

/// Both requests answer with one sector at most, in bytes.
pub(super) const ANSWER: usize = 512;

/// Room for the sense data of a SCSI answer, in bytes.
pub(super) const SENSE: usize = 32;

/// A request that passes a structure both ways and answers with a number.
struct Exchange<'a, T> {
    opcode: Opcode,
    argument: &'a mut T,
}

// SAFETY: `as_ptr` is valid for the whole call, being borrowed mutably by `self`; the opcode and
// the structure it goes with are paired by the two functions below and nowhere else.
unsafe impl<T> Ioctl for Exchange<'_, T> {
    type Output = IoctlOutput;

    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        self.opcode
    }

    fn as_ptr(&mut self) -> *mut c_void {
        ptr::from_mut(self.argument).cast()
    }

    unsafe fn output_from_ptr(output: IoctlOutput, _: *mut c_void) -> rustix::io::Result<i32> {
        Ok(output)
    }
}

/// `struct nvme_passthru_cmd`.
#[repr(C)]
#[derive(Default)]
struct NvmeCommand {
    opcode: u8,
    flags: u8,
    reserved: u16,
    namespace: u32,
    dwords_2_3: [u32; 2],
    metadata: u64,
    address: u64,
    metadata_length: u32,
    data_length: u32,
    dwords_10_15: [u32; 6],
    timeout: u32,
    result: u32,
}

/// Reads the first 512 bytes of a log page of an NVMe controller.
pub(super) fn nvme_log_page(disk: &File, page: u8) -> io::Result<[u8; ANSWER]> {
    const GET_LOG_PAGE: u8 = 0x02;
    const ALL_NAMESPACES: u32 = u32::MAX;
    /// Length of the answer in dwords, less one, in the upper half.
    const LENGTH: u32 = (512 / 4 - 1) << 16;
    let mut answer = [0; ANSWER];
    let mut command = NvmeCommand {
        opcode: GET_LOG_PAGE,
        namespace: ALL_NAMESPACES,
        address: ptr::from_mut(&mut answer).expose_provenance() as u64,
        data_length: 512,
        dwords_10_15: [LENGTH | u32::from(page), 0, 0, 0, 0, 0],
        timeout: TIMEOUT,
        ..NvmeCommand::default()
    };
    let opcode = opcode::read_write::<NvmeCommand>(b'N', 0x41);
    // SAFETY: the kernel reads and writes one `NvmeCommand`, and writes at most `data_length`
    // bytes at `address`, which is the whole of `answer`; both outlive the call.
    let status = unsafe { ioctl(disk, Exchange { opcode, argument: &mut command })? };
    if status == 0 { Ok(answer) } else { Err(io::Error::other("the disk refused the command")) }
}

/// `struct sg_io_hdr`.
#[repr(C)]
struct ScsiRequest {
    interface: i32,
    direction: i32,
    command_length: u8,
    sense_room: u8,
    vectors: u16,
    data_length: u32,
    data: *mut u8,
    command: *const u8,
    sense: *mut u8,
    timeout: u32,
    flags: u32,
    id: i32,
    user: *mut c_void,
    status: u8,
    masked_status: u8,
    message_status: u8,
    sense_length: u8,
    host_status: u16,
    driver_status: u16,
    residual: i32,
    duration: u32,
    info: u32,
}

/// What came back for a SCSI command.
pub(super) struct ScsiAnswer {
    /// The data, zeros where the disk sent less.
    pub(super) data: [u8; ANSWER],
    /// The sense data, zeros where there is less.
    pub(super) sense: [u8; SENSE],
    /// The SCSI status: 0 is good, 2 means that the sense data tells more.
    pub(super) status: u8,
}

/// Sends a 16-byte SCSI command that reads `length` (at most 512) bytes, or none.
pub(super) fn scsi(disk: &File, command: &[u8; 16], length: usize) -> io::Result<ScsiAnswer> {
    const SG_IO: Opcode = 0x2285;
    const NO_DATA: i32 = -1;
    const FROM_DISK: i32 = -3;
    let mut answer = ScsiAnswer { data: [0; ANSWER], sense: [0; SENSE], status: 0 };
    let length = length.min(ANSWER);
    let mut request = ScsiRequest {
        interface: i32::from(b'S'),
        direction: if length == 0 { NO_DATA } else { FROM_DISK },
        command_length: 16,
        sense_room: 32,
        vectors: 0,
        data_length: u32::try_from(length).unwrap_or(0),
        data: answer.data.as_mut_ptr(),
        command: command.as_ptr(),
        sense: answer.sense.as_mut_ptr(),
        timeout: TIMEOUT,
        flags: 0,
        id: 0,
        user: ptr::null_mut(),
        status: 0,
        masked_status: 0,
        message_status: 0,
        sense_length: 0,
        host_status: 0,
        driver_status: 0,
        residual: 0,
        duration: 0,
        info: 0,
    };
    // SAFETY: the kernel reads and writes one `ScsiRequest`, reads 16 bytes at `command`, and
    // writes at most `data_length` bytes at `data` and `sense_room` bytes at `sense`, which are
    // no more than the arrays behind them; all outlive the call.
    unsafe { ioctl(disk, Exchange { opcode: SG_IO, argument: &mut request })? };
    if request.host_status != 0 {
        return Err(io::Error::other("the disk did not answer"));
    }
    answer.status = request.status;
    Ok(answer)
}

// The sizes that the kernel checks against (64-bit machines).
const _: () = assert!(size_of::<NvmeCommand>() == 72);
#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<ScsiRequest>() == 88 && SENSE == 32);
