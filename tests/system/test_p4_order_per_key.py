"""P4: with order = "key", first arrivals of one key come in the order in which its transactions committed."""

from harness.audit import audit
from harness.books import settle_the_books
from harness.stores import EVERY
from harness.traffic import Traffic
from waybill_services import wait_until

ORDERED = {"order": "key"}


@EVERY
def test_order_over_relays_killed_at_random_moments(store, shop, workspace, topology, chance, seed, scale):
    """Re-sends after a kill never let a later message of a key overtake one that had not arrived."""
    queue = shop(store, route=ORDERED, relay={"unsettled": 1000, "window": 300})
    consumer = topology.consume(queue)
    traffic = Traffic(store, 6000 * scale, seed, keys=40, writers=3, batch=4).start()
    kills = 5 * scale
    for _ in range(kills):
        relay = workspace.relay()
        target = consumer.count() + chance.randrange(1, 1200)
        wait_until(lambda: consumer.count() >= target or not traffic.running(), 90, "deliveries")
        relay.sigkill()
    workspace.relay()
    traffic.join()
    committed = traffic.committed_ids()
    consumer.wait_ids(committed, 180)
    audit(committed, consumer.deliveries).expect(ordered=True)


def test_order_over_a_broker_that_was_away(store, shop, workspace, topology, gate, seed):
    """The broker can't be reached while traffic goes on; all is delivered in order after it is back, nothing failed."""
    queue = shop(store, route=ORDERED, broker_url=gate.url(topology.broker.url()))
    consumer = topology.consume(queue)
    relay = workspace.relay()
    traffic = Traffic(store, 4000, seed, keys=20, writers=2, batch=4, rate=1500).start()
    consumer.wait_count(300)
    gate.cut()
    traffic.join()
    gate.open()
    committed = settle_the_books(workspace, relay, consumer, traffic.committed_ids())
    audit(committed, consumer.deliveries).expect(ordered=True)


def test_second_relay_takes_over_a_stopped_one(postgresql_store, shop, workspace, topology, seed):
    """Fault case 6: SIGSTOP, the server's session ended, a second relay goes on, SIGCONT: the first one doubles at most
    one window and nothing out of order."""
    queue = shop(postgresql_store, route=ORDERED, relay={"unsettled": 500, "window": 200})
    consumer = topology.consume(queue)
    first = workspace.relay()
    traffic = Traffic(postgresql_store, 4000, seed, keys=30, writers=2, batch=4, rate=1500).start()
    consumer.wait_count(500)
    second = workspace.relay()
    first.sigstop()
    # What the server itself does once keepalives go unanswered: the first relay's session ends.
    ended = postgresql_store.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                   "WHERE application_name LIKE 'waybill%%' AND application_name LIKE %s",
                                   (f"%{first.pid}%",))
    assert ended, "the relay's sessions name its process"
    before = consumer.count()
    consumer.wait_count(before + 500)
    first.sigcont()
    traffic.join()
    committed = traffic.committed_ids()
    consumer.wait_ids(committed)
    wait_until(lambda: workspace.sending() == 0, 60, "an empty outbox")
    audit(committed, consumer.deliveries).expect(ordered=True, most_sent_twice=2 * 500)
    assert first.stop() == 0 and second.stop() == 0


def test_several_relays_share_the_lanes(postgresql_store, shop, workspace, topology, chance, seed):
    """Three relays on four lanes, one killed now and then: order per key holds all the same."""
    queue = shop(postgresql_store, route=ORDERED, relay={"unsettled": 500, "window": 200}, store_options={"lanes": 4})
    consumer = topology.consume(queue)
    relays = [workspace.relay() for _ in range(3)]
    traffic = Traffic(postgresql_store, 5000, seed, keys=60, writers=2, batch=4, rate=2000).start()
    for _ in range(3):
        target = consumer.count() + chance.randrange(300, 900)
        wait_until(lambda: consumer.count() >= target or not traffic.running(), 90, "deliveries")
        victim = relays.pop(chance.randrange(len(relays)))
        victim.sigkill()
        relays.append(workspace.relay())
    traffic.join()
    committed = traffic.committed_ids()
    consumer.wait_ids(committed, 180)
    audit(committed, consumer.deliveries).expect(ordered=True)


