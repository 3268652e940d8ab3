"""Finding and ending what a killed run left behind.

Every server carries the marker variable in its environment, and every service folder says which process owns it. A
process is ours only when it carries the very folder of an owner that is gone: no id is ever trusted by itself.
"""

import json
import os
import shutil
import signal
from pathlib import Path

from .waiting import wait_until

MARKER = "WAYBILL_SERVICE_DIR"
_OWNER = "owner.json"


def claim(directory):
    """Writes down that this process owns the folder."""
    me = os.getpid()
    Path(directory, _OWNER).write_text(json.dumps({"pid": me, "started": _started(me)}))


def sweep(root):
    """Ends the servers, and removes the folders, of owners that no longer run."""
    for directory in sorted(Path(root).glob("*")):
        if directory.is_dir() and (directory / _OWNER).exists() and not _owner_lives(directory):
            end_marked(directory)
            shutil.rmtree(directory, ignore_errors=True)


def end_marked(directory):
    """Kills every process that carries this folder's marker, and waits until all are gone."""
    for pid in _marked(directory):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    wait_until(lambda: not _marked(directory), 15, f"the end of the processes of {directory}")


def _owner_lives(directory):
    try:
        owner = json.loads((directory / _OWNER).read_text())
    except (OSError, ValueError):
        return False
    return _started(owner["pid"]) == owner["started"]


def _started(pid):
    """When the process started, in clock ticks since boot; with the id it names one process only."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])


def _marked(directory):
    wanted = f"{MARKER}={Path(directory).absolute()}".encode()
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            environment = Path(f"/proc/{entry}/environ").read_bytes()
        except OSError:
            continue
        if wanted in environment.split(b"\0") and _started(int(entry)) is not None:
            found.append(int(entry))
    return found
