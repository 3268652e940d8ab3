"""The `waybill` binary: run to its end, or as a relay in the background."""

import json
import os
import signal
import subprocess
from pathlib import Path

from waybill_services import wait_until


def path():
    found = os.environ.get("WAYBILL_BINARY")
    if not found:
        raise RuntimeError("WAYBILL_BINARY must name the built binary, for example build/release/src/cli/waybill")
    return str(Path(found).absolute())


class Answer:
    """What one command printed and how it ended."""

    def __init__(self, command, done):
        self.command = command
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    @property
    def json(self):
        return json.loads(self.out)

    def expect(self, code=0):
        """Itself, when it ended with `code`; otherwise the test fails with all that was printed."""
        assert self.code == code, f"{' '.join(self.command)} ended with {self.code}, not {code}:\n{self.out}{self.err}"
        return self


class Relay:
    """One `waybill relay` process; `prefix` is a command that ends by becoming it."""

    def __init__(self, config, log, *arguments, environment=None, prefix=()):
        self.log = Path(log)
        self.started_at = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as out:
            command = [*map(str, prefix), path(), "relay", "-c", str(config), *arguments]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                            env={**os.environ, **(environment or {})}, cwd=Path(config).parent)

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process.poll() is None

    def sigkill(self):
        self.process.kill()
        self.process.wait()

    def sigterm(self):
        self.process.send_signal(signal.SIGTERM)

    def sigstop(self):
        self.process.send_signal(signal.SIGSTOP)

    def sigcont(self):
        self.process.send_signal(signal.SIGCONT)

    def wait(self, seconds=60):
        """Waits for its end and gives the exit code."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the relay still ran after {seconds} s:\n{self.text()[-4000:]}") from None

    def stop(self, seconds=60):
        """SIGTERM, and the exit code."""
        self.sigterm()
        return self.wait(seconds)

    def text(self):
        """What this process has logged so far."""
        return self.log.read_bytes()[self.started_at:].decode(errors="replace")

    def wait_logged(self, word, seconds=30):
        wait_until(lambda: word in self.text() or not self.alive(), seconds, f"the relay to log {word!r}")
        assert word in self.text(), self.text()[-4000:]

    def memory_bytes(self):
        """Resident memory now."""
        return _status_bytes(self.pid, "VmRSS")

    def peak_memory_bytes(self):
        return _status_bytes(self.pid, "VmHWM")


def _status_bytes(pid, field):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"no {field} of process {pid}")
