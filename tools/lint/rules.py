#!/usr/bin/env python3
"""The rules of this tree that no other tool checks. Prints FILE:LINE: RULE for each breach, and exits 1."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = (".h", ".hpp", ".c", ".cpp", ".py", ".sql", ".cmake")
LONGEST = 400

# Each rule: what is wrong, where it is looked for (a pattern of paths), what is looked for.
RULES = [
    ("leave no note to do something later: do it, or open an issue", r".*", r"\b(TODO|FIXME|XXX|HACK)\b"),
    ("tests wait for a condition with a deadline, they never sleep", r"tests/.*\.(cpp|hpp|py)$",
     r"\b(sleep_for|sleep_until|usleep|nanosleep|time\.sleep)\s*\("),
    ("a test may not be skipped", r"tests/.*", r"\bGTEST_SKIP\b|pytest\.skip|mark\.(skip|xfail)|\bDISABLED_\w"),
    ("the engine has no clock", r"src/relay/core.*\.(cpp|hpp)$", r"\b(steady_clock|system_clock)::now\b|\bsleep"),
    ("no path of one person's machine", r".*", r"(?<![\w./-])/(work|home|root)/\w"),
    ("no name that says nothing", r".*\.(h|hpp|c|cpp)$", r"\b(class|struct|namespace)\s+\w*(Util|Helper|Manager|Impl)\w*\b"),
]
NAMELESS_FILE = re.compile(r"(^|[_/])(utils?|helpers?|managers?|impl|misc|common)[0-9]*\.(h|hpp|c|cpp|py)$")


def tracked():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.splitlines() if (ROOT / name).is_file()]


def breaches_of(name, text):
    lines = text.splitlines()
    if name.endswith(SOURCES) and len(lines) > LONGEST:
        yield f"{name}:{len(lines)}: longer than {LONGEST} lines: split it by concern"
    if NAMELESS_FILE.search(name):
        yield f"{name}:1: name the file after the one thing in it"
    for rule, where, what in RULES:
        if re.match(where, name):
            for number, line in enumerate(lines, 1):
                if re.search(what, line):
                    yield f"{name}:{number}: {rule}"


def main():
    found = []
    for name in tracked():
        if name.startswith("tools/lint/"):
            continue
        try:
            found += breaches_of(name, (ROOT / name).read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            continue
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
