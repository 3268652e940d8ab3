"""The test bed: a broker, a store, a queue, and a relay on them."""

import os
import subprocess
import time
import uuid
from pathlib import Path

import pika

from waybill_services import wait_until

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("WAYBILL_BUILD", ROOT / "build" / "release"))
WAYBILL = BUILD / "src" / "cli" / "waybill"
BYTES = 256
WINDOW = 1000


class Destination:
    """Where the relay publishes to: a queue or a topic, whose depth can be asked. `window` is that of the relay and of
    the bare publisher, `properties` those of the relay's client library."""

    label, window, properties = "queue", WINDOW, {}

    def depth(self):
        raise NotImplementedError

    def bare_publisher(self):
        """The program that is the raw limit, and how it gets here."""
        raise NotImplementedError

    def bare(self, count, shape):
        """Messages a second and CPU microseconds a message of the bare C publisher, with messages of this shape."""
        program, *way = self.bare_publisher()
        done = subprocess.run([BUILD / "bench" / program, *way, str(count), str(self.window), str(BYTES), shape],
                              check=True, capture_output=True, text=True)
        seconds, cpu = map(float, done.stdout.split())
        return count / seconds, cpu / count * 1e6

    def rate_between(self, first, last, seconds=600):
        """Messages a second while the depth grows from `first` to `last`.

        Asked rarely: a question costs the broker and this process about a millisecond, and the bare publisher isn't watched."""
        marks = []

        def passed(goal):
            depth = self.depth()
            if depth >= goal:
                marks.append((time.monotonic(), depth))
            return depth >= goal
        for goal in (first, last):
            wait_until(lambda goal=goal: passed(goal), seconds, f"{goal} messages in the queue", every=0.05)
        (began, low), (ended, high) = marks
        return (high - low) / (ended - began)


class Queue(Destination):
    """A queue of one kind with an exchange of its own, and a connection that watches its depth."""

    def __init__(self, broker, kind):
        self.broker, self.kind = broker, kind
        self.name = self.exchange = f"bench-{uuid.uuid4().hex[:8]}"
        self.connection = pika.BlockingConnection(pika.URLParameters(broker.url() + "/%2F?heartbeat=0"))
        self.channel = self.connection.channel()
        self.channel.exchange_declare(self.exchange, "topic", durable=True)
        self.channel.queue_declare(self.name, durable=True, arguments={"x-queue-type": kind})
        self.channel.queue_bind(self.name, self.exchange, "#")

    def depth(self):
        return self.channel.queue_declare(self.name, passive=True).method.message_count

    def bare_publisher(self):
        return ["bare_publisher", str(self.broker.port), self.exchange, "bench"]

    def close(self):
        self.channel.queue_delete(self.name)
        self.channel.exchange_delete(self.exchange)
        self.connection.close()


class Relay:
    """`waybill relay` on a store and a queue."""

    def __init__(self, folder, store, queue):
        self.config = folder / "waybill.toml"
        properties = "".join(f'"{name}" = "{value}"\n' for name, value in queue.properties.items())
        if properties:
            properties = "[broker.main.properties]\n" + properties
        self.config.write_text(
            f'[store.shop]\nurl = "{store.url}"\n[broker.main]\nurl = "{queue.broker.url()}"\n{properties}[[route]]\n'
            f'topic = "*"\nbroker = "main"\nexchange = "{queue.exchange}"\n[relay]\nwindow = {queue.window}\n')
        self.log = folder / "relay.log"
        self.process = None

    def migrate(self):
        subprocess.run([WAYBILL, "migrate", "-c", self.config], check=True, capture_output=True)

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([WAYBILL, "relay", "-c", self.config], stdout=log, stderr=log)
        return self

    def stop(self):
        self.process.terminate()
        if self.process.wait(60) != 0:
            raise RuntimeError(f"the relay failed:\n{self.log.read_text()[-2000:]}")

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
