"""CPU time and memory of processes, read from /proc."""

import os
import time
from pathlib import Path

from waybill_services import wait_until

_TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """User and system time of one process and of those children it has waited for."""
    fields = _fields(pid)
    return sum(int(value) for value in fields[11:15]) / _TICK


def tree_cpu_seconds(pid):
    """The same of a process and all that now descend from it, for example a database server and its sessions."""
    return cpu_seconds(pid) + sum(_cpu_seconds_if_running(each) for each in _descendants(pid))


def wait_until_calm(pid, seconds=30):
    """Waits until a process and its descendants use less than a tenth of a core and the disk has all that was written:
    what the last run left is cleared away."""
    os.sync()
    def calm():
        before = tree_cpu_seconds(pid)
        time.sleep(0.5)
        return tree_cpu_seconds(pid) - before < 0.05
    wait_until(calm, seconds, f"process {pid} at rest")


def _cpu_seconds_if_running(pid):
    """Of a session that ended after it was listed, its parent has the time."""
    try:
        return cpu_seconds(pid)
    except OSError:
        return 0.0


def peak_memory_bytes(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"no peak memory of process {pid}")


def _fields(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _descendants(pid):
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                parents.setdefault(int(_fields(entry)[1]), []).append(int(entry))
            except OSError:
                continue
    found, open_ends = [], [pid]
    while open_ends:
        children = parents.get(open_ends.pop(), [])
        found += children
        open_ends += children
    return found
