"""The broker's side of a test: exchanges, queues, and what is in them."""

import contextlib
import uuid

import pika

from harness.consumer import Consumer


class Topology:
    """One exchange and its queues, with names of their own, on a broker shared by the tests of a file."""

    def __init__(self, broker):
        self.broker = broker
        self.exchange = f"shop-{uuid.uuid4().hex[:8]}"
        self.consumers = []
        with self.channel() as channel:
            channel.exchange_declare(self.exchange, "topic", durable=True)

    @contextlib.contextmanager
    def channel(self):
        connection = pika.BlockingConnection(pika.URLParameters(self.broker.url()))
        try:
            yield connection.channel()
        finally:
            if connection.is_open:
                connection.close()

    def queue(self, binding="#", kind="quorum", **arguments):
        """Declares a queue and binds it; gives its name. `x_overflow="..."` becomes the argument x-overflow."""
        name = f"{self.exchange}.{uuid.uuid4().hex[:6]}"
        options = {key.replace("_", "-"): value for key, value in arguments.items()}
        with self.channel() as channel:
            channel.queue_declare(name, durable=True, arguments={"x-queue-type": kind, **options})
            channel.queue_bind(name, self.exchange, binding)
        return name

    def delete(self, queue):
        with self.channel() as channel:
            channel.queue_delete(queue)

    def consume(self, queue, prefetch=500):
        consumer = Consumer(self.broker.url(), queue, prefetch).start()
        self.consumers.append(consumer)
        return consumer

    def depth(self, queue):
        with self.channel() as channel:
            return channel.queue_declare(queue, passive=True).method.message_count

    def close(self):
        for consumer in self.consumers:
            consumer.close()
