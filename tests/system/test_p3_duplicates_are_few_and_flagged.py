"""P3: a duplicate arises only where the broker may have a message already; few, and each flagged by its attempt."""

import contextlib

import pytest

from harness.audit import audit
from harness.stores import EVERY
from waybill_services import wait_until

UNSETTLED = 300
WINDOW = 200


def persist(store, names, topic="orders.created"):
    with store.transaction() as transaction:
        for name in names:
            transaction.message(topic, "x", id=name)


@EVERY
def test_clean_stop_makes_no_duplicates(store, shop, workspace, topology):
    """SIGTERM settles what is open: ten relays one after the other send nothing twice."""
    queue = shop(store)
    consumer = topology.consume(queue)
    wanted = set()
    for turn in range(10):
        names = [f"{turn}-{number}" for number in range(300)]
        persist(store, names)
        wanted |= set(names)
        relay = workspace.relay()
        consumer.wait_count(len(wanted) - 150)
        assert relay.stop() == 0
    assert workspace.relay("--drain").wait() == 0
    consumer.wait_ids(wanted)
    audit(wanted, consumer.deliveries).expect(most_sent_twice=0)
    assert all(delivery.attempt == 1 for delivery in consumer.deliveries)


@pytest.fixture
def slow_answers(gate, topology):
    """The gate's URL, and options with which a connection outlives it when its broker says nothing for a while."""
    return {"broker_url": gate.url(topology.broker.url()), "broker_options": {"heartbeat": "120s"}}


def claimed(store):
    """Up to where the store knows the lane to be claimed."""
    if store.kind == "sqlite":
        return store.query("SELECT claimed FROM waybill_lane")[0][0]
    return store.query("SELECT claimed FROM (SELECT * FROM waybill.position_0_a UNION ALL "
                       "SELECT * FROM waybill.position_0_b) AS log ORDER BY n DESC LIMIT 1")[0][0]


@contextlib.contextmanager
def settlements_held_up(store):
    """Nobody else can write the lane's position meanwhile, and what waits to do so never does."""
    connection = store.connect()
    if store.kind == "sqlite":
        connection.execute("BEGIN IMMEDIATE")
    else:
        connection.execute("LOCK TABLE waybill.position_0_a, waybill.position_0_b IN EXCLUSIVE MODE")
    try:
        yield
        if store.kind == "postgresql":
            # The server would go on with a killed client's statement once the lock is free.
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                               "WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))")
    finally:
        connection.rollback()
        connection.close()


def flow_once(store, workspace, consumer):
    """One message goes all the way, so that everything is connected."""
    persist(store, ["before"])
    consumer.wait_ids({"before"})
    wait_until(lambda: workspace.sending() == 0, what="the first confirm")


def test_killed_after_claiming_before_the_broker_has_anything(store, shop, workspace, topology, gate, slow_answers):
    """Fault case 1: claimed in the store, but nothing got to the broker: SIGKILL loses nothing and doubles nothing."""
    queue = shop(store, relay={"unsettled": UNSETTLED, "window": WINDOW}, **slow_answers)
    consumer = topology.consume(queue)
    relay = workspace.relay()
    flow_once(store, workspace, consumer)
    gate.stall("server")
    before = claimed(store)
    names = {f"m-{number}" for number in range(1000)}
    persist(store, sorted(names))
    wait_until(lambda: claimed(store) > before, what="messages to be claimed")
    relay.sigkill()
    # What the gate holds back must never reach the broker.
    gate.break_connections()
    gate.open()
    assert consumer.ids() == {"before"}
    assert workspace.relay("--drain").wait() == 0
    consumer.wait_ids(names)
    audit(names | {"before"}, consumer.deliveries).expect(most_sent_twice=0)
    assert any(delivery.attempt > 1 for delivery in consumer.deliveries), "the relay could not know that nothing was sent"


def test_killed_after_the_confirm_before_it_is_settled(store, shop, workspace, topology, gate, slow_answers):
    """Fault case 3: confirmed, but the store could not be told: SIGKILL doubles no more than `unsettled`, all flagged."""
    queue = shop(store, relay={"unsettled": UNSETTLED, "window": WINDOW}, **slow_answers)
    consumer = topology.consume(queue)
    relay = workspace.relay()
    flow_once(store, workspace, consumer)
    gate.stall("client")
    names = {f"m-{number}" for number in range(1000)}
    persist(store, sorted(names))
    consumer.wait_count(1 + WINDOW)
    with settlements_held_up(store):
        gate.open()
        # More can be on its way only because confirms made room in the window.
        consumer.wait_count(1 + WINDOW + 1)
        relay.sigkill()
    assert workspace.relay("--drain").wait() == 0
    consumer.wait_ids(names)
    books = audit(names | {"before"}, consumer.deliveries).expect(most_sent_twice=UNSETTLED)
    assert books.sent_twice >= WINDOW, "all that was confirmed was unsettled"


@EVERY
def test_killed_after_publishing_before_the_confirm(store, shop, workspace, topology, gate):
    """Fault case 2: confirms withheld, a full window published, SIGKILL: at most that window again, flagged."""
    queue = shop(store, relay={"unsettled": UNSETTLED, "window": WINDOW}, broker_url=gate.url(topology.broker.url()))
    consumer = topology.consume(queue)
    gate.withhold_confirms()
    names = {f"m-{number}" for number in range(1000)}
    persist(store, sorted(names))
    relay = workspace.relay()
    consumer.wait_count(WINDOW)
    relay.sigkill()
    assert consumer.count() == WINDOW
    gate.open()
    assert workspace.relay("--drain").wait() == 0
    consumer.wait_ids(names)
    assert audit(names, consumer.deliveries).expect(most_sent_twice=WINDOW).sent_twice == WINDOW


def test_connection_cut_between_publication_and_confirm(store, shop, workspace, topology, gate):
    """The publisher can't know: it sends again, and says so."""
    queue = shop(store, relay={"unsettled": UNSETTLED, "window": WINDOW}, broker_url=gate.url(topology.broker.url()))
    consumer = topology.consume(queue)
    relay = workspace.relay()
    persist(store, ["warm"])
    consumer.wait_ids({"warm"})
    wait_until(lambda: workspace.sending() == 0, what="the first confirm")
    gate.cut_at_confirm()
    names = {f"m-{number}" for number in range(1000)}
    persist(store, sorted(names))
    consumer.wait_ids(names)
    wait_until(lambda: workspace.sending() == 0, what="an empty outbox")
    assert relay.stop() == 0
    books = audit(names | {"warm"}, consumer.deliveries).expect(most_sent_twice=UNSETTLED)
    assert books.sent_twice >= 1
    assert workspace.failed() == []


def test_connection_cut_at_any_byte(sqlite_store, shop, workspace, topology, gate, chance, scale):
    """The broker's answers end at a random byte, again and again; everything arrives, re-sends are flagged."""
    queue = shop(sqlite_store, relay={"unsettled": UNSETTLED, "window": WINDOW},
                 broker_url=gate.url(topology.broker.url()))
    consumer = topology.consume(queue)
    relay = workspace.relay()
    wanted = set()
    cuts = 8 * scale
    for turn in range(cuts):
        names = {f"{turn}-{number}" for number in range(200)}
        wanted |= names
        gate.cut_after(chance.randrange(1, 1500))
        persist(sqlite_store, sorted(names))
        consumer.wait_ids(names)
    wait_until(lambda: workspace.sending() == 0, 60, "an empty outbox")
    assert relay.stop() == 0
    audit(wanted, consumer.deliveries).expect(most_sent_twice=cuts * UNSETTLED)
    assert workspace.failed() == []
