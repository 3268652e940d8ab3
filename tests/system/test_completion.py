"""What a shell offers behind a command that is half typed."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from harness import binary
from harness.terminal import Terminal


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(workspace, shell):
    script = workspace.run("completion", shell, config=False).expect().out
    assert "waybill" in script and "relay" in script
    if shell != "zsh":
        subprocess.run([shell, "-n"], input=script, text=True, check=True)


def complete(workspace, script, *words):
    """What bash offers behind these words."""
    ask = f"""{script}
PATH={Path(binary.path()).parent}:$PATH COMP_WORDS=({" ".join(shlex.quote(word) for word in words)}) COMP_CWORD={len(words) - 1}
_waybill; printf '%s\\n' "${{COMPREPLY[@]}}" """
    said = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True, cwd=workspace.folder)
    assert not said.stderr, said.stderr
    return said.stdout.split("\n")[:-1]


def test_completion_knows_what_the_configuration_names(workspace, sqlite_store, shop):
    shop(sqlite_store, route={"topic": "orders.$(touch run)*"})
    script = workspace.run("completion", "bash", config=False).expect().out
    config = str(workspace.config)
    assert complete(workspace, script, "waybill", "status", "-c", config, "--store", "") == ["shop"]
    offered = complete(workspace, script, "waybill", "pause", "-c", config, "orders")
    assert offered == [r"orders.\$\(touch\ run\)\*"]
    assert not (workspace.folder / "run").exists()
    assert "--why" in complete(workspace, script, "waybill", "pause", "-c", config, "--")
    # In the folder of the configuration nobody needs to name it.
    assert complete(workspace, script, "waybill", "tap", "ord") == offered
    assert complete(workspace, script, "waybill", "status", "-c", "missing.toml", "--store", "s") == [""]
    assert "bash" in workspace.run("completion", config=False).expect(2).err


COMPINIT = "autoload -U compinit; compinit -u -D"


@pytest.fixture(params=[f"{COMPINIT}; source <(waybill completion zsh)", f"fpath=($PWD $fpath); {COMPINIT}"],
                ids=["sourced", "as a file"])
def zsh(request, workspace, sqlite_store, shop):
    """A shell on a terminal, in the folder of a configuration with the route `orders.paid`."""
    shop(sqlite_store, route={"topic": "orders.paid"})
    script = workspace.run("completion", "zsh", config=False).expect().out
    (workspace.folder / "_waybill").write_text(script)
    folder = str(Path(binary.path()).parent)
    shell = Terminal(["zsh", "-f", "-i"], {"PATH": folder + ":" + os.environ["PATH"], "HOME": str(workspace.folder)},
                     workspace.folder)
    shell.type(f"stty cols 200; {request.param}; print ready$((1 + 1))")
    shell.expect("ready2")
    yield shell
    shell.close()


@pytest.mark.parametrize("typed, completed", [
    ("waybill expl", "waybill explain"),
    ("waybill failed reso", "waybill failed resolve"),
    ("waybill -c waybill.toml operations sh", "waybill -c waybill.toml operations show"),
    ("waybill status --st", "waybill status --store"),
    ("waybill status --store sh", "waybill status --store shop"),
    ("waybill pause orders", "waybill pause orders.paid"),
    ("waybill check -c wayb", "waybill check -c waybill.toml"),
])
def test_zsh_completes(zsh, typed, completed):
    zsh.press(typed + "\t")
    # To the line's beginning, and what is there now is printed instead of run.
    zsh.press("\x01print -r -- got: ")
    zsh.type("")
    zsh.expect("\ngot: " + completed)


def test_fish_completes(workspace, sqlite_store, shop):
    shop(sqlite_store, route={"topic": "orders.$(touch run)*"})
    script = workspace.folder / "waybill.fish"
    script.write_text(workspace.run("completion", "fish", config=False).expect().out)
    environment = {**os.environ, "HOME": str(workspace.folder),
                   "PATH": str(Path(binary.path()).parent) + ":" + os.environ["PATH"]}

    def offered(typed):
        said = subprocess.run(["fish", "--no-config", "-c", "source waybill.fish; complete -C $argv[1]", typed],
                              capture_output=True, text=True, check=True, cwd=workspace.folder, env=environment)
        assert not said.stderr, said.stderr
        return [line.split("\t")[0] for line in said.stdout.splitlines()]

    assert offered("waybill expl") == ["explain"]
    assert offered("waybill failed reso") == ["resolve"]
    assert offered("waybill -c waybill.toml operations sh") == ["show"]
    assert offered("waybill status --st") == ["--store"]
    assert offered("waybill status --store ") == ["shop"]
    assert offered("waybill -c ~/waybill.toml status --store ") == ["shop"]
    assert offered("waybill -c missing.toml status --store ") == []
    assert [word.replace("\\", "") for word in offered("waybill pause orders")] == ["orders.$(touch run)*"]
    assert offered("waybill check -c wayb") == ["waybill.fish", "waybill.toml"]
    assert not (workspace.folder / "run").exists()
