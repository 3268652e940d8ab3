"""Programs that run on Java, from the folders that `make setup` fetches."""

import shutil
from pathlib import Path

_JAVA = Path(__file__).resolve().parents[2] / "build" / "java"


def java(name, directory, *words):
    """The command that runs a class of the folder build/java/NAME: options of the machine first, then the class.

    What its libraries unpack and never remove when it is killed stays in `directory`.
    """
    program, folder = shutil.which("java"), _JAVA / name
    if not program:
        raise RuntimeError("Java is not installed: run `make setup`")
    if not folder.is_dir():
        raise RuntimeError(f"{folder} is missing: run `make setup`")
    return [program, "-XX:+UseSerialGC", "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1", f"-Djava.io.tmpdir={directory}",
            "-cp", f"{folder}/*", *words]
