"""How much memory a process has taken."""

from pathlib import Path


def peak_megabytes() -> float:
    """The largest resident size of this program so far, in MiB.

    Linux's high-water mark of the program itself: ``ru_maxrss`` begins with that of the process which started it.
    """
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024
