"""P1: what was committed is confirmed by the broker, or still sending, or visibly failed, whatever is killed."""

import shutil
import subprocess

import pytest

from harness.audit import audit
from harness.books import settle_the_books
from harness.stores import EVERY
from harness.traffic import Traffic
from waybill_services import wait_until

UNSETTLED = 2000


@EVERY
def test_relays_killed_at_random_moments(store, shop, workspace, topology, chance, seed, scale):
    """Fault cases 1-3: SIGKILL before publishing, before the confirm, before settling."""
    queue = shop(store, relay={"unsettled": UNSETTLED, "window": 500})
    consumer = topology.consume(queue)
    traffic = Traffic(store, 20000 * scale, seed, writers=3, batch=10).start()
    kills = 6 * scale
    for _ in range(kills):
        relay = workspace.relay()
        target = consumer.count() + chance.randrange(1, 2500)
        wait_until(lambda: consumer.count() >= target or not traffic.running(), 90, "deliveries")
        relay.sigkill()
    relay = workspace.relay()
    committed = settle_the_books(workspace, relay, consumer, traffic.join().committed_ids(), 180)
    assert traffic.rolled_back
    audit(committed, consumer.deliveries).expect(most_sent_twice=kills * UNSETTLED)


@EVERY
def test_broker_killed_under_load(store, shop, workspace, topology, chance, seed, scale):
    """SIGKILL of the broker while messages are in flight; it comes back with what it had on disk."""
    queue = shop(store, relay={"unsettled": UNSETTLED, "window": 500})
    consumer = topology.consume(queue)
    relay = workspace.relay()
    traffic = Traffic(store, 8000 * scale, seed, writers=2, batch=5, rate=1500).start()
    for _ in range(scale):
        # Not within the first second or two of the queue's life: the broker writes the register of its quorum queues
        # every half second, and one that it does not know after the kill answers nobody for ever.
        target = consumer.count() + chance.randrange(3000, 5000)
        wait_until(lambda: consumer.count() >= target, 90, "deliveries before the kill")
        topology.broker.kill()
        topology.broker.start()
    committed = settle_the_books(workspace, relay, consumer, traffic.join().committed_ids(), 180)
    audit(committed, consumer.deliveries, broker_died=True).expect(most_sent_twice=scale * UNSETTLED)


@pytest.mark.parametrize("kind", ["postgresql", "mysql", "redis"])
def test_database_server_killed_under_load(kind, request, shop, workspace, topology, chance, seed, scale):
    """SIGKILL of the server with all its sessions; fault case 8 with a crash instead of a cut."""
    store = request.getfixturevalue(f"{kind}_store")
    queue = shop(store, relay={"unsettled": UNSETTLED, "window": 500})
    consumer = topology.consume(queue)
    relay = workspace.relay()
    traffic = Traffic(store, 10000 * scale, seed, writers=3, batch=5, rate=3000).start()
    kills = 2 * scale
    for _ in range(kills):
        target = consumer.count() + chance.randrange(500, 2000)
        wait_until(lambda: consumer.count() >= target or not traffic.running(), 90, "deliveries before the kill")
        store.server.kill()
        store.server.start()
    committed = settle_the_books(workspace, relay, consumer, traffic.join().committed_ids(), 180)
    audit(committed, consumer.deliveries).expect(most_sent_twice=kills * UNSETTLED)


def test_database_cut_off_while_the_broker_is_reachable(postgresql_store, postgresql, shop, workspace, topology, seed):
    """Fault case 8: publishing stops with the store, resumes with it, nothing is lost."""
    import waybill_services
    queue = shop(postgresql_store)
    with waybill_services.Gate(postgresql.port, amqp=False) as gate:
        workspace.configure(gate.url(postgresql_store.url), topology.broker.url(),
                            [{"topic": "orders.*", "exchange": topology.exchange}], {"unsettled": UNSETTLED})
        consumer = topology.consume(queue)
        relay = workspace.relay()
        traffic = Traffic(postgresql_store, 5000, seed, writers=2, batch=5, rate=2000).start()
        consumer.wait_count(1000)
        gate.cut()
        traffic.join()
        assert relay.alive()
        gate.open()
        committed = settle_the_books(workspace, relay, consumer, traffic.join().committed_ids(), 180)
    audit(committed, consumer.deliveries).expect(most_sent_twice=UNSETTLED)


def test_plain_sql_by_another_program(store, shop, workspace, topology):
    """The database's own shell inserts a message with nothing but topic and payload."""
    queue = shop(store)
    sql = f"INSERT INTO {store.outbox} (topic, payload) VALUES ('orders.created', 'from the shell');"
    shell = ["sqlite3", store.file] if store.kind == "sqlite" else [store.server.binaries / "psql", "-Xq", store.url]
    assert shutil.which(str(shell[0]))
    subprocess.run([str(word) for word in shell], input=sql, text=True, check=True, timeout=30)
    consumer = topology.consume(queue)
    workspace.relay()
    consumer.wait_count(1)
    delivery = consumer.deliveries[0]
    assert delivery.body == b"from the shell"
    assert len(delivery.id) == 36 and delivery.id[14] == "7", "the default id is a UUIDv7"
    assert delivery.attempt == 1 and delivery.persistent


def test_queue_deleted_between_two_publications(sqlite_store, shop, workspace, topology):
    """Fault case 15: the second message is unroutable and visibly failed, never confirmed into nothing."""
    queue = shop(sqlite_store)
    consumer = topology.consume(queue)
    workspace.relay()
    with sqlite_store.transaction() as transaction:
        transaction.message("orders.created", "1", id="first")
    consumer.wait_ids({"first"})
    consumer.close()
    topology.delete(queue)
    with sqlite_store.transaction() as transaction:
        transaction.message("orders.created", "2", id="second")
    failed = wait_until(workspace.failed, 30, "the second message to be failed")
    assert [(message["id"], message["reason"]) for message in failed] == [("second", "unroutable")]
