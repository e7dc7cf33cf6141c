"""What Remetal claims, computed from the rows. The rows' names are the keys of all results."""

from .table import Claim, median

CAPTURE = "remetal capture --level 3 --no-verify"
CAPTURE_VERIFIED = "remetal capture --level 3, image read back"
CAPTURE_AUTO = "remetal capture --level auto --no-verify"
CAPTURE_PARTCLONE = "partclone.ntfs, then partclone.ext4, each to zstd -3 -T0"
CAPTURE_NTFSCLONE = "ntfsclone to zstd -3 -T0 (NTFS only)"
CAPTURE_QEMU = "qemu-img convert -c, zstd, 16 coroutines"
BOUND = "zstd -3 -T0 alone, from memory to nothing"
RESTORE = "remetal restore --no-verify (all hashes checked)"
RESTORE_VERIFIED = "remetal restore, target read back"
RESTORE_PARTCLONE = "zstd -d to partclone.restore, both partitions"
RESTORE_QEMU = "qemu-img convert to raw"
SPARSE_PLAIN = "plain disk of 8 GiB: capture"
SPARSE_HUGE = "16 TiB disk: capture"
SPARSE_HUGE_PLAN = "16 TiB disk: until the plan is told"


def capture_claims(results):
    rows = {name: median(runs) for name, runs in results.items()}
    ours = rows[CAPTURE]
    return [
        Claim("capture: times the speed of partclone + zstd",
              rows[CAPTURE_PARTCLONE].seconds / ours.seconds, at_least=4),
        Claim("capture: times the speed of qemu-img",
              rows[CAPTURE_QEMU].seconds / ours.seconds, at_least=1.8),
        Claim("image size to that of partclone + zstd",
              ours.size / rows[CAPTURE_PARTCLONE].size, at_most=1),
        Claim("capture: time of level auto to that of level 3, fast destination",
              rows[CAPTURE_AUTO].seconds / ours.seconds, at_most=1.05),
    ] + memory_claims(rows)


def restore_claims(results):
    rows = {name: median(runs) for name, runs in results.items()}
    ours, verified, partclone = rows[RESTORE], rows[RESTORE_VERIFIED], rows[RESTORE_PARTCLONE]
    return [
        Claim("restore: times the speed of partclone.restore",
              partclone.seconds / ours.seconds, at_least=3),
        Claim("restore: times the speed of qemu-img",
              rows[RESTORE_QEMU].seconds / ours.seconds, at_least=1),
        Claim("restore with read-back: times the speed of partclone.restore",
              partclone.seconds / verified.seconds, at_least=2),
    ] + memory_claims(rows)


def slow_claims(results):
    rows = {name: median(runs) for name, runs in results.items()}
    return [
        Claim("slow destination: size of level auto to that of level 3",
              rows[CAPTURE_AUTO].size / rows[CAPTURE].size, at_most=0.99),
        Claim("slow destination: time of level auto to that of level 3",
              rows[CAPTURE_AUTO].seconds / rows[CAPTURE].seconds, at_most=1.02),
    ] + memory_claims(rows)


def sparse_claims(results):
    rows = {name: median(runs) for name, runs in results.items()}
    return [
        Claim("16 TiB disk with 4 GiB used: capture time to that of a plain disk",
              rows[SPARSE_HUGE].seconds / rows[SPARSE_PLAIN].seconds, at_most=1.25),
        Claim("16 TiB disk: seconds until the plan is told", rows[SPARSE_HUGE_PLAN].seconds, at_most=5),
    ] + memory_claims(rows)


def memory_claims(rows):
    ours = [run.peak for name, run in rows.items() if "partclone" not in name
            and "ntfsclone" not in name and "qemu" not in name and name != BOUND]
    return [Claim("peak memory of remetal, MiB", max(ours), at_most=256)]
