"""Results as markdown: ratios to claim, seconds to inform."""

import statistics

from .shell import Run


def median(runs):
    """The median of each figure."""
    figures = zip(*[(run.seconds, run.cpu, run.peak, run.size) for run in runs])
    return Run(*[statistics.median(figure) for figure in figures])


def table(results, title, size_title="image, MB"):
    """A row for each of {name: [Run]}. The first one is what the others are compared with."""
    rows = {name: median(runs) for name, runs in results.items()}
    if not rows:
        return []
    first = next(iter(rows.values()))
    lines = [f"| {title} | time, ratio | size, ratio | time, s | CPU, s | {size_title} | peak memory, MiB |",
             "|---|---:|---:|---:|---:|---:|---:|"]
    for name, run in rows.items():
        size_ratio = f"{run.size / first.size:.2f}" if first.size and run.size else ""
        size = f"{run.size / 1e6:.0f}" if run.size else ""
        lines.append(f"| {name} | {run.seconds / first.seconds:.2f} | {size_ratio} "
                     f"| {run.seconds:.1f} | {run.cpu:.1f} | {size} | {run.peak:.0f} |")
    return lines + [""]


class Claim:
    """One figure to reach: a quotient of two rows and its bound."""

    def __init__(self, text, value, at_least=None, at_most=None):
        self.text, self.value = text, value
        self.bound = f"at least {at_least:g}" if at_most is None else f"at most {at_most:g}"
        self.good = value >= at_least if at_most is None else value <= at_most


def claim_table(claims):
    """What was to be reached, and what was."""
    lines = ["| claim | measured | wanted | |", "|---|---:|---:|---|"]
    for claim in claims:
        verdict = "reached" if claim.good else "**missed**"
        lines.append(f"| {claim.text} | {claim.value:.2f} | {claim.bound} | {verdict} |")
    return lines + [""] if claims else []
