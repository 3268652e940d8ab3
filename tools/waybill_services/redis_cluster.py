"""Redis servers that work together: replicas of one primary, and a cluster."""

import signal

from .ports import free_port
from .redis import Redis
from .service import Started
from .waiting import wait_until


def _follows(node):
    return "master_link_status:up" in node.command("INFO", "replication")


class Replica(Redis):
    """Follows a primary."""

    def __init__(self, primary, directory=None):
        super().__init__(directory, "redis-replica", {"replicaof": f"127.0.0.1 {primary.port}"})
        self.password = primary.password

    def start(self):
        super().start()
        wait_until(lambda: _follows(self), 30, "the replica to follow")
        return self


class RedisCluster(Started):
    """Three primaries with a replica each."""

    def __init__(self):
        self.nodes = []

    def start(self):
        for number in range(6):
            node = Redis(name=f"redis-node{number}", settings={
                "cluster-enabled": "yes", "cluster-node-timeout": "2000",
                "databases": "1", "appendfsync": "everysec",
                "cluster-port": free_port(), "replica-announce-ip": "127.0.0.1", "cluster-announce-ip": "127.0.0.1"})
            node.password = self.nodes[0].password if self.nodes else node.password
            self.nodes.append(node)
            node.start()
        first = self.nodes[0]
        first.command("--cluster", "create", *(f"127.0.0.1:{node.port}" for node in self.nodes), "--cluster-replicas",
                      "1", "--cluster-yes")
        wait_until(lambda: all("cluster_state:ok" in node.command("CLUSTER", "INFO") for node in self.nodes), 60,
                   "the cluster to be ready")
        replicas = [node for node in self.nodes if "role:slave" in node.command("INFO", "replication")]
        wait_until(lambda: len(replicas) == 3 and all(map(_follows, replicas)), 30, "the replicas to follow")
        return self

    def close(self):
        for node in self.nodes:
            node.end(signal.SIGTERM)
            node.close()

    def url(self, node=0):
        return self.nodes[node].url()

    def owner_of(self, key):
        """The node that has the key's slot now."""
        slot = int(self._alive().command("CLUSTER", "KEYSLOT", key))
        for line in self._alive().command("CLUSTER", "NODES").splitlines():
            fields = line.split()
            if "master" not in fields[2] or "fail" in fields[2]:
                continue
            for part in fields[8:]:
                low, _, high = part.partition("-")
                if low.isdigit() and int(low) <= slot <= int(high or low):
                    port = int(fields[1].split("@")[0].rsplit(":", 1)[1])
                    return next(node for node in self.nodes if node.port == port)
        return None

    def move_slot(self, key, target):
        """Moves the key's slot with all that is in it to another primary."""
        slot, source = int(target.command("CLUSTER", "KEYSLOT", key)), self.owner_of(key)
        source_id, target_id = (node.command("CLUSTER", "MYID").strip() for node in (source, target))
        target.command("CLUSTER", "SETSLOT", slot, "IMPORTING", source_id)
        source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", target_id)
        while keys := source.command("CLUSTER", "GETKEYSINSLOT", slot, 100).split():
            source.command("MIGRATE", "127.0.0.1", target.port, "", 0, 10000, "AUTH", target.password, "KEYS", *keys)
        for node in self.nodes:
            if node.alive() and "role:master" in node.command("INFO", "replication"):
                node.command("CLUSTER", "SETSLOT", slot, "NODE", target_id)

    def _alive(self):
        return next(node for node in self.nodes if node.alive())
