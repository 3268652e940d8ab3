"""Redis servers that work together, and TLS: replicas, failover, a cluster (fault case 38)."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
import redis

import waybill_services as services
from harness.audit import audit
from harness.traffic import names, send
from waybill_services import wait_until

OUTBOX = "{waybill:0}:outbox"


# ---- replicas (fault case 38) ----

def test_replicas_that_are_missing_stop_the_sending(own_store, own_server, shop, workspace, topology):
    """`replicas = 1`: WAIT whose time is over is no success, so nothing is published until a replica has it."""
    queue = shop(own_store, store_options={"replicas": 1})
    consumer = topology.consume(queue)
    send(own_store, names("a", 5))
    relay = workspace.relay()
    wait_until(lambda: "replicas have received it" in relay.text(), 40, "the relay to miss the replica")
    assert consumer.count() == 0
    doubtful = workspace.run("send", "--topic", "orders.created", "--id", "a-5", "--payload", "x")
    assert doubtful.code == 1 and "replicas have received it" in doubtful.err, doubtful.err
    with services.RedisReplica(own_server):
        consumer.wait_ids(set(names("a", 6)))
    assert workspace.failed() == []


def test_failover_to_the_replica(own_store, own_server, shop, workspace, topology, seed):
    """The primary is killed, the replica promoted; with `replicas = 1` and services that wait, nothing is lost."""
    with services.RedisReplica(own_server) as replica:
        queue = shop(own_store)
        workspace.configure(f"{own_store.url}?nodes=127.0.0.1:{replica.port}", topology.broker.url(),
                            [{"topic": "orders.*", "exchange": topology.exchange}], {"unsettled": 1000},
                            store_options={"replicas": 1})
        consumer = topology.consume(queue)
        workspace.relay()
        client, sent = own_store.connect(), set()
        for number in range(2000):
            client.execute_command("FCALL", "waybill_send", 1, OUTBOX, "orders.created", "", "x", "", "", "",
                                   f"m-{number}")
            if number % 100 == 99:
                assert client.wait(1, 5000) == 1
                sent |= {f"m-{earlier}" for earlier in range(number + 1)}
        own_server.kill()
        replica.command("REPLICAOF", "NO", "ONE")
        with services.RedisReplica(replica):
            consumer.wait_ids(sent)
            audit(sent, consumer.deliveries).expect(most_sent_twice=1000)


# ---- cluster ----

@pytest.fixture(scope="module")
def cluster():
    with services.RedisCluster() as made:
        yield made


def cluster_client(cluster):
    owner = cluster.owner_of(OUTBOX)
    return redis.Redis(port=owner.port, password=owner.password)


def send_to(client, sent):
    for name in sent:
        client.execute_command("FCALL", "waybill_send", 1, OUTBOX, "orders.created", "", "x", "", "", "", name)


def test_cluster_slot_moves_and_a_primary_dies(cluster, workspace, topology):
    """The relay follows -MOVED, loads its functions where they are missing, and finds the promoted replica."""
    queue = topology.queue()
    nodes = ",".join(f"127.0.0.1:{node.port}" for node in cluster.nodes)
    workspace.configure(f"{cluster.url()}?nodes={nodes}", topology.broker.url(),
                        [{"topic": "orders.*", "exchange": topology.exchange}])
    workspace.run("migrate").expect()
    consumer = topology.consume(queue)
    relay = workspace.relay()
    send_to(cluster_client(cluster), names("a", 100))
    consumer.wait_ids(set(names("a", 100)))
    source = cluster.owner_of(OUTBOX)
    target = next(node for node in cluster.nodes[:3] if node is not source)
    cluster.move_slot(OUTBOX, target)
    wait_until(lambda: "waybill" in target.command("FUNCTION", "LIST"), 30, "the functions on the new node")
    client = cluster_client(cluster)
    send_to(client, names("b", 100))
    assert client.wait(1, 10000) == 1, "what its replica never got, a promoted replica can't have"
    consumer.wait_ids(set(names("a", 100) + names("b", 100)))
    wait_until(lambda: workspace.sending() == 0, 30, "all to be settled")
    target.kill()
    wait_until(lambda: cluster.owner_of(OUTBOX) not in (None, target), 60, "the replica to be promoted")
    promoted = cluster.owner_of(OUTBOX)
    wait_until(lambda: "waybill" in promoted.command("FUNCTION", "LIST"), 30, "the functions on the promoted node")
    send_to(cluster_client(cluster), names("c", 100))
    consumer.wait_ids(set(names("a", 100) + names("b", 100) + names("c", 100)))
    assert relay.alive() and workspace.failed() == []


# ---- TLS ----

@pytest.fixture(scope="module")
def certificate():
    """Outside pytest's folders, which each session closes to the server's user."""
    folder = Path(tempfile.mkdtemp(prefix="waybill-tls-"))
    folder.chmod(0o755)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "key.pem", "-out",
                    folder / "cert.pem", "-days", "30", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    (folder / "key.pem").chmod(0o644)
    yield folder
    shutil.rmtree(folder)


def test_rediss(certificate, workspace, topology):
    """Over TLS: a certificate of our CA is taken, another is refused by name, `insecure` is shown by doctor."""
    tls_port = services.free_port()
    with services.Redis(settings={"tls-port": tls_port, "tls-cert-file": certificate / "cert.pem", "tls-key-file":
                                  certificate / "key.pem", "tls-ca-cert-file": certificate / "cert.pem",
                                  "tls-auth-clients": "no"}) as server:
        url = f"rediss://:{server.password}@localhost:{tls_port}/0"
        queue = topology.queue()
        routes = [{"topic": "orders.*", "exchange": topology.exchange}]
        workspace.configure(url, topology.broker.url(), routes)
        refused = workspace.run("migrate")
        assert refused.code == 3 and "certificate is refused" in refused.err, refused.err
        trusted = {"ca_file": str(certificate / "cert.pem")}
        workspace.configure(url, topology.broker.url(), routes, store_options=trusted)
        workspace.run("migrate").expect()
        consumer = topology.consume(queue)
        workspace.relay()
        for number in range(20):
            workspace.run("send", "--topic", "orders.created", "--id", f"t-{number}", "--payload", "x" * 70000).expect()
        consumer.wait_ids(set(names("t", 20)))
        workspace.configure(url.replace("localhost", "127.0.0.1"), topology.broker.url(), routes, store_options=trusted)
        assert "IP address mismatch" in workspace.run("status").err
        workspace.configure(url, topology.broker.url(), routes, store_options={"insecure": True})
        assert "WB-D510" in workspace.run("doctor", "--json").out
