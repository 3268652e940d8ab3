"""A consumer in another language: collects every delivery, acknowledges it, reconnects when the broker goes away."""

import pika
import pika.exceptions

from harness.collector import Collector, Delivery


class Consumer(Collector):
    """Consumes one queue of RabbitMQ."""

    def __init__(self, url, queue, prefetch=500):
        super().__init__()
        self.url, self.queue, self.prefetch = url, queue, prefetch

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
            last = None
            for method, properties, body in channel.consume(self.queue, inactivity_timeout=0.05):
                if method is not None:
                    self.deliveries.append(_delivery(method, properties, body))
                    unacknowledged += 1
                    last = method.delivery_tag
                if unacknowledged >= 100 or (method is None and unacknowledged):
                    # Up to what was seen: tag 0 would also mean what pika holds back, and lose it with the connection.
                    channel.basic_ack(last, multiple=True)
                    unacknowledged = 0
                if self._stop.is_set():
                    if unacknowledged:
                        channel.basic_ack(last, multiple=True)
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
