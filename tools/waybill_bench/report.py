"""The report: tables on the terminal as they come, and the same in a file."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path


class Report:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.lines = []
        self.figures = {}
        self._rows = []

    def machine(self):
        model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                      if line.startswith("model name")), platform.machine())
        commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
        self._say(f"# Waybill benchmark\n\n{os.cpu_count()} cores of {model}, Linux {platform.release()}, "
                  f"commit {commit.stdout.strip() or 'unknown'}. Durability on: fsync, persistent messages, confirms.")

    def heading(self, text):
        self.end()
        self._say(f"\n## {text}\n")

    def columns(self, *names):
        self._rows = [names]

    def row(self, *cells):
        self._rows.append(cells)

    def figure(self, name, value):
        self.figures[name] = round(value, 4)

    def tick(self):
        """A sign of life on a terminal."""
        if sys.stderr.isatty():
            print(".", end="", file=sys.stderr, flush=True)

    def end(self):
        """Prints the table that has been collected."""
        if not self._rows:
            return
        widths = [max(len(str(cell)) for cell in column) for column in zip(*self._rows)]
        rows, self._rows = self._rows, []
        if sys.stderr.isatty():
            print(file=sys.stderr)
        for number, row in enumerate(rows):
            self._say("| " + " | ".join(str(cell).ljust(width) for cell, width in zip(row, widths)) + " |")
            if number == 0:
                self._say("|" + "|".join("-" * (width + 2) for width in widths) + "|")

    def save(self):
        self.end()
        (self.folder / "report.md").write_text("\n".join(self.lines) + "\n")
        (self.folder / "figures.json").write_text(json.dumps(self.figures, indent=2) + "\n")
        print(f"\nwritten to {self.folder}/report.md", flush=True)

    def _say(self, text):
        self.lines.append(text)
        print(text, flush=True)
