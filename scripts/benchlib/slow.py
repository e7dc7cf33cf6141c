"""A destination that is slow the way a slow disk is: the kernel throttles the block device under
an ext4, so the page cache, writeback and fsync all behave as they do on a slow USB stick."""

import contextlib
import os

from .disks import mounted
from .shell import MIB, sh


@contextlib.contextmanager
def slow_directory(work, size, bytes_per_second):
    """A directory on a fresh ext4 of `size` bytes that takes so many bytes a second; yields it and
    the control group that the writer must be in, or None."""
    image = f"{work}/slow.img"
    with open(image, "wb") as file:
        file.truncate(size + 512 * MIB)
    node = sh(f"losetup --find --show {image}")
    try:
        sh(f"mke2fs -q -t ext4 -E lazy_itable_init=0,lazy_journal_init=0 {node}")
        with mounted("mount", node, f"{work}/slow") as directory, \
                throttled(node, bytes_per_second) as cgroup:
            yield directory, cgroup
    finally:
        sh(f"losetup --detach {node}")
        os.remove(image)


@contextlib.contextmanager
def throttled(node, bytes_per_second):
    device = sh(f"lsblk --nodeps --noheadings --output MAJ:MIN {node}").strip()
    version1 = "/sys/fs/cgroup/blkio"
    if os.path.exists(f"{version1}/blkio.throttle.write_bps_device"):
        # Writeback belongs to the root group, and so does direct I/O of a process that joins it.
        control = f"{version1}/blkio.throttle.write_bps_device"
        put(control, f"{device} {bytes_per_second}")
        try:
            yield version1
        finally:
            put(control, f"{device} 0")
        return
    version2 = "/sys/fs/cgroup"
    put(f"{version2}/cgroup.subtree_control", "+io +memory")
    group = f"{version2}/remetal-bench"
    os.makedirs(group, exist_ok=True)
    put(f"{group}/io.max", f"{device} wbps={bytes_per_second}")
    try:
        yield group
    finally:
        os.rmdir(group)


def put(path, text):
    with open(path, "w") as file:
        file.write(text)
