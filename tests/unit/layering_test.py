#!/usr/bin/env python3
"""Checks that includes point one way, as layering.txt says. Usage: layering_test.py REPOSITORY"""

import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)


class Rules:
    """layering.txt, read."""

    def __init__(self, file):
        self.folders, self.third, self.apart, self.registries, self.system = {}, {}, [], [], ()
        for line in file.read_text().splitlines():
            words = line.split("#")[0].split()
            if not words:
                continue
            kind, rest = words[0], words[1:]
            if kind == "folder":
                self.folders[rest[0]] = rest[1:]
            elif kind == "third":
                self.third[rest[0]] = rest[1:]
            elif kind == "apart":
                self.apart.append(rest)
            elif kind == "registry":
                self.registries += rest
            elif kind == "system":
                self.system += tuple(rest)
            else:
                sys.exit(f"{file}: unknown word {kind}")


def inside(path, places):
    """Whether the path is one of the places, or in one."""
    return any(path == place or path.startswith(place + "/") for place in places)


def own_include_problem(rules, path, target):
    """Why `path` of src/ may not include the project's `target`, or None."""
    if target.startswith("waybill/"):
        return None
    layer = path.split("/")[0]
    if layer not in rules.folders:
        return f"the folder {layer} has no line in layering.txt"
    if not inside(target, [layer, *rules.folders[layer]]):
        return f"{layer} may not use {target}"
    for group in rules.apart:
        theirs = [place for place in group if inside(target, [place])]
        if theirs and layer == theirs[0].split("/")[0] and path not in rules.registries and not inside(path, theirs):
            return f"may not know {theirs[0]}"
    return None


def third_include_problem(rules, path, target):
    """Why `path` of src/ may not include `target`, which is not the project's, or None."""
    for name, places in rules.third.items():
        if target.startswith(name):
            return None if inside(path, places) else f"<{target}> belongs to {', '.join(places)}"
    standard = "/" not in target and not target.endswith((".h", ".hpp"))
    return None if standard or target.startswith(rules.system) else f"<{target}> has no line in layering.txt"


def public_include_problem(target):
    """Why a public header may not include `target`, or None."""
    standard = "/" not in target and not target.endswith((".h", ".hpp"))
    if standard or target.startswith("waybill/") or target in ("stddef.h", "stdint.h"):
        return None
    return f"a public header may not include <{target}>"


def problems(rules, root):
    """Every include that breaks a rule."""
    for file in sorted(root.glob("src/**/*")) + sorted(root.glob("include/**/*")):
        if file.suffix not in (".h", ".hpp", ".cpp", ".c"):
            continue
        where, path = file.relative_to(root).as_posix().split("/", 1)
        for quote, target in INCLUDE.findall(file.read_text()):
            if where == "include":
                problem = public_include_problem(target)
            elif quote == '"' and not target.startswith("embedded/"):
                problem = own_include_problem(rules, path, target)
            else:
                problem = third_include_problem(rules, path, target)
            if problem:
                yield f"{where}/{path}: {problem}"


def main():
    root = pathlib.Path(sys.argv[1])
    found = list(problems(Rules(root / "tests/unit/layering.txt"), root))
    print("\n".join(found) or "every include points the right way")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
