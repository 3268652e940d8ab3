"""One test's folder: its configuration, its relays, its commands."""

import os
import subprocess

from harness import binary


def toml(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{toml(key)} = {toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


class Workspace:
    """Writes `waybill.toml` and runs the binary on it."""

    def __init__(self, folder):
        self.folder = folder
        self.config = folder / "waybill.toml"
        self.relays = []

    def configure(self, store, broker_url, routes, relay=None, store_options=None, broker_options=None, others=None,
                  http=None, tokens=None):
        """Routes are dictionaries; a route's `broker` is `main` unless it names one of `others`, URLs by their names."""
        lines = ["[store.shop]", f"url = {toml(store)}"]
        lines += [f"{key} = {toml(value)}" for key, value in (store_options or {}).items()]
        lines += ["", "[broker.main]", f"url = {toml(broker_url)}"]
        lines += [f"{key} = {toml(value)}" for key, value in (broker_options or {}).items()]
        for name, url in (others or {}).items():
            lines += ["", f"[broker.{name}]", f"url = {toml(url)}"]
        for route in routes:
            lines += ["", "[[route]]"]
            lines += [f"{key} = {toml(value)}" for key, value in {"broker": "main", **route}.items()]
        lines += ["", "[relay]"] + [f"{key} = {toml(value)}" for key, value in (relay or {}).items()]
        lines += ["", "[http]"] + [f"{key} = {toml(value)}" for key, value in (http or {"listen": "off"}).items()]
        for name, token in (tokens or {}).items():
            lines += ["", f"[http.token.{name}]"] + [f"{key} = {toml(value)}" for key, value in token.items()]
        self.config.write_text("\n".join(lines) + "\n")

    def run(self, *arguments, text=None, seconds=60, environment=None, config=True, prefix=()):
        """Runs `waybill ARGUMENTS -c waybill.toml` to its end; `prefix` is a command to run it under."""
        command = [*prefix, binary.path(), *map(str, arguments)]
        if config:
            command += ["-c", str(self.config)]
        data = text.encode() if isinstance(text, str) else text
        done = subprocess.run(command, input=data if data is not None else b"", capture_output=True, timeout=seconds,
                              check=False, cwd=self.folder, env={**os.environ, **(environment or {})})
        done.stdout, done.stderr = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        return binary.Answer(command, done)

    def relay(self, *arguments, environment=None, prefix=()):
        """Starts a relay; whatever is still alive at the test's end is killed."""
        started = binary.Relay(self.config, self.folder / f"relay-{len(self.relays)}.log", *arguments,
                               environment=environment, prefix=prefix)
        self.relays.append(started)
        return started

    def status(self):
        return self.run("status", "--json").expect().json

    def route(self, topic=None):
        """What `waybill status` says of the route of a topic, or of the first one."""
        return next(route for route in self.status()["routes"] if topic in (None, route["topic"]))

    def failed(self, state="failed"):
        """The failed messages as the command line lists them; none is exit code 4."""
        answer = self.run("failed", "list", "--state", state, "--json")
        assert answer.code in (0, 4), answer.out + answer.err
        listed = answer.json if answer.out.strip() else []
        return listed if isinstance(listed, list) else listed["messages"]

    def sending(self):
        return self.status()["stores"][0]["sending"]

    def close(self):
        for relay in self.relays:
            if relay.alive():
                relay.sigcont()
                relay.sigkill()
