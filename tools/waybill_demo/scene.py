"""Everything that runs: the broker behind a gate, the store, the relay, and the shop's services."""

import json
import shutil
import subprocess
from contextlib import ExitStack

import pika
from waybill_services import Gate, PostgreSQL, RabbitMQ

from .books import Books
from .processes import Program

# Small, so that the bound of what may be delivered twice is easy to see.
UNSETTLED = 256

_CONFIGURATION = """\
[store.shop]
url = "{store}"

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


class Scene:
    """Starts in the order of what needs what; close() ends everything."""

    def __init__(self, store, build, folder, data, rate):
        self.kind = store
        self.build = build
        self.folder = folder
        self.data = data
        self.rate = rate
        self.configuration = folder / "waybill.toml"
        self._stack = ExitStack()

    def start(self, say):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        say("starting a private RabbitMQ")
        self.broker = self._stack.enter_context(RabbitMQ())
        self.gate = self._stack.enter_context(Gate(self.broker.port))
        self._declare()
        self.store = self._start_store(say)
        self.configuration.write_text(_CONFIGURATION.format(store=self.store, unsettled=UNSETTLED,
                                                            broker=self.gate.url(self.broker.url())))
        self.waybill("migrate")
        self._run(self.build / "examples/shop/shop_orders", "--store", self.store, "--csv", self.data, "--set-up")
        self.books = Books(self.store)
        self._stack.callback(self.books.close)
        self.books.prepare()
        self._start_programs()

    def close(self):
        self._stack.close()

    def waybill(self, *arguments):
        return self._run(self.build / "src/cli/waybill", arguments[0], "--config", self.configuration, *arguments[1:])

    def status(self):
        """How many messages are sending and how many have failed, as `waybill status` tells."""
        store = json.loads(self.waybill("status", "--json"))["stores"][0]
        return store["sending"], store["failed"]

    def check(self):
        for program in (self.relay, self.orders, *self.services):
            program.check()

    def waiting_deliveries(self):
        """Messages in both queues that no service has taken yet."""
        with pika.BlockingConnection(pika.URLParameters(self.broker.url())) as connection:
            channel = connection.channel()
            return sum(channel.queue_declare(queue, passive=True).method.message_count
                       for queue in ("logistics", "inventory"))

    def _start_store(self, say):
        if self.kind == "sqlite":
            return f"sqlite://{self.folder}/shop.db"
        say("starting a private PostgreSQL")
        server = self._stack.enter_context(PostgreSQL())
        server.psql("CREATE DATABASE shop")
        return server.url("shop")

    def _declare(self):
        with pika.BlockingConnection(pika.URLParameters(self.broker.url())) as connection:
            channel = connection.channel()
            channel.exchange_declare("shop", exchange_type="topic", durable=True)
            for queue in ("logistics", "inventory"):
                channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})
                channel.queue_bind(queue, "shop", "orders.#")

    def _start_programs(self):
        shop = self.build / "examples/shop"
        ends = ["--store", self.store, "--broker", self.broker.url()]
        # Two inventory services share one queue and one stock: that is what the guard `version` is for.
        self.services = [self._program("logistics", shop / "shop_logistics", *ends),
                         self._program("inventory-1", shop / "shop_inventory", *ends),
                         self._program("inventory-2", shop / "shop_inventory", *ends)]
        self.relay = self._program("relay", self.build / "src/cli/waybill", "relay", "--config", self.configuration)
        self.orders = self._program("orders", shop / "shop_orders", "--store", self.store, "--csv", self.data,
                                    "--rate", self.rate)

    def _program(self, name, *command):
        return self._stack.enter_context(Program(name, command, self.folder / f"{name}.log"))

    def _run(self, *command):
        done = subprocess.run([str(part) for part in command], text=True, capture_output=True, check=False)
        if done.returncode != 0:
            words = " ".join(str(part) for part in command[:2])
            raise RuntimeError(f"{words} ended with {done.returncode}:\n{done.stderr.strip()}")
        return done.stdout
