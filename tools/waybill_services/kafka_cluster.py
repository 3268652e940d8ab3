"""Kafka brokers that work together: one that is the controller too, and two that can be lost."""

import base64
import signal
import uuid

from .kafka import Kafka
from .ports import free_port
from .waiting import wait_until


class _Node(Kafka):
    """One broker of a cluster whose identity and controller are given."""

    def __init__(self, number, cluster, controller):
        super().__init__(name=f"kafka-node{number}", gates=0)
        self.number, self._cluster, self._controller_port = number, cluster, controller
        if number == 1:
            self._controller = controller
        replicated = {"offsets.topic.replication.factor": 3, "default.replication.factor": 3, "min.insync.replicas": 2}
        self.settings = {"node.id": number, "controller.quorum.voters": f"1@127.0.0.1:{controller}", **replicated}
        if number != 1:
            self.settings["process.roles"] = "broker"

    def cluster_id(self):
        return self._cluster

    def listeners(self):
        """A mere broker has no listener for the controller's clients."""
        listens = super().listeners()
        return listens if self.number == 1 else {name: port for name, port in listens.items() if name != "CONTROLLER"}


class KafkaCluster:
    """Three brokers; the first is the controller, so it is the other two that a test may kill."""

    def __init__(self):
        identity = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        controller = free_port()
        self.nodes = [_Node(number, identity, controller) for number in (1, 2, 3)]

    def __enter__(self):
        try:
            for node in self.nodes:
                node.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        # The brokers first: without their controller they would wait for it.
        for node in reversed(self.nodes):
            node.end(signal.SIGKILL)
            node.close()

    def url(self):
        return "kafka://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def restart(self, node, ready):
        """Starts a killed node again and waits until `ready()`."""
        node.start()
        wait_until(ready, 60, f"{node.name} to be in sync")
