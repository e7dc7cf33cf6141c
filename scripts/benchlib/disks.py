"""Disks in files, filled with real files of this machine."""

import contextlib
import os
import shutil

from .shell import MIB, say, sh

NTFS_TYPE = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"
LINUX_TYPE = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"


class Loops:
    """Loop devices over the partitions of a disk file, by offset and length, since not every
    kernel makes nodes for partitions. Each is held open, which keeps its page cache."""

    def __init__(self, disk, partitions):
        self.nodes, self.handles = [], []
        try:
            for start, length in partitions:
                self.nodes.append(sh(f"losetup --find --show -o {start} --sizelimit {length} {disk}"))
                self.handles.append(os.open(self.nodes[-1], os.O_RDONLY))
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self.nodes

    def __exit__(self, *_):
        for handle in self.handles:
            os.close(handle)
        for node in self.nodes:
            sh(f"losetup --detach {node}")


@contextlib.contextmanager
def mounted(command, node, directory):
    """The node mounted at the directory by `command NODE DIRECTORY`."""
    os.makedirs(directory, exist_ok=True)
    sh(f"{command} {node} {directory}")
    try:
        yield directory
    finally:
        sh(f"sync -f {directory}; for i in {{1..50}}; do umount {directory} && exit 0; sleep 0.2; "
           "done; exit 1")


def make_gpt(path, size, partitions):
    """A sparse disk of `size` MiB with partitions of (MiB, type); returns (start, length) in
    bytes of each."""
    script, places, start = ["label: gpt"], [], 1
    for length, kind in partitions:
        script.append(f"start={start}MiB, size={length}MiB, type={kind}")
        places.append((start * MIB, length * MIB))
        start += length
    with open(path, "wb") as file:
        file.truncate(size * MIB)
    newline = "\n"
    sh(f"sfdisk --quiet {path} <<'END'\n{newline.join(script)}\nEND")
    return places


def fill(directory, budget):
    """Copies files of /usr until `budget` bytes are there; starts over under another name when
    /usr is too small. Then as much as a tenth is written once more and deleted, so that free
    space is not blank."""
    copied = copy_files(os.path.join(directory, "a"), budget)
    if copied < budget:
        copied += copy_files(os.path.join(directory, "b"), budget - copied)
    deleted = os.path.join(directory, "deleted")
    copy_files(deleted, budget // 10)
    sh(f"sync -f {directory}")
    shutil.rmtree(deleted)


def copy_files(to, budget):
    copied = 0
    for directory, directories, names in os.walk("/usr"):
        directories.sort()
        target = to + directory
        os.makedirs(target)
        for name in sorted(names):
            source = os.path.join(directory, name)
            if os.path.islink(source) or not os.path.isfile(source):
                continue
            size = os.path.getsize(source)
            if copied + size > budget:
                return copied
            shutil.copyfile(source, os.path.join(target, name))
            copied += size
    return copied


class Reference:
    """The disk that everything is measured on: NTFS and ext4."""

    def __init__(self, work, scale):
        self.path = f"{work}/reference-{scale}.img"
        self.size = int(12288 * scale)
        self.layout = [(int(7680 * scale), NTFS_TYPE), (int(4096 * scale), LINUX_TYPE)]
        budgets = [int(4300 * scale) * MIB, int(1500 * scale) * MIB]
        if os.path.exists(self.path):
            self.partitions = self._places()
            return
        say(f"making the reference disk {self.path}")
        new = self.path + ".new"
        self.partitions = make_gpt(new, self.size, self.layout)
        with Loops(new, self.partitions) as [ntfs, ext4]:
            sh(f"mkntfs --quick --quiet --force {ntfs}; mke2fs -q -t ext4 {ext4}")
            for mount, node, budget in zip(["ntfs-3g", "mount"], [ntfs, ext4], budgets):
                with mounted(mount, node, f"{work}/mnt"):
                    fill(f"{work}/mnt", budget)
        os.rename(new, self.path)

    def _places(self):
        places, start = [], 1
        for length, _ in self.layout:
            places.append((start * MIB, length * MIB))
            start += length
        return places


def sparse_pair(directory, scale):
    """Two disks with the same files on ext4 and XFS: one of 16 TiB, and one just large enough.
    `directory` must be on a filesystem that holds files of 16 TiB (ext4 does not)."""
    paths = []
    for name, disk, volume in [("huge", 16 << 20, 8 << 20), ("plain", 8192, 4000)]:
        path = f"{directory}/{name}.img"
        say(f"making the {name} disk")
        places = make_gpt(path, disk, [(volume - 2, LINUX_TYPE), (volume - 2, LINUX_TYPE)])
        with Loops(path, places) as [ext4, xfs]:
            sh(f"mke2fs -q -t ext4 -N 300000 -J size=64 -E nodiscard,lazy_itable_init=1 {ext4}")
            sh(f"mkfs.xfs -q -K -l size=64m {xfs}")
            mounts = ["mount -o noinit_itable", "mount"]
            for mount, node in zip(mounts, [ext4, xfs]):
                with mounted(mount, node, f"{directory}/mnt"):
                    copy_files(f"{directory}/mnt/a", int(2048 * scale) * MIB)
        paths.append(path)
    return paths
