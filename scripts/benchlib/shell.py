"""Commands, their time and their memory."""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

MIB = 1 << 20


def say(text):
    print(text, file=sys.stderr, flush=True)


def sh(command):
    """Runs a bash command that must succeed; returns what it printed."""
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise SystemExit(f"{command}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


@dataclass
class Run:
    """One measured run."""
    seconds: float
    cpu: float  # seconds of all processes, user and system
    peak: float  # MiB, of the largest single process
    size: int = 0  # bytes of what it made


def measure(command, cgroup=None):
    """Runs a bash command that must succeed, under `time`. The peak is the maximum resident set
    size of the largest process, where the command is a pipeline."""
    if cgroup:
        command = f"echo $$ > {cgroup}/cgroup.procs; {command}"
    with tempfile.NamedTemporaryFile("r") as figures:
        start = time.monotonic()
        done = subprocess.run(["time", "--output", figures.name, "--format", "%U %S %M",
                               "bash", "-euo", "pipefail", "-c", command], text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        seconds = time.monotonic() - start
        if done.returncode != 0:
            raise SystemExit(f"{command}\n{done.stdout[-4000:]}")
        user, system, peak = map(float, figures.read().split())
    return Run(seconds, user + system, peak / 1024)


def until(command, beginning):
    """Seconds until the command prints a line of that beginning on its standard error; then it is
    killed."""
    start = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True) as process:
        found = any(line.startswith(beginning) for line in process.stderr)
        seconds = time.monotonic() - start
        process.kill()
    if not found:
        raise SystemExit(f"{command} never printed {beginning}")
    return seconds


def size_of(*paths):
    """Bytes of all files at or below the paths."""
    total = 0
    for path in paths:
        if os.path.isdir(path):
            total += size_of(*[os.path.join(path, name) for name in os.listdir(path)])
        else:
            total += os.path.getsize(path)
    return total


def warm(path):
    """Brings the data of a sparse file into the page cache, leaving out its holes."""
    with open(path, "rb", buffering=0) as file:
        end = os.fstat(file.fileno()).st_size
        place = 0
        while place < end:
            try:
                place = os.lseek(file.fileno(), place, os.SEEK_DATA)
            except OSError:
                return
            hole = os.lseek(file.fileno(), place, os.SEEK_HOLE)
            while place < hole:
                place += len(os.pread(file.fileno(), min(4 * MIB, hole - place), place))
