"""P1: the relay's host vanishes, or its store does: another relay takes over, and who has no store publishes nothing."""

import threading
import time

import pytest

import waybill_services as services
from harness.audit import audit
from harness.books import settle_the_books
from harness.traffic import Traffic
from harness.workspace import Workspace
from waybill_services import wait_until

UNSETTLED = 500
LIMITS = {"unsettled": UNSETTLED, "window": 200}
# PostgreSQL ends the session of a vanished host at the first of its keepalive probes (after 5, 8, 11, 14, 17 s) that
# finds `tcp_user_timeout` over; MariaDB when it has heard nothing for 12 s. The relay that stands by asks for the lane
# every second.
TAKEN_OVER_WITHIN = 15


@pytest.fixture
def store_gate(postgresql):
    with services.Gate(postgresql.port, amqp=False) as opened:
        yield opened


@pytest.fixture(params=["postgresql", "mysql"])
def distant(request):
    """A store with a server, and a gate in front of it."""
    store = request.getfixturevalue(f"{request.param}_store")
    with services.Gate(store.server.port, amqp=False) as opened:
        yield store, opened


@pytest.fixture
def far_workspace(tmp_path):
    """The configuration of a second host."""
    folder = tmp_path / "far"
    folder.mkdir()
    made = Workspace(folder)
    yield made
    made.close()


def persist(store, names):
    with store.transaction() as transaction:
        for name in names:
            transaction.message("orders.created", "x", id=name)


def test_case_7_relay_host_vanishes(distant, shop, workspace, far_workspace, topology, seed):
    """Fault case 7: no packet of its host passes any more. A relay that stood by goes on; the first one lives,
    publishes nothing more, and takes its place behind the other when its network is back."""
    store, store_gate = distant
    shop(store, relay=LIMITS, queue=topology.queue(binding="near.#"))
    topic = {"topic": "orders.*", "exchange": topology.exchange}
    workspace.configure(store.url, topology.broker.url(), [{**topic, "routing_key": "near.{topic}"}], LIMITS)
    far_workspace.configure(store_gate.url(store.url), topology.broker.url(),
                            [{**topic, "routing_key": "far.{topic}"}], LIMITS)
    by_far, by_near = (topology.consume(topology.queue(binding=f"{side}.#")) for side in ("far", "near"))
    far = far_workspace.relay()
    traffic = Traffic(store, 4000, seed, writers=2, batch=5, rate=250).start()
    by_far.wait_count(300)
    near = workspace.relay()
    by_far.wait_count(600)
    assert by_near.count() == 0
    store_gate.vanish()
    vanished_at = time.monotonic()
    by_near.wait_count(1, TAKEN_OVER_WITHIN)
    print(f"taken over after {time.monotonic() - vanished_at:.1f} s")
    published_by_far = by_far.count()
    traffic.join()
    committed = traffic.committed_ids()
    wait_until(lambda: committed <= by_far.ids() | by_near.ids(), 60, "all that was committed")
    assert far.alive() and near.alive()
    assert by_far.count() == published_by_far
    store_gate.open()
    # Its sessions are gone for the server: it finds out, connects anew, and has no lane.
    persist(store, ["order-afterwards"])
    by_near.wait_ids({"order-afterwards"})
    wait_until(lambda: workspace.sending() == 0, 30, "an empty outbox")
    assert far.alive() and by_far.count() == published_by_far
    assert [relay.stop() for relay in (far, near)] == [0, 0]
    assert workspace.failed() == []
    audit(committed | {"order-afterwards"}, by_far.deliveries + by_near.deliveries).expect(most_sent_twice=UNSETTLED)


@pytest.mark.parametrize("fault", ["cut", "stall"])
def test_case_8_store_is_gone_and_the_broker_reachable(postgresql_store, store_gate, gate, shop, workspace, topology,
                                                       fault):
    """Fault case 8: whether its connections break or fall silent, 11 s later a relay publishes nothing of what it has in
    hand, though the broker would take it; it goes on when the store is back."""
    shop(postgresql_store)
    queue = topology.queue()
    workspace.configure(store_gate.url(postgresql_store.url), gate.url(topology.broker.url()),
                        [{"topic": "orders.*", "exchange": topology.exchange}], LIMITS,
                        broker_options={"heartbeat": "120s"})
    consumer = topology.consume(queue)
    relay = workspace.relay()
    persist(postgresql_store, ["before"])
    consumer.wait_ids({"before"})
    wait_until(lambda: workspace.sending() == 0, what="the first confirm")
    # A full window is in flight, and as much again is in the relay's hand.
    gate.stall("client")
    names = {f"m-{number:04d}" for number in range(1000)}
    persist(postgresql_store, sorted(names))
    consumer.wait_count(1 + LIMITS["window"])
    getattr(store_gate, fault)()
    threading.Event().wait(11)
    gate.open()
    published = consumer.count()
    assert published == 1 + LIMITS["window"]
    threading.Event().wait(2)
    assert consumer.count() == published, "published without knowing whether the lane is still its own"
    assert relay.alive()
    store_gate.open()
    settle_the_books(workspace, relay, consumer, names)
    audit(names | {"before"}, consumer.deliveries).expect(most_sent_twice=UNSETTLED)
