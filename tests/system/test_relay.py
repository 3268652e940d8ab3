"""The relay as a process: stopping, draining, waiting, delays, memory."""

import signal

import pytest

from harness.audit import audit
from harness.traffic import Traffic
from waybill_services import wait_until


def persist(store, count, payload="x", prefix="m", **columns):
    names = [f"{prefix}-{number}" for number in range(count)]
    with store.transaction() as transaction:
        for name in names:
            transaction.message("orders.created", payload, id=name, **columns)
    return set(names)


def test_drain_ends_with_0_when_nothing_is_left(store, shop, workspace, topology):
    queue = shop(store)
    consumer = topology.consume(queue)
    assert workspace.relay("--drain").wait(20) == 0
    names = persist(store, 2000)
    assert workspace.relay("--drain").wait() == 0
    assert workspace.sending() == 0
    consumer.wait_ids(names)
    assert consumer.count() == 2000


def test_sigterm_and_sigint_end_with_0(store, shop, workspace):
    shop(store)
    for number in (signal.SIGTERM, signal.SIGINT):
        relay = workspace.relay()
        wait_until(lambda: workspace.status()["routes"][0]["state"] == "idle" and relay.text(), 20, "the relay to be up")
        relay.process.send_signal(number)
        assert relay.wait(20) == 0, relay.text()


def test_second_signal_ends_at_once(sqlite_store, shop, workspace, topology, gate):
    """The first SIGTERM waits for confirms that never come; the second one does not wait."""
    shop(sqlite_store, relay={"stop_timeout": "300s"}, broker_url=gate.url(topology.broker.url()),
         broker_options={"heartbeat": "300s"})
    gate.withhold_confirms()
    persist(sqlite_store, 10)
    relay = workspace.relay()
    wait_until(lambda: gate.confirms_withheld > 0, 30, "a confirm to be withheld")
    relay.sigterm()
    relay.wait_logged("stop", 10)
    assert relay.alive()
    relay.sigterm()
    assert relay.wait(10) != 0


def test_stop_waits_no_longer_than_its_limit(sqlite_store, shop, workspace, topology, gate):
    shop(sqlite_store, relay={"stop_timeout": "1s"}, broker_url=gate.url(topology.broker.url()))
    gate.withhold_confirms()
    persist(sqlite_store, 10)
    relay = workspace.relay()
    wait_until(lambda: gate.confirms_withheld > 0, 30, "a confirm to be withheld")
    relay.stop(20)
    assert workspace.sending() == 10


def test_second_relay_waits_for_the_first(store, shop, workspace, topology):
    """One lane, two relays: one works, the other takes over within seconds of the first one's death."""
    queue = shop(store)
    consumer = topology.consume(queue)
    first = workspace.relay()
    names = persist(store, 100)
    consumer.wait_ids(names)
    second = workspace.relay()
    names |= persist(store, 100, prefix="n")
    consumer.wait_ids(names)
    first.sigkill()
    names |= persist(store, 100, prefix="o")
    consumer.wait_ids(names, 30)
    assert second.stop() == 0


def lanes_shared_by(workspace, count):
    lanes = workspace.status()["stores"][0]["lanes"]
    return len({lane["holder"] for lane in lanes}) == count and all(lane["holder"] for lane in lanes)


@pytest.mark.parametrize("kind, lanes", [("sqlite", 1), ("postgresql", 1), ("postgresql", 3)])
def test_three_relays_without_a_fault_send_nothing_twice(request, kind, lanes, shop, workspace, topology, seed, scale):
    """On one lane two stand by; on three each has its own. They come, work and go, and every message arrives once."""
    store = request.getfixturevalue(f"{kind}_store")
    queue = shop(store, relay={"unsettled": 500, "window": 200}, store_options={"lanes": lanes} if lanes > 1 else None)
    consumer = topology.consume(queue)
    traffic = Traffic(store, 3000 * scale, seed, writers=2, batch=5, rate=600).start()
    relays = [workspace.relay() for _ in range(3)]
    wait_until(lambda: lanes_shared_by(workspace, lanes), 30, f"{lanes} relays to hold a lane each")
    traffic.join()
    committed = traffic.committed_ids()
    consumer.wait_ids(committed)
    wait_until(lambda: workspace.sending() == 0, 30, "an empty outbox")
    assert [relay.stop() for relay in relays] == [0, 0, 0]
    audit(committed, consumer.deliveries).expect(most_sent_twice=0)
    assert workspace.failed() == []


def test_drain_of_four_lanes_ends_when_all_are_empty(postgresql_store, shop, workspace, topology, gate):
    """Nine messages in ten are in one lane, and the broker is slow: the drain waits for that lane too."""
    queue = shop(postgresql_store, relay={"window": 20}, store_options={"lanes": 4},
                 broker_url=gate.url(topology.broker.url()))
    persist(postgresql_store, 360, prefix="one", key="one")
    for number in range(40):
        persist(postgresql_store, 1, prefix=f"other-{number}", key=f"other-{number}")
    gate.delay = 0.05
    assert workspace.relay("--drain").wait() == 0
    assert workspace.sending() == 0
    assert topology.depth(queue) == 400


def test_not_before_is_kept(store, shop, workspace, topology):
    """A delayed message waits, the ones after it do not."""
    queue = shop(store)
    consumer = topology.consume(queue)
    workspace.run("send", "--topic", "orders.created", "--payload", "later", "--id", "later", "--delay", "4s").expect()
    workspace.run("send", "--topic", "orders.created", "--payload", "now", "--id", "now").expect()
    workspace.relay()
    consumer.wait_ids({"now"})
    assert consumer.ids() == {"now"}
    consumer.wait_ids({"later"}, 30)


def test_memory_is_bounded_whatever_the_backlog(store, shop, workspace, topology):
    """40,000 messages of 2 KiB wait (80 MiB): the relay stays under 64 MiB."""
    queue = shop(store)
    for part in range(8):
        persist(store, 5000, payload="x" * 2048, prefix=f"p{part}")
    relay = workspace.relay()
    wait_until(lambda: topology.depth(queue) >= 40000, 120, "the backlog to drain")
    assert relay.peak_memory_bytes() < 64 << 20, f"{relay.peak_memory_bytes() >> 20} MiB"
    assert relay.stop() == 0


def test_committed_message_arrives_quickly(store, shop, workspace, topology):
    """Also out of the relay's sleep: well under a second from commit to consumer."""
    queue = shop(store)
    consumer = topology.consume(queue)
    relay = workspace.relay()
    names = persist(store, 1, prefix="warm")
    consumer.wait_ids(names)
    for number in range(5):
        names = persist(store, 1, prefix=f"n{number}")
        consumer.wait_ids(names, 3)
    assert relay.stop() == 0
