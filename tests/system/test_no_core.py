"""Passwords are in a relay's memory, so a relay that crashes leaves no core file behind."""

import os
import resource
import signal
import subprocess

from harness import binary
from waybill_services import wait_until


def abort(command, folder, is_ready=lambda: True, environment=None):
    """Runs a command with cores allowed, aborts it, and tells whether the system made a core of it."""
    def allow_cores():
        most = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (most, most))
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, cwd=folder, preexec_fn=allow_cores, stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=log, env={**os.environ, **(environment or {})})
    try:
        wait_until(is_ready, 30, "it to run")
    finally:
        process.send_signal(signal.SIGABRT)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == -signal.SIGABRT, process.returncode
    return os.WCOREDUMP(status)


def test_a_relay_that_crashes_leaves_no_core(sqlite_store, workspace, shop):
    shop(sqlite_store)
    folder = workspace.folder
    relay = [binary.path(), "relay", "-c", str(workspace.config)]

    def is_ready():
        return "lane 0 is ours" in (folder / "log").read_text()

    possible = abort(["sleep", "60"], folder)
    assert not abort(relay, folder, is_ready)
    # For who looks for a defect; and it shows that the check above can fail, where a system makes cores at all.
    assert abort(relay, folder, is_ready, {"WAYBILL_CORE": "1"}) == possible
