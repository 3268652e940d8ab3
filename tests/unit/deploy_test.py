#!/usr/bin/env python3
"""Checks what deploy/ brings: rules and dashboards ask only for metrics there are, each alert is tested and has its page.

Usage: deploy_test.py REPOSITORY
"""

import json
import pathlib
import re
import subprocess
import sys

NAME = re.compile(r"\bwaybill_[a-z_]+\b")
SUFFIXES = ("_bucket", "_sum", "_count")


def documented(root):
    """The metrics of docs/reference/metrics.md; a histogram's three series too."""
    names = set()
    for name, kind in re.findall(r"^\| `([a-z_]+)` \| (\w+) \|", (root / "docs/reference/metrics.md").read_text(), re.M):
        names |= {name + suffix for suffix in SUFFIXES} if kind == "histogram" else {name}
    return names


def rules_problems(root, known):
    rules = (root / "deploy/prometheus/alerts.yml").read_text()
    tests = (root / "deploy/prometheus/alerts_test.yml").read_text()
    yield from (f"alerts.yml asks for {name}, which nobody exports" for name in set(NAME.findall(rules)) - known)
    alerts = re.findall(r"- alert: (\w+)", rules)
    pages = re.findall(r"runbook: (\S+)", rules)
    if not alerts or len(alerts) != len(pages):
        yield f"{len(alerts)} alerts have {len(pages)} runbooks"
    yield from (f"{page} is missing" for page in pages if not (root / page).is_file())
    for alert in alerts:
        fires = re.search(rf"alertname: {alert}\n\s+exp_alerts:", tests)
        rests = re.search(rf"alertname: {alert}}}", tests)
        if not fires or not rests:
            yield f"{alert} lacks a test in which it fires, or one in which it does not"


def dashboard_problems(root, known):
    for file in sorted((root / "deploy/grafana").glob("*.json")):
        asked = {target["expr"] for panel in json.loads(file.read_text())["panels"] for target in panel.get("targets", [])}
        if not asked:
            yield f"{file.name} shows nothing"
        for expression in asked:
            yield from (f"{file.name} asks for {name}" for name in set(NAME.findall(expression)) - known)


def promtool_problems(root):
    for command in (["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]):
        done = subprocess.run(["promtool", *command], cwd=root / "deploy/prometheus", capture_output=True, text=True, check=False)
        if done.returncode != 0:
            yield f"promtool {' '.join(command)}:\n{done.stdout}{done.stderr}"


def main():
    root = pathlib.Path(sys.argv[1])
    known = documented(root)
    found = [*rules_problems(root, known), *dashboard_problems(root, known), *promtool_problems(root)]
    print("\n".join(found) or "deploy/ fits the metrics")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
