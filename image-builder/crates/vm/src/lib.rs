//! QEMU machines for tests.
