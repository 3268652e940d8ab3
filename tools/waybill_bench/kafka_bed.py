"""The test bed's part for Kafka: a topic in place of a queue."""

import uuid

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from .bed import Destination


class Topic(Destination):
    """A topic of its own with one partition, and a client that watches its end."""

    label = "topic"

    def __init__(self, broker, kind):
        self.broker, self.kind = broker, kind
        self.exchange = f"bench-{uuid.uuid4().hex[:8]}"
        self.servers = f"127.0.0.1:{broker.port}"
        self._admin = AdminClient({"bootstrap.servers": self.servers})
        # `flushed`: on the disk before the confirm; `cached`: Kafka's default, in the page cache.
        flush = {"flush.messages": "1" if kind == "flushed" else str(2**63 - 1)}
        self._admin.create_topics([NewTopic(self.exchange, 1, 1, config=flush)])[self.exchange].result(30)
        self._watcher = Consumer({"bootstrap.servers": self.servers, "group.id": "bench", "log_level": 0})

    def depth(self):
        return self._watcher.get_watermark_offsets(TopicPartition(self.exchange, 0), timeout=30)[1]

    def bare_publisher(self):
        return ["bare_kafka_publisher", self.servers, self.exchange]

    def close(self):
        self._watcher.close()
        self._admin.delete_topics([self.exchange])[self.exchange].result(30)
