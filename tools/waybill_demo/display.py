"""Shows what happens: a moving line on a terminal, plain lines now and then anywhere else."""

import os
import sys
import time

_WIDTH = 24
_EVERY = 5.0


class Display:
    """Events are lines that stay; progress is one line that is written over, or a line every five seconds."""

    def __init__(self, stream=sys.stdout):
        self.stream = stream
        self.moving = stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self.colours = self.moving and "NO_COLOR" not in os.environ
        self.began = time.monotonic()
        self._shown = 0.0
        self._line = ""

    def event(self, text):
        self._wipe()
        self._write(f"{self._time()}  {self.paint(text, '33')}\n")
        if self.moving and self._line:
            self._write(self._line)

    def progress(self, share, words):
        text = f"{self._time()}  {_bar(share)}  {words}"
        if self.moving:
            self._wipe()
            self._line = text
            self._write(text)
        elif time.monotonic() - self._shown >= _EVERY:
            self._shown = time.monotonic()
            self._write(text + "\n")

    def done(self):
        self._wipe()
        self._line = ""

    def table(self, rows):
        """Rows of name, expected, counted, whether it is as promised."""
        width = max(len(name) for name, *_ in rows) + 2
        self._write(f"\n{'':{width}}{'expected':>16}{'counted':>12}\n")
        for name, expected, counted, kept in rows:
            mark = self.paint("ok", "32") if kept else self.paint("BROKEN", "31;1")
            self._write(f"{name:{width}}{expected:>16}{counted:>12,}  {mark}\n")

    def say(self, text):
        self._write(text + "\n")

    def paint(self, text, colour):
        return f"\033[{colour}m{text}\033[0m" if self.colours else text

    def _time(self):
        return f"{time.monotonic() - self.began:6.1f} s"

    def _wipe(self):
        if self.moving and self._line:
            self._write("\r\033[K")

    def _write(self, text):
        self.stream.write(text)
        self.stream.flush()


def _bar(share):
    full = round(min(share, 1.0) * _WIDTH)
    return "[" + "#" * full + "." * (_WIDTH - full) + "]"
