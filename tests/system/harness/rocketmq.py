"""The broker's side of a test with RocketMQ: a topic, and what is in it, as RocketMQ's own client for Python sees it."""

import logging
import os
import uuid
from unittest import mock

from harness.collector import Collector, Delivery
from waybill_services import wait_until
from waybill_services.service import ROOT

# The client writes a log into the home folder as soon as it is imported.
with mock.patch.dict(os.environ, {"HOME": str(ROOT)}):
    from rocketmq.v5.client import ClientConfiguration, Credentials
    from rocketmq.v5.consumer import SimpleConsumer
    from rocketmq.v5.log import logger
    from rocketmq.v5.model import FilterExpression

QUEUES = 4
_INVISIBLE_SECONDS = 60

logger.setLevel(logging.CRITICAL)


class RocketMqCollector(Collector):
    """Receives a topic's messages as the only member of a group, and acknowledges each at once."""

    def __init__(self, address, topic):
        super().__init__()
        self._address, self._topic = address, topic
        self._consumer = None

    def start(self):
        # A proxy that has just started may not know its topics yet.
        wait_until(self._opens, 120, f"a consumer of {self._topic}")
        return super().start()

    def _opens(self):
        consumer = SimpleConsumer(ClientConfiguration(self._address, Credentials()), f"of-{self._topic}",
                                  {self._topic: FilterExpression()}, await_duration=5)
        try:
            consumer.startup()
        except Exception:  # noqa: BLE001 - the client has no type of its own for it
            return False
        self._consumer = consumer
        return True

    def _run(self):
        while not self._stop.is_set():
            try:
                for message in self._consumer.receive(32, _INVISIBLE_SECONDS) or []:
                    self.deliveries.append(_delivery(message))
                    self._consumer.ack(message)
            except Exception:  # noqa: BLE001 - the broker is away; what was not acknowledged comes again
                self._open_anew()
        self._close()

    def _open_anew(self):
        """The client does not introduce itself to a proxy that has started again, which then gives it nothing."""
        self._close()
        while not self._stop.wait(0.5) and not self._opens():
            pass

    def _close(self):
        try:
            self._consumer.shutdown()
        except Exception:  # noqa: BLE001 - it is down already
            pass


class RocketMqTopology:
    """One topic with a name of its own, which is exchange and queue at once, on a broker shared by the tests of a file.

    It is of type FIFO: a message's key is its group."""

    def __init__(self, broker):
        self.broker = broker
        self.exchange = f"shop-{uuid.uuid4().hex[:8]}"
        self.consumers = []
        self.create(self.exchange)

    def create(self, topic, kind="FIFO", queues=QUEUES):
        self.broker.create_topic(topic, kind, queues)

    def queue(self):
        return self.exchange

    def topic(self, kind="NORMAL", queues=1):
        """Another topic."""
        name = f"{self.exchange}-{uuid.uuid4().hex[:6]}"
        self.create(name, kind, queues)
        return name

    def consume(self, queue):
        self.broker.create_group(f"of-{queue}")
        consumer = RocketMqCollector(f"127.0.0.1:{self.broker.port}", queue).start()
        self.consumers.append(consumer)
        return consumer

    def close(self):
        for consumer in self.consumers:
            consumer.close()


def _text(value):
    return value.decode() if isinstance(value, bytes) else value


def _delivery(message):
    headers = {_text(name): _text(value) for name, value in message.properties.items()}
    return Delivery(id=message.message_id, topic=headers.get("waybill-topic", message.topic),
                    key=headers.get("waybill-key"), attempt=int(headers.get("waybill-attempt", 0)),
                    redelivered=(message.delivery_attempt or 1) > 1, body=message.body or b"", headers=headers,
                    content_type=headers.get("content-type"), persistent=True, partition=message.message_group)
