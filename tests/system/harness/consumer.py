"""A consumer in another language: collects every delivery, acknowledges it, reconnects when the broker goes away."""

import threading
from dataclasses import dataclass, field

import pika
import pika.exceptions

from waybill_services import wait_until


@dataclass
class Delivery:
    """One message as it arrived."""

    id: str
    topic: str
    key: str
    attempt: int
    redelivered: bool
    body: bytes
    headers: dict = field(default_factory=dict)
    content_type: str = None
    persistent: bool = False


class Consumer:
    """Runs in its own thread from start() until close()."""

    def __init__(self, url, queue, prefetch=500):
        self.url, self.queue, self.prefetch = url, queue, prefetch
        self.deliveries = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()
        return self

    def close(self):
        self._stop.set()
        self._thread.join(30)

    def count(self):
        return len(self.deliveries)

    def ids(self):
        return {delivery.id for delivery in list(self.deliveries)}

    def wait_count(self, number, seconds=120):
        """Waits for `number` deliveries in all, duplicates included."""
        wait_until(lambda: self.count() >= number, seconds, f"{number} deliveries (have {self.count()})")

    def wait_ids(self, wanted, seconds=120):
        """Waits until every one of these ids has arrived; the failure names some that have not."""
        wanted, seen, position = set(wanted), set(), 0

        def all_here():
            nonlocal position
            arrived = self.deliveries[position:]
            position += len(arrived)
            seen.update(delivery.id for delivery in arrived)
            return wanted <= seen
        try:
            wait_until(all_here, seconds, f"{len(wanted)} messages")
        except TimeoutError:
            missing = sorted(wanted - seen)
            raise AssertionError(f"{len(missing)} of {len(wanted)} messages did not arrive in {seconds} s, "
                                 f"for example {missing[:5]}") from None

    def _run(self):
        while not self._stop.is_set():
            try:
                self._consume()
            except (pika.exceptions.AMQPError, OSError):
                self._stop.wait(0.2)

    def _consume(self):
        parameters = pika.URLParameters(self.url)
        parameters.socket_timeout = parameters.blocked_connection_timeout = 10
        connection = pika.BlockingConnection(parameters)
        try:
            channel = connection.channel()
            channel.basic_qos(prefetch_count=self.prefetch)
            unacknowledged = 0
            for method, properties, body in channel.consume(self.queue, inactivity_timeout=0.05):
                if method is not None:
                    self.deliveries.append(_delivery(method, properties, body))
                    unacknowledged += 1
                if unacknowledged >= 100 or (method is None and unacknowledged):
                    channel.basic_ack(0, multiple=True)
                    unacknowledged = 0
                if self._stop.is_set():
                    if unacknowledged:
                        channel.basic_ack(0, multiple=True)
                    return
        finally:
            if connection.is_open:
                connection.close()


def _delivery(method, properties, body):
    headers = dict(properties.headers or {})
    return Delivery(id=properties.message_id, topic=headers.get("waybill-topic", method.routing_key),
                    key=headers.get("waybill-key"), attempt=int(headers.get("waybill-attempt", 0)),
                    redelivered=method.redelivered, body=body, headers=headers, content_type=properties.content_type,
                    persistent=properties.delivery_mode == 2)
