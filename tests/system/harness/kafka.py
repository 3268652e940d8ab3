"""The broker's side of a test with Kafka: a topic, and what is in it."""

import uuid

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from harness.collector import Collector, Delivery
from waybill_services import wait_until

PARTITIONS = 4


class KafkaCollector(Collector):
    """Reads all partitions of a topic from their beginning. It belongs to no group, so nothing comes twice to it unless
    it is there twice."""

    def __init__(self, servers, topic, partitions):
        super().__init__()
        self._topic = topic
        self._consumer = Consumer({"bootstrap.servers": servers, "group.id": f"of-{topic}", "enable.auto.commit": False,
                                   "fetch.wait.max.ms": 20, "reconnect.backoff.max.ms": 500, "log_level": 0})
        self._consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])

    def _run(self):
        while not self._stop.is_set():
            for record in self._consumer.consume(500, 0.05):
                if record.error() is None:
                    self.deliveries.append(_delivery(record))
        self._consumer.close()


class KafkaTopology:
    """One topic with a name of its own, which is exchange and queue at once, on a broker shared by the tests of a file."""

    name, scheme, missing_words = "Kafka", "kafka", "UNKNOWN_TOPIC"
    too_large, too_large_words = 5000, "MSG_SIZE_TOO_LARGE"  # for topic_of_small_messages()
    many = 1500  # messages that it takes in a few seconds

    def __init__(self, broker):
        self.broker = broker
        self.exchange = f"shop-{uuid.uuid4().hex[:8]}"
        self.consumers = []
        self._admin = AdminClient({"bootstrap.servers": self.servers()})
        self.create(self.exchange, PARTITIONS)

    def servers(self):
        return f"127.0.0.1:{self.broker.port}"

    def create(self, topic, partitions=1, settings=None):
        made = self._admin.create_topics([NewTopic(topic, partitions, 1, config=settings or {})])
        made[topic].result(30)
        wait_until(lambda: self._has_leaders(topic, partitions), 30, f"the broker to know the topic {topic}")

    def _has_leaders(self, topic, partitions):
        """The controller has it before the broker tells of it."""
        known = self._admin.list_topics(topic, timeout=10).topics[topic].partitions
        return len(known) == partitions and all(one.leader >= 0 for one in known.values())

    def queue(self):
        return self.exchange

    def topic(self, partitions=1, **settings):
        """Another topic; `max_message_bytes=100` becomes its setting max.message.bytes."""
        name = f"{self.exchange}.{uuid.uuid4().hex[:6]}"
        self.create(name, partitions, {key.replace("_", "."): str(value) for key, value in settings.items()})
        return name

    def topic_of_small_messages(self):
        return self.topic(max_message_bytes=2000)

    def name_of(self, part):
        """Of a topic that is not there."""
        return f"{self.exchange}.{part}"

    def consume(self, queue, partitions=None):
        partitions = partitions or (PARTITIONS if queue == self.exchange else 1)
        consumer = KafkaCollector(self.servers(), queue, partitions).start()
        self.consumers.append(consumer)
        return consumer

    def close(self):
        for consumer in self.consumers:
            consumer.close()


def _text(value):
    return value.decode() if value is not None else None


def _delivery(record):
    headers = {name: _text(value) for name, value in record.headers() or []}
    return Delivery(id=headers.get("waybill-id"), topic=headers.get("waybill-topic", record.topic()),
                    key=_text(record.key()), attempt=int(headers.get("waybill-attempt", 0)), redelivered=False,
                    body=record.value() or b"", headers=headers, content_type=headers.get("content-type"),
                    persistent=True, partition=record.partition(), timestamp=record.timestamp()[1])
