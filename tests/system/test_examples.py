"""The examples in every command's help: each is a line that the program takes."""

import json
import re
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness import binary

EXAMPLES = [line for line, _ in json.loads((Path(__file__).resolve().parents[2] / "src/cli/examples.json").read_text())]


@pytest.fixture
def folder(sqlite_store, shop, workspace):
    shop(sqlite_store)
    (workspace.folder / "order.bin").write_bytes(b"\0\1")
    (workspace.folder / "messages.ndjson").write_text('{"topic": "orders.created", "payload": "1"}\n')
    (workspace.folder / "ids.txt").write_text("one\n")
    return workspace.folder


def test_each_is_a_line_that_the_program_takes(folder):
    """It may find nothing to do here, but it is no wrong usage."""
    def run(line):
        words = shlex.split(line)
        assert words[0] == "waybill"
        try:
            said = subprocess.run([binary.path(), *words[1:]], cwd=folder, capture_output=True, text=True, timeout=5,
                                  stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return None  # it goes on until it is told to stop: it was taken
        return f"{line}: {said.stderr}" if "--help" in said.stderr else None
    with ThreadPoolExecutor(4) as pool:
        assert [wrong for wrong in pool.map(run, EXAMPLES) if wrong] == []


def commands_below(workspace, *path):
    text = workspace.run(*path, "--help", config=False).expect().out
    listed = re.search(r"\nSubcommands:\n(.*?)\n\n", text, re.S)
    for name in re.findall(r"^  (\S+)", listed[1], re.M) if listed else []:
        yield (*path, name)
        yield from commands_below(workspace, *path, name)


def test_every_command_shows_its_own(workspace):
    commands = list(commands_below(workspace))
    assert ("failed", "resend") in commands
    for command in commands:
        text = workspace.run(*command, "--help", config=False).expect().out
        shown = re.findall(r"^  (waybill .*)$", text.split("\nExamples:\n")[1], re.M)
        line = "waybill " + " ".join(command)
        assert shown == [one for one in EXAMPLES if one == line or one.startswith(line + " ")], command
        assert shown, command


def test_those_that_speak_of_something_are_found(workspace):
    found = workspace.run("cheat", "RESEND", "--json", config=False).expect().json["examples"]
    assert {"waybill failed resend --reason unroutable --dry-run"} < {one["line"] for one in found}
    assert all("resend" in (one["line"] + one["what"]).lower() for one in found)
    assert "--dry-run" in workspace.run("cheat", "resend", "how", "many", config=False).expect().out
    assert "waybill cheat" in workspace.run("cheat", "no such thing", config=False).expect(4).err