def refuse_the_first(topology, store, workspace, shop, on_failed_key):
    """A key whose first message fails (unroutable), with others behind it and another key beside it."""
    queue = topology.queue(binding="good.#")
    # Messages that wait behind a stopped route look again after resend_after.
    route = {**ORDERED, "routing_key": "{topic}", "topic": "*", "on_failed_key": on_failed_key, "resend_after": "5s"}
    shop(store, route=route, queue=queue)
    with store.transaction() as transaction:
        transaction.message("bad.one", "a:0", key="a", id="a0")
        transaction.message("good.one", "a:1", key="a", id="a1")
        transaction.message("good.one", "a:2", key="a", id="a2")
        transaction.message("good.one", "b:0", key="b", id="b0")
    consumer = topology.consume(queue)
    workspace.relay()
    wait_until(workspace.failed, 30, "the first message to be failed")
    return consumer


@EVERY
def test_failed_message_parks_its_key(store, shop, workspace, topology):
    """park: later ones of the key wait, other keys flow; after the failed one is dropped the rest comes in order."""
    consumer = refuse_the_first(topology, store, workspace, shop, "park")
    consumer.wait_ids({"b0"})
    with store.transaction() as transaction:
        transaction.message("good.one", "a:3", key="a", id="a3")
        transaction.message("good.one", "b:1", key="b", id="b1")
    consumer.wait_ids({"b1"})
    assert consumer.ids() == {"b0", "b1"}
    workspace.run("failed", "drop", "--id", "a0", "--yes").expect()
    consumer.wait_ids({"a1", "a2", "a3"})
    assert [delivery.id for delivery in consumer.deliveries if delivery.id.startswith("a")] == ["a1", "a2", "a3"]


@EVERY
def test_parked_key_survives_the_relay(store, shop, workspace, topology):
    """A relay that takes over keeps a parked key parked."""
    consumer = refuse_the_first(topology, store, workspace, shop, "park")
    consumer.wait_ids({"b0"})
    workspace.relays[0].sigkill()
    workspace.relay()
    with store.transaction() as transaction:
        transaction.message("good.one", "b:1", key="b", id="b1")
    consumer.wait_ids({"b1"})
    assert not {"a1", "a2"} & consumer.ids()
    workspace.run("failed", "drop", "--id", "a0", "--yes").expect()
    consumer.wait_ids({"a1", "a2"})


def test_failed_message_is_skipped(store, shop, workspace, topology):
    """skip: only the failed message stays behind."""
    consumer = refuse_the_first(topology, store, workspace, shop, "skip")
    consumer.wait_ids({"a1", "a2", "b0"})


@EVERY
def test_failed_message_stops_the_route(store, shop, workspace, topology):
    """stop: every key of the route waits until a person has decided."""
    consumer = refuse_the_first(topology, store, workspace, shop, "stop")
    with store.transaction() as transaction:
        transaction.message("good.one", "c:0", key="c", id="c0")
    wait_until(lambda: workspace.sending() >= 3, 30, "the others to wait")
    assert "c0" not in consumer.ids() and "a1" not in consumer.ids()
    workspace.run("failed", "drop", "--id", "a0", "--yes").expect()
    consumer.wait_ids({"a1", "a2", "b0", "c0"})


@EVERY
def test_many_parked_keys_take_little_memory(store, shop, workspace, topology):
    """Each key waits behind its failed message, and the relay knows of each."""
    count = 50_000
    shop(store, route={"order": "key"}, queue=topology.queue(binding="nothing.leads.here"))
    with store.transaction() as transaction:
        for number in range(count):
            transaction.message("orders.created", "x", id=f"m-{number}", key=f"customer-{number:08d}")
    relay = workspace.relay()
    wait_until(lambda: workspace.status()["stores"][0]["blocked_scopes"] == count, 120, "all keys to be parked")
    assert relay.peak_memory_bytes() < 64 << 20
    assert relay.stop() == 0
    after = workspace.relay()
    after.wait_logged("is ours")
    assert after.peak_memory_bytes() < 64 << 20
