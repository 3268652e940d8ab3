"""The Debian packages in a root that has nothing else of ours: installed, built against, removed."""

import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["WAYBILL_BINARY"]).resolve().parents[2]
PROJECTS = ROOT / "tests" / "package"


def run(*command, **more):
    ended = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    assert ended.returncode == 0, f"{command[0]} ended with {ended.returncode}\n{ended.stdout[-4000:]}\n{ended.stderr[-8000:]}"
    return ended


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packages")
    run("cmake", "--build", BUILD, "--target", "package_contents")
    run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", folder)
    found = sorted(folder.glob("*.deb"))
    assert [package.name.split("_")[0] for package in found] == ["libwaybill-dev", "libwaybill0", "waybill"]
    return found


def sources_of_packages():
    """Where this machine has its own packages from."""
    candidates = [pathlib.Path("/etc/apt/sources.list"), *pathlib.Path("/etc/apt/sources.list.d").glob("debian*")]
    return [file for file in candidates if file.is_file() and "bookworm" in file.read_text()]


def environment():
    """Without what `make` and CMake were told about this machine."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("CMAKE_", "MAKE", "MFLAGS", "WAYBILL_"))}


def test_a_clean_debian_installs_builds_against_and_removes_them(packages):
    hooks = [
        'mkdir -p "$1/packages" "$1/projects"',
        *(f"copy-in {package} /packages" for package in packages),
        *(f"copy-in {PROJECTS / project} /projects" for project in ("producer", "service", "missing")),
        f"copy-in {PROJECTS / 'in_clean_root.sh'} /",
        'chroot "$1" /in_clean_root.sh',
    ]
    # What is printed inside comes on stderr.
    printed = run(
        "mmdebstrap", "--variant=apt", "--format=null", *(f"--customize-hook={hook}" for hook in hooks),
        "bookworm", "/dev/null", *sources_of_packages(), env=environment(),
    ).stderr
    assert "all as promised" in printed
    assert "deliveries 10, effects 5" in printed


def test_every_command_has_a_manual_page_that_man_understands(packages, tmp_path):
    program = next(package for package in packages if package.name.startswith("waybill_"))
    run("dpkg-deb", "-x", program, tmp_path)
    pages = tmp_path / "usr/share/man/man1"
    commands = [
        line.split()[0] for line in run(os.environ["WAYBILL_BINARY"], "--help").stdout.split("Subcommands:\n")[1].split("\n\n")[0].splitlines()
    ]
    assert {page.name for page in pages.iterdir()} == {"waybill.1", *(f"waybill-{command}.1" for command in commands)}
    for page in pages.iterdir():
        shown = subprocess.run(["man", "--warnings", "-l", page], capture_output=True, text=True, env={**os.environ, "MANWIDTH": "100"})
        assert shown.returncode == 0 and shown.stderr == "", f"{page.name}: {shown.stderr}"
        assert "EXIT STATUS" in shown.stdout


def is_elf(file):
    return file.is_file() and not file.is_symlink() and file.read_bytes()[:4] == b"\x7fELF"


def test_what_is_installed_is_hardened(packages, tmp_path):
    """Full RELRO, no executable stack, any address, no search path of the build; stack and buffer checks in the program."""
    for package in packages:
        run("dpkg-deb", "-x", package, tmp_path)
    files = sorted(file for file in tmp_path.rglob("*") if is_elf(file))
    assert {file.name.split(".so")[0] for file in files} == {"waybill", "libwaybill_c_postgresql", "libwaybill_c_sqlite"}
    for file in files:
        told = run("readelf", "--wide", "--file-header", "--dynamic", "--program-headers", "--dyn-syms", file).stdout
        [stack] = [line.split() for line in told.splitlines() if "GNU_STACK" in line]
        assert stack[6] == "RW", stack
        assert "GNU_RELRO" in told and "BIND_NOW" in told and "DYN (" in told, file
        assert "RPATH" not in told and "RUNPATH" not in told, file
        assert "__stack_chk_fail" in told and "_chk@" in told.replace("__stack_chk_fail@", ""), file
        assert file.name != "waybill" or " PIE" in told


def test_all_parts_are_listed_with_their_versions():
    document = json.loads(run(ROOT / "tools/sbom", BUILD).stdout)
    assert document["bomFormat"] == "CycloneDX" and document["metadata"]["component"]["version"] == "0.1.0"
    parts = {part["name"]: part for part in document["components"]}
    assert len(parts) == len(document["components"]), "each once"
    for name, use in {"librdkafka1": "loaded", "libc6": "loaded", "libtomlplusplus-dev": "compiled in"}.items():
        installed = run("dpkg-query", "--show", "--showformat", "${Version}", name).stdout
        assert parts[name]["version"] == installed and parts[name]["properties"][0]["value"] == use
        assert parts[name]["purl"].startswith(f"pkg:deb/debian/{name}@")
    locked = json.loads((ROOT / "console/package-lock.json").read_text())["packages"]["node_modules/preact"]["version"]
    assert parts["preact"]["purl"] == f"pkg:npm/preact@{locked}"
    assert "typescript" not in parts and "libgtest-dev" not in parts
    assert json.loads(run(ROOT / "tools/sbom", BUILD).stdout)["serialNumber"] == document["serialNumber"]
