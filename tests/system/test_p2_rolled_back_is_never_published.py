"""P2: what was rolled back is never published, nor what a crash of the store could still roll back."""

import contextlib
import os
import signal
import threading

import psycopg
import pytest

import waybill_services as services
from harness import stores
from harness.audit import audit
from harness.stores import EVERY, EVERY_SQL
from harness.traffic import Traffic
from waybill_services import wait_until


class Undo(Exception):
    pass


@EVERY
def test_rollback(store, shop, workspace, topology):
    """Fault case 24: of a hundred pairs, one committed and one not, only the committed ones arrive."""
    queue = shop(store)
    consumer = topology.consume(queue)
    relay = workspace.relay()
    for number in range(100):
        with store.transaction() as transaction:
            transaction.message("orders.created", "kept", id=f"kept-{number}")
        with pytest.raises(Undo):
            with store.transaction() as transaction:
                transaction.message("orders.created", "undone", id=f"undone-{number}")
                raise Undo
    consumer.wait_ids({f"kept-{number}" for number in range(100)})
    assert relay.stop() == 0
    assert consumer.ids() == {f"kept-{number}" for number in range(100)}


@EVERY_SQL
def test_savepoint_rollback(store, shop, workspace, topology):
    """Fault case 24: what a savepoint undid inside a committed transaction is not there either."""
    queue = shop(store)
    consumer = topology.consume(queue)
    relay = workspace.relay()
    for number in range(50):
        with store.transaction() as transaction:
            transaction.message("orders.created", "before", id=f"before-{number}")
            transaction.execute("SAVEPOINT inner_step")
            transaction.message("orders.created", "undone", id=f"undone-{number}")
            transaction.execute("ROLLBACK TO SAVEPOINT inner_step")
            transaction.execute("SAVEPOINT second_step")
            transaction.message("orders.created", "after", id=f"after-{number}")
            transaction.execute("RELEASE SAVEPOINT second_step")
    wanted = {f"{word}-{number}" for word in ("before", "after") for number in range(50)}
    consumer.wait_ids(wanted)
    assert relay.stop() == 0
    assert consumer.ids() == wanted


@pytest.fixture(scope="module")
def two_phase_server():
    with services.PostgreSQL(settings={"max_prepared_transactions": 10}) as server:
        yield server


@pytest.fixture
def two_phase_store(two_phase_server):
    two_phase_server.psql("DROP DATABASE IF EXISTS two_phase")
    two_phase_server.psql("CREATE DATABASE two_phase")
    return stores.PostgreSQL(two_phase_server, "two_phase")


def test_two_phase_commit_and_abort(two_phase_store, shop, workspace, topology):
    """Fault cases 24 and 25: a prepared transaction holds up nobody; it is sent after its commit, never after an abort."""
    queue = shop(two_phase_store)
    consumer = topology.consume(queue)
    relay = workspace.relay()
    connection = two_phase_store.connect()
    connection.autocommit = True
    for name in ("kept", "undone"):
        connection.execute("BEGIN")
        connection.execute("INSERT INTO waybill.outbox (id, topic, payload) VALUES (%s, 'orders.created', 'x')", (name,))
        connection.execute(f"PREPARE TRANSACTION '{name}'")
    for number in range(20):
        with two_phase_store.transaction() as transaction:
            transaction.message("orders.created", "y", id=f"other-{number}")
    others = {f"other-{number}" for number in range(20)}
    consumer.wait_ids(others)
    assert consumer.ids() == others
    connection.execute("ROLLBACK PREPARED 'undone'")
    connection.execute("COMMIT PREPARED 'kept'")
    connection.close()
    consumer.wait_ids({"kept"})
    assert relay.stop() == 0
    assert consumer.ids() == others | {"kept"}


def test_prepared_transaction_outlives_the_server_and_the_relay(two_phase_store, two_phase_server, shop, workspace,
                                                                topology, seed):
    """Fault case 25: it stays open over a restart of PostgreSQL, a kill of the relay and thousands of others, which do
    not wait for it; it is sent once after its commit."""
    queue = shop(two_phase_store, relay={"unsettled": 500, "window": 200})
    consumer = topology.consume(queue)
    relay = workspace.relay()
    connection = two_phase_store.connect()
    connection.autocommit = True
    connection.execute("BEGIN")
    connection.execute("INSERT INTO waybill.outbox (id, topic, payload) VALUES ('kept', 'orders.created', 'x')")
    connection.execute("PREPARE TRANSACTION 'long'")
    connection.close()
    traffic = Traffic(two_phase_store, 3000, seed, writers=2, batch=5, rate=1000).start()
    consumer.wait_count(600)
    two_phase_server.restart()
    consumer.wait_count(1200)
    relay.sigkill()
    relay = workspace.relay()
    traffic.join()
    others = traffic.committed_ids()
    assert len(others) > 2000
    consumer.wait_ids(others)
    assert "kept" not in consumer.ids()
    assert two_phase_server.psql("SELECT gid FROM pg_prepared_xacts").split() == ["long"]
    two_phase_server.psql("COMMIT PREPARED 'long'", two_phase_store.database)
    consumer.wait_ids({"kept"})
    wait_until(lambda: workspace.sending() == 0, 30, "an empty outbox")
    assert relay.stop() == 0
    assert sum(delivery.id == "kept" for delivery in consumer.deliveries) == 1
    audit(others | {"kept"}, consumer.deliveries).expect(most_sent_twice=2 * 500)


