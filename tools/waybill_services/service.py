"""What all private servers share: a folder, a log, and an end."""

import atexit
import os
import shutil
import signal
import subprocess
import uuid
from pathlib import Path

from . import leftovers
from .waiting import wait_until

ROOT = Path(os.environ.get("WAYBILL_SERVICES", Path(__file__).resolve().parents[2] / "build" / "services"))


class Started:
    """What start() begins and close() ends, as a context."""

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()


class Service(Started):
    """One server with a folder of its own under `build/services/`, removed again by close()."""

    def __init__(self, name, directory=None):
        self.name = name
        ROOT.mkdir(parents=True, exist_ok=True)
        leftovers.sweep(ROOT)
        self.directory = Path(directory) if directory else ROOT / f"{name}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        self.directory = self.directory.absolute()
        self.directory.mkdir(parents=True, exist_ok=True)
        leftovers.claim(self.directory)
        self.log = self.directory / f"{name}.log"
        self.process = None
        self._owner = os.getpid()
        atexit.register(self.close)

    def spawn(self, command, environment=None):
        """Starts a process that carries our marker, its output in the log, its terminal's signals its own."""
        full = {**os.environ, **(environment or {}), leftovers.MARKER: str(self.directory)}
        with open(self.log, "ab") as log:
            return subprocess.Popen([str(part) for part in command], env=full, cwd="/", stdin=subprocess.DEVNULL,
                                    stdout=log, stderr=log, start_new_session=True)

    def run(self, command, environment=None, text=None, check=True):
        """Runs a command of the server's own tools to its end and gives its output."""
        full = {**os.environ, **(environment or {}), leftovers.MARKER: str(self.directory)}
        done = subprocess.run([str(part) for part in command], env=full, cwd="/", input=text, text=True,
                              capture_output=True, check=False)
        if check and done.returncode != 0:
            raise RuntimeError(f"{self.name}: {command[0]} failed with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def wait_ready(self, ready, seconds=60):
        """Waits until `ready()`; a server that ended instead is an error that shows its log's end."""
        def ready_or_dead():
            return not self.alive() or ready()
        try:
            wait_until(ready_or_dead, seconds, f"{self.name} to be ready")
        except TimeoutError as late:
            raise RuntimeError(f"{late}\n{self.tail()}") from late
        if not self.alive():
            raise RuntimeError(f"{self.name} ended while starting:\n{self.tail()}")

    def end(self, number, seconds=30):
        """Sends a signal to the server and waits for its end; SIGKILL after `seconds`."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        self.process = None

    def kill(self):
        """SIGKILL; start() recovers."""
        self.end(signal.SIGKILL)
        leftovers.end_marked(self.directory)

    def restart(self):
        self.end(signal.SIGTERM)
        return self.start()

    def pause(self):
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def tail(self, lines=40):
        try:
            return "".join(self.log.read_text(errors="replace").splitlines(keepends=True)[-lines:])
        except OSError:
            return ""

    def discard(self):
        """Ends the server when its data is about to be removed anyway."""
        self.stop()

    def close(self):
        """Stops the server, ends whatever it left, removes its folder. Safe to repeat, and in a forked child."""
        if os.getpid() != self._owner or not self.directory.exists():
            return
        atexit.unregister(self.close)
        try:
            self.discard()
        finally:
            leftovers.end_marked(self.directory)
            shutil.rmtree(self.directory, ignore_errors=True)
