"""P3: a duplicate arises only where the broker may have a message already; few, and each flagged by its attempt."""

from harness.audit import audit
from waybill_services import wait_until

UNSETTLED = 300
WINDOW = 200


def persist(store, names, topic="orders.created"):
    with store.transaction() as transaction:
        for name in names:
            transaction.message(topic, "x", id=name)


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
    published = consumer.count()
    assert published <= UNSETTLED
    gate.open()
    assert workspace.relay("--drain").wait() == 0
    consumer.wait_ids(names)
    books = audit(names, consumer.deliveries).expect(most_sent_twice=UNSETTLED)
    assert books.sent_twice >= 1


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
