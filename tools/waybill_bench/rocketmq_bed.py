"""The test bed's part for RocketMQ: a topic in place of a queue."""

import uuid

from .bed import Destination

_QUEUES = 4


class RocketMqTopic(Destination):
    """A topic of its own that keeps no order. The bare sender puts as many messages into each call as its kind says:
    `32 a call`, as the relay does when there are so many, or `1 a call`."""

    label = "topic"

    def __init__(self, broker, kind):
        self.broker, self.kind = broker, kind
        self.exchange = f"bench-{uuid.uuid4().hex[:8]}"
        broker.create_topic(self.exchange, queues=_QUEUES)

    def depth(self):
        return self.broker.depth(self.exchange, _QUEUES)

    def bare_publisher(self):
        return ["bare_rocketmq_publisher", f"127.0.0.1:{self.broker.port}", self.exchange, self.kind.split()[0]]

    def close(self):
        self.broker.delete_topic(self.exchange)
