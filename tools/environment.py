"""The Python environment that `make setup` makes: tools that need its packages run in it, however they are called."""

import os
import sys
from pathlib import Path

_VENV = Path(__file__).resolve().parents[1] / "build" / "venv"


def enter():
    """Starts the running program again with the environment's Python, unless that is what runs it."""
    python = _VENV / "bin" / "python"
    if Path(sys.prefix) != _VENV and python.exists():
        os.execv(python, [str(python), *sys.argv])
