"""The broker's side of a test with RocketMQ: a topic, and what is in it."""

import logging
import os
import threading
import uuid
from unittest import mock

import grpc

from harness.collector import Collector, Delivery
from waybill_services import wait_until
from waybill_services.service import ROOT

# RocketMQ's client writes a log into the home folder as soon as it is imported.
with mock.patch.dict(os.environ, {"HOME": str(ROOT)}):
    from rocketmq.grpc_protocol import definition_pb2 as terms, service_pb2 as calls, service_pb2_grpc
    from rocketmq.v5.client import ClientConfiguration, Credentials
    from rocketmq.v5.consumer import SimpleConsumer
    from rocketmq.v5.log import logger
    from rocketmq.v5.model import FilterExpression

QUEUES = 4
_INVISIBLE_SECONDS, _POLL_SECONDS, _BATCH = 60, 5, 32

logger.setLevel(logging.CRITICAL)


class _Session:
    """One introduction to a proxy: what is received by it and not acknowledged comes again."""

    def __init__(self, address, topic, group):
        self._topic, self._group = terms.Resource(name=topic), terms.Resource(name=group)
        self._metadata = [("x-mq-client-id", f"test-{uuid.uuid4().hex}"), ("x-mq-language", "PYTHON"),
                          ("x-mq-protocol", "v2"), ("x-mq-client-version", "5.0.0")]
        self._channel = grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
        self._stub = service_pb2_grpc.MessagingServiceStub(self._channel)
        self._ended = threading.Event()
        self._everything = terms.FilterExpression(type=terms.TAG, expression="*")
        stream = self._stub.Telemetry(self._say_who_we_are(), metadata=self._metadata)
        next(stream)
        self._broker = self._ask(self._stub.QueryRoute, calls.QueryRouteRequest(
            topic=self._topic, endpoints=terms.Endpoints(scheme=terms.IPv4, addresses=[
                terms.Address(host=address.split(":")[0], port=int(address.split(":")[1]))]))).message_queues[0].broker

    def _ask(self, call, request):
        answer = call(request, metadata=self._metadata, timeout=_POLL_SECONDS)
        if answer.status.code != terms.OK:
            raise ConnectionError(f"RocketMQ answers {answer.status}")
        return answer

    def _say_who_we_are(self):
        yield calls.TelemetryCommand(settings=terms.Settings(
            client_type=terms.SIMPLE_CONSUMER, subscription=terms.Subscription(group=self._group, subscriptions=[
                terms.SubscriptionEntry(topic=self._topic, expression=self._everything)])))
        self._ended.wait()

    def receive(self):
        """A batch of messages, or none after a while."""
        request = calls.ReceiveMessageRequest(
            group=self._group, message_queue=terms.MessageQueue(topic=self._topic, id=-1, broker=self._broker),
            filter_expression=self._everything, batch_size=_BATCH, auto_renew=True)
        request.invisible_duration.seconds, request.long_polling_timeout.seconds = _INVISIBLE_SECONDS, _POLL_SECONDS
        messages = []
        for part in self._stub.ReceiveMessage(request, metadata=self._metadata, timeout=2 * _POLL_SECONDS):
            if part.HasField("message"):
                messages.append(part.message)
            elif part.HasField("status") and part.status.code not in (terms.OK, terms.MESSAGE_NOT_FOUND):
                raise ConnectionError(f"RocketMQ answers {part.status}")
        return messages

    def acknowledge(self, messages):
        entries = [calls.AckMessageEntry(message_id=message.system_properties.message_id,
                                         receipt_handle=message.system_properties.receipt_handle)
                   for message in messages]
        self._stub.AckMessage(calls.AckMessageRequest(group=self._group, topic=self._topic, entries=entries),
                              metadata=self._metadata, timeout=_POLL_SECONDS)

    def close(self):
        self._ended.set()
        self._channel.close()


class RocketMqCollector(Collector):
    """Receives a topic's messages as the only member of a group, and acknowledges them batch by batch."""

    def __init__(self, address, topic):
        super().__init__()
        self._address, self._topic = address, topic
        self._session = None

    def start(self):
        # A proxy that has just started may not know its topics yet.
        wait_until(self._opens, 120, f"a consumer of {self._topic}")
        return super().start()

    def _opens(self):
        try:
            self._session = _Session(self._address, self._topic, f"of-{self._topic}")
            return True
        except (grpc.RpcError, ConnectionError):
            return False

    def close(self):
        # Ends the poll under way: nobody else waits for what it might bring.
        self._stop.set()
        self._session.close()
        super().close()

    def _run(self):
        while not self._stop.is_set():
            try:
                messages = self._session.receive()
                if messages:
                    self.deliveries.extend(map(_delivery, messages))
                    self._session.acknowledge(messages)
            except (grpc.RpcError, ConnectionError, ValueError):  # the last: the channel is closed
                # The broker is away; what was not acknowledged comes again.
                self._session.close()
                while not self._stop.wait(0.5) and not self._opens():
                    pass
        self._session.close()


class RocketMqTopology:
    """One topic with a name of its own, which is exchange and queue at once, on a broker shared by the tests of a file.

    It is of type FIFO: a message's key is its group."""

    name, scheme, missing_words = "RocketMQ", "rocketmq", "TOPIC_NOT_FOUND"
    too_large, too_large_words = 9 << 20, "MESSAGE_BODY_TOO_LARGE"
    many = 600  # messages that it takes in a few seconds

    def __init__(self, broker):
        self.broker = broker
        self.exchange = f"shop-{uuid.uuid4().hex[:8]}"
        self.consumers = []
        self.create(self.exchange)

    def create(self, topic, kind="FIFO", queues=QUEUES):
        self.broker.create_topic(topic, kind, queues)
        self.broker.create_group(f"of-{topic}")

    def queue(self):
        return self.exchange

    def topic(self, kind="NORMAL", queues=1):
        """Another topic."""
        name = f"{self.exchange}-{uuid.uuid4().hex[:6]}"
        self.create(name, kind, queues)
        return name

    def topic_of_small_messages(self):
        return self.topic()  # the limit is the proxy's

    def name_of(self, part):
        """Of a topic that is not there."""
        return f"{self.exchange}-{part}"

    def address(self):
        return f"127.0.0.1:{self.broker.port}"

    def consume(self, queue):
        consumer = RocketMqCollector(self.address(), queue).start()
        self.consumers.append(consumer)
        return consumer

    def as_its_own_client_sees(self, queue, count):
        """The next messages, received by RocketMQ's own client for Python."""
        consumer = SimpleConsumer(ClientConfiguration(self.address(), Credentials()), f"of-{queue}",
                                  {queue: FilterExpression()}, await_duration=_POLL_SECONDS)
        consumer.startup()
        messages = []

        def all_here():
            try:
                for message in consumer.receive(_BATCH, _INVISIBLE_SECONDS) or []:
                    messages.append(message)
                    consumer.ack(message)
            except Exception:  # noqa: BLE001 - it may ask before it has introduced itself
                pass
            return len(messages) >= count
        try:
            wait_until(all_here, 60, f"{count} messages")
        finally:
            consumer.shutdown()
        return messages

    def close(self):
        for consumer in self.consumers:
            consumer.close()


def _delivery(message):
    system, headers = message.system_properties, dict(message.user_properties)
    return Delivery(id=system.message_id, topic=headers.get("waybill-topic", message.topic.name),
                    key=headers.get("waybill-key"), attempt=int(headers.get("waybill-attempt", 0)),
                    redelivered=system.delivery_attempt > 1, body=message.body, headers=headers,
                    content_type=headers.get("content-type"), persistent=True, partition=system.message_group)
