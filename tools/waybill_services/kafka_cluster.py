"""Kafka brokers that work together: one that is the controller too, and two that can be lost."""

import signal

from .kafka import Kafka
from .service import Started
from .waiting import wait_until

_REPLICATED = {"offsets.topic.replication.factor": 3, "default.replication.factor": 3, "min.insync.replicas": 2}


class _Follower(Kafka):
    """A broker whose controller is another one."""

    def __init__(self, number, first):
        super().__init__(name=f"kafka-node{number}", gates=0, settings={
            **_REPLICATED, "node.id": number, "process.roles": "broker",
            "controller.quorum.voters": f"1@127.0.0.1:{first.controller}"})
        self.number, self.cluster = number, first.cluster

    def listeners(self):
        return {name: port for name, port in super().listeners().items() if name != "CONTROLLER"}


class KafkaCluster(Started):
    """Three brokers; the first is the controller, so it is the two `followers` that a test may kill."""

    def __init__(self):
        first = Kafka(name="kafka-node1", gates=0, settings=_REPLICATED)
        self.followers = [_Follower(number, first) for number in (2, 3)]
        self.nodes = [first, *self.followers]

    def start(self):
        for node in self.nodes:
            node.start()
        return self

    def close(self):
        # The followers first: without their controller they would wait for it.
        for node in reversed(self.nodes):
            node.end(signal.SIGKILL)
            node.close()

    def url(self):
        return "kafka://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def restart(self, node, ready):
        """Starts a killed node again and waits until `ready()`."""
        node.start()
        wait_until(ready, 60, f"{node.name} to be in sync")