def test_commits_in_reverse_order_of_their_ids(postgresql_store, shop, workspace, topology):
    """Fault case 26: the transaction that began first commits last, with slices between; neither is skipped."""
    queue = shop(postgresql_store)
    consumer = topology.consume(queue)
    workspace.relay()
    wanted = set()
    for number in range(20):
        with postgresql_store.connect() as early, postgresql_store.connect() as late:
            for connection, name in ((early, f"early-{number}"), (late, f"late-{number}")):
                connection.execute(
                    "INSERT INTO waybill.outbox (id, topic, payload) VALUES (%s, 'orders.created', 'x')", (name,))
                wanted.add(name)
            late.commit()
            consumer.wait_ids({f"late-{number}"})
            early.commit()
    consumer.wait_ids(wanted)
    assert consumer.count() == len(wanted)


def test_asynchronous_commit_and_a_crash_right_after(postgresql_store, postgresql, shop, workspace, topology, seed, scale):
    """Fault case 27: commits that were acknowledged and that the crash then took back had not been published."""
    queue = shop(postgresql_store)
    postgresql.psql(f"ALTER DATABASE {postgresql_store.database} SET synchronous_commit = off")
    consumer = topology.consume(queue)
    relay = workspace.relay()
    traffic = Traffic(postgresql_store, 1_000_000, seed, writers=3, rollback_share=0).start()
    for round_number in range(1, 3 * scale + 1):
        try:
            wait_until(lambda: consumer.count() >= 400 * round_number, 60, "deliveries before the crash")
        finally:
            postgresql.kill()
        postgresql.start()
    traffic.stop()
    committed = traffic.committed_ids()
    consumer.wait_ids(committed)
    assert relay.stop() == 0
    print(f"the crashes took back {len(traffic.acknowledged - committed)} acknowledged commits")
    assert not consumer.ids() - committed, "published, and then taken back by the crash"


@contextlib.contextmanager
def log_flushed_by_nobody(store):
    """PostgreSQL's log stays in memory: its writer stands still, and the relay has nowhere to write."""
    writer, = store.query("SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'")[0]
    with store.connect() as connection:
        connection.execute("LOCK TABLE waybill.position_0_a, waybill.position_0_b, waybill.relay_report "
                           "IN EXCLUSIVE MODE")
        os.kill(writer, signal.SIGSTOP)
        yield
        # The end of the server is the end of the writer too.


def commit_asynchronously(store, names):
    connection = store.connect()
    connection.execute("SET synchronous_commit = off")
    connection.commit()
    for name in names:
        connection.execute("INSERT INTO waybill.outbox (id, topic, payload) VALUES (%s, 'orders.created', 'x')", (name,))
        connection.commit()
    connection.close()


def test_commit_that_the_crash_takes_back(postgresql_store, postgresql, shop, workspace, topology):
    """Fault case 27, at its exact moment: acknowledged and visible, not durable: not published, and gone after the crash."""
    queue = shop(postgresql_store)
    consumer = topology.consume(queue)
    relay = workspace.relay()
    commit_asynchronously(postgresql_store, ["before"])
    consumer.wait_ids({"before"})
    wait_until(lambda: workspace.sending() == 0, what="the first confirm")
    acknowledged = [f"m-{number}" for number in range(10)]
    with contextlib.suppress(psycopg.OperationalError), log_flushed_by_nobody(postgresql_store):
        commit_asynchronously(postgresql_store, acknowledged)
        visible = {name for (name,) in postgresql_store.query("SELECT id FROM waybill.outbox WHERE async_commit")}
        assert visible >= set(acknowledged)
        threading.Event().wait(2)
        published = consumer.ids()
        postgresql.kill()
    postgresql.start()
    postgresql_store.forget_connection()
    kept = {name for (name,) in postgresql_store.query("SELECT id FROM waybill.outbox")}
    assert not kept & set(acknowledged), "the crash took nothing back: the test proves nothing"
    assert published == {"before"}, "published, and then taken back by the crash"
    commit_asynchronously(postgresql_store, ["afterwards"])
    consumer.wait_ids({"afterwards"})
    assert consumer.ids() == {"before", "afterwards"}
    assert relay.stop() == 0
