"""The programs of the demonstration: started with a log of their own, and never left behind."""

import ctypes
import signal
import subprocess

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


def _die_with_us():
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Program:
    """One program; ended at the latest when the demonstration itself ends, however that happens."""

    def __init__(self, name, command, log):
        self.name = name
        self.command = [str(part) for part in command]
        self.log = log
        self.process = None

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True, preexec_fn=_die_with_us)
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=40):
        """SIGTERM, and SIGKILL when that is not enough. Gives the exit code."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode

    def ended(self):
        return self.process is not None and self.process.poll() is not None

    def check(self):
        """A program that should be running and is not ends the demonstration with its last words."""
        if self.ended() and self.process.returncode != 0:
            words = self.log.read_text(errors="replace").splitlines()[-5:]
            raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n" + "\n".join(words))

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            self.kill()
