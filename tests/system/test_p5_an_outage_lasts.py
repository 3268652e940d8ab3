"""P5: an outage fails nobody, also when it outlasts heartbeats, time-outs and re-sends."""

import threading

from harness.audit import audit
from harness.books import settle_the_books
from waybill_services import wait_until


def persist(store, names, payload="x"):
    with store.transaction() as transaction:
        for name in names:
            transaction.message("orders.created", payload, id=name)


def test_broker_silent_for_longer_than_its_heartbeats(store, shop, workspace, topology, gate, scale):
    """Fault case 10: the connection is given up, and so are those after it that nobody greets. Each would be a try if
    it were counted; what was in flight is sent again, flagged, and the rest once. A soak run keeps the default."""
    heartbeat = 10 if scale > 1 else 1
    queue = shop(store, route={"resend_after": "1s", "max_attempts": 1}, relay={"window": 50, "unsettled": 200},
                 broker_url=gate.url(topology.broker.url()), broker_options={"heartbeat": f"{heartbeat}s"})
    consumer = topology.consume(queue)
    relay = workspace.relay()
    persist(store, ["before"])
    consumer.wait_ids({"before"})
    wait_until(lambda: workspace.sending() == 0, what="the first confirm")
    # The broker takes what is published, but says nothing any more.
    gate.stall("client")
    names = {f"m-{number}" for number in range(200)}
    persist(store, sorted(names))
    consumer.wait_count(1 + 50)
    wait_until(lambda: workspace.route()["state"] == "down", 3 * heartbeat + 5, "the connection to be given up")
    connections = gate.connections_total
    wait_until(lambda: gate.connections_total >= connections + 2, 12 * heartbeat + 20, "two more tries to connect")
    assert consumer.count() == 1 + 50
    assert workspace.failed() == []
    assert workspace.sending() == 200
    gate.open()
    settle_the_books(workspace, relay, consumer, names)
    assert audit(names | {"before"}, consumer.deliveries).expect(most_sent_twice=50).sent_twice == 50


def test_broker_down_for_long(store, shop, workspace, topology, gate, scale):
    """Fault case 9: nothing is counted, the tries to connect are few, memory stays, and the backlog drains at once when
    the broker is back. Ten minutes in a soak run."""
    queue = shop(store, route={"resend_after": "1s", "max_attempts": 1}, broker_url=gate.url(topology.broker.url()))
    consumer = topology.consume(queue)
    relay = workspace.relay()
    persist(store, ["before"])
    consumer.wait_ids({"before"})
    wait_until(lambda: workspace.sending() == 0, what="the first confirm")
    gate.cut()
    wait_until(lambda: workspace.route()["state"] == "down", 30, "the route to be shown as down")
    names = {f"m-{number}" for number in range(2000)}
    persist(store, sorted(names), payload="x" * 1000)
    connections, memory = gate.connections_total, relay.memory_bytes()
    seconds = 600 if scale > 1 else 8
    threading.Event().wait(seconds)
    assert workspace.route()["state"] == "down"
    assert gate.connections_total - connections <= seconds, "it hammers at a broker that is down"
    assert relay.memory_bytes() - memory < 8 << 20
    assert workspace.failed() == []
    assert workspace.sending() == len(names)
    gate.open()
    settle_the_books(workspace, relay, consumer, names, 60)
    audit(names | {"before"}, consumer.deliveries).expect(most_sent_twice=0)
    assert {delivery.attempt for delivery in consumer.deliveries} == {1}
