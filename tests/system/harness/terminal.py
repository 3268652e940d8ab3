"""A command on a terminal, as a person has it."""

import os
import pty
import re
import select
import subprocess
import time


class Terminal:
    """Runs a command on a terminal of its own. What it shows is kept in `text`, without colours."""

    def __init__(self, command, environment=None, folder=None):
        self._screen, inside = pty.openpty()
        self.process = subprocess.Popen(command, stdin=inside, stdout=inside, stderr=inside, cwd=folder, start_new_session=True,
                                        env={**os.environ, "TERM": "xterm", **(environment or {})})
        os.close(inside)
        self.text = ""
        self._seen = 0

    def _read(self, seconds):
        if not select.select([self._screen], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._screen, 65536)
        except OSError:
            return False
        self.text += re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", data.decode(errors="replace"))
        return bool(data)

    def expect(self, text, seconds=20):
        """Waits until this is shown, after what was expected before."""
        deadline = time.monotonic() + seconds
        while text not in self.text[self._seen:]:
            assert time.monotonic() < deadline, f"'{text}' was not shown after:\n{self.text[self._seen:]}"
            if not self._read(0.2):
                assert text in self.text[self._seen:], f"it ended without '{text}':\n{self.text[self._seen:]}"
        self._seen = self.text.index(text, self._seen) + len(text)

    def press(self, keys):
        os.write(self._screen, keys.encode())

    def type(self, line):
        self.press(line + "\n")

    def wait(self, seconds=20):
        """The exit code."""
        deadline = time.monotonic() + seconds
        while self._read(0.1) and self.process.poll() is None:
            assert time.monotonic() < deadline, f"it did not end:\n{self.text}"
        return self.process.wait(seconds)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._screen)
