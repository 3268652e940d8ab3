"""Programs that run on Java, from the folders that `make setup` fetches."""

import shutil
from pathlib import Path

_JAVA = Path(__file__).resolve().parents[2] / "build" / "java"


def java(name, *words):
    """The command that runs a class of the folder build/java/NAME: options of the machine first, then the class."""
    program, folder = shutil.which("java"), _JAVA / name
    if not program:
        raise RuntimeError("Java is not installed: run `make setup`")
    if not folder.is_dir():
        raise RuntimeError(f"{folder} is missing: run `make setup`")
    return [program, "-XX:+UseSerialGC", "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1", "-cp", f"{folder}/*", *words]
