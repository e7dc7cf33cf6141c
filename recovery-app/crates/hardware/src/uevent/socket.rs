use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::netlink::{KOBJECT_UEVENT, SocketAddrNetlink};
use rustix::net::{
    AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recvfrom, socket_with, sockopt,
};

use super::Uevent;
use crate::HardwareError;

/// The multicast group in which the kernel speaks; udev answers in another one.
const KERNEL_GROUP: u32 = 1;

/// Bytes of messages that the kernel keeps for us. A hub with many disks sends hundreds in a
/// burst, of less than 1 KiB each as the kernel counts them.
const BUFFER: usize = 16 << 20;

/// The kernel's limit is 2 KiB of strings and a header.
const LONGEST: usize = 16 << 10;

/// What came out of the socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// A message of the kernel.
    Event(Uevent),
    /// Messages were lost. Look at `/sys` again, whole.
    Overrun,
}

/// Hears what happens to devices, from the moment that it is opened.
#[derive(Debug)]
pub struct UeventSocket {
    socket: OwnedFd,
}

impl UeventSocket {
    /// Starts to listen. Needs no rights; as root, the kernel keeps more messages for us.
    pub fn open() -> Result<Self, HardwareError> {
        Self::connect().map_err(|source| HardwareError::Listen { source: source.into() })
    }

    fn connect() -> Result<Self, Errno> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let family = AddressFamily::NETLINK;
        let socket = socket_with(family, SocketType::RAW, flags, Some(KOBJECT_UEVENT))?;
        if sockopt::set_socket_recv_buffer_size_force(&socket, BUFFER).is_err() {
            // Without the rights for more, as much as everyone may have.
            sockopt::set_socket_recv_buffer_size(&socket, BUFFER)?;
        }
        bind(&socket, &SocketAddrNetlink::new(0, KERNEL_GROUP))?;
        Ok(Self { socket })
    }

    /// Waits for the next message, at most for `patience`. `None` when nothing came.
    ///
    /// What others than the kernel send, and what cannot be read, is passed over.
    pub fn receive(&self, patience: Duration) -> Result<Option<Received>, HardwareError> {
        let broken = |source: Errno| HardwareError::Listen { source: source.into() };
        let mut message = [0; LONGEST];
        loop {
            if !self.wait(patience).map_err(broken)? {
                return Ok(None);
            }
            match recvfrom(&self.socket, &mut message[..], RecvFlags::TRUNC) {
                Ok((_, length, _)) if length > LONGEST => return Ok(Some(Received::Overrun)),
                Ok((_, length, sender)) => {
                    let sender = sender.and_then(|any| SocketAddrNetlink::try_from(any).ok());
                    let from_kernel = sender.is_some_and(|sender| sender.pid() == 0);
                    let event = message.get(..length).and_then(Uevent::parse);
                    if let Some(event) = event.filter(|_| from_kernel) {
                        return Ok(Some(Received::Event(event)));
                    }
                }
                Err(Errno::NOBUFS) => return Ok(Some(Received::Overrun)),
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(error) => return Err(broken(error)),
            }
        }
    }

    /// True when something can be read.
    fn wait(&self, patience: Duration) -> Result<bool, Errno> {
        let patience = Timespec::try_from(patience).map_err(|_| Errno::INVAL)?;
        let mut sockets = [PollFd::new(&self.socket, PollFlags::IN)];
        match poll(&mut sockets, Some(&patience)) {
            Ok(ready) => Ok(ready > 0),
            Err(Errno::INTR) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl AsFd for UeventSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
