"""What every play needs: the broker behind a gate, a configuration, programs that are ended with it, and faults by name."""

import json
import shutil
import subprocess
from contextlib import ExitStack

from .processes import Program

# Small, so that the bound of what may be delivered twice is easy to see.
UNSETTLED = 256

_ROUTES = """\
[broker.main]
url = "{broker}"

[[route]]
topic = "orders.*"
broker = "main"
exchange = "shop"
resend_after = "2s"

[relay]
window = 64
unsettled = {unsettled}
"""


class Stage:
    """A play is one of these. `programs` and `servers` are what its faults may kill, by name; close() ends everything."""

    queues = ()

    def __init__(self, build, folder, broker):
        self.build, self.folder, self.broker = build, folder, broker
        self.configuration = folder / "waybill.toml"
        self.programs, self.servers = {}, {}
        self.stack = ExitStack()

    def open(self, say):
        """Takes an empty folder and starts the broker."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.broker.open(self, say)

    def close(self):
        self.stack.close()

    def serve(self, name, server, say):
        say(f"starting a private {name}")
        self.servers[name] = self.stack.enter_context(server)
        return server

    def configure(self, stores, more=""):
        """Stores by name and URL, the one route of the shop, and what a play adds."""
        text = "".join(f'[store.{name}]\nurl = "{url}"\n\n' for name, url in stores.items())
        self.configuration.write_text(
            text + _ROUTES.format(broker=self.broker.relay_url(), unsettled=UNSETTLED) + more)

    def begin(self, name, *command):
        """Starts a program that runs until the end."""
        self.programs[name] = self.stack.enter_context(Program(name, command, self.folder / f"{name}.log"))
        return self.programs[name]

    def begin_waybill(self, name, *arguments):
        return self.begin(name, self.build / "src/cli/waybill", *arguments, "--config", self.configuration)

    def waybill(self, *arguments):
        return self.run(self.build / "src/cli/waybill", *arguments, "--config", self.configuration)

    def shop(self, name):
        return self.build / "examples/shop" / f"shop_{name}"

    def run(self, *command):
        done = subprocess.run([str(part) for part in command], text=True, capture_output=True, check=False)
        if done.returncode != 0:
            words = " ".join(str(part) for part in command[:2])
            raise RuntimeError(f"{words} ended with {done.returncode}:\n{done.stderr.strip()}")
        return done.stdout

    def status(self, store):
        """How many messages of a store are sending and how many have failed, as `waybill status` tells."""
        stores = json.loads(self.waybill("status", "--json"))["stores"]
        found = next(one for one in stores if one["name"] == store)
        return found["sending"], found["failed"]

    def check(self):
        for program in self.programs.values():
            program.check()
