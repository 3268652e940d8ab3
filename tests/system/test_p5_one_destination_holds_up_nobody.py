"""P5: a destination that takes nothing, or answers nothing, holds up no other: neither by its messages in flight nor by
those that wait behind them in the order of their keys."""

import pytest

from harness.audit import audit
from harness.workspace import toml
from waybill_services import wait_until

KEYS = 3
STUCK = 2000
MOVING = 500


def configure(workspace, store, topology, gate, window=100):
    """The topic `stuck` goes to a broker behind the gate, `moving` to the same one by a straight way."""
    workspace.configure(store.url, topology.broker.url(),
                        [{"topic": "moving", "exchange": topology.exchange},
                         {"topic": "stuck", "exchange": topology.exchange, "broker": "behind", "order": "key",
                          "resend_after": "1s", "max_attempts": 1}],
                        {"window": window, "unsettled": 4 * window, "stalled_after": "2s"})
    text = workspace.config.read_text()
    behind = f"[broker.behind]\nurl = {toml(gate.url(topology.broker.url()))}\nheartbeat = \"120s\"\n\n"
    workspace.config.write_text(text.replace("[[route]]", behind + "[[route]]", 1))
    workspace.run("migrate").expect()
    store.prepare()


def persist(store, topic, numbers):
    """In one transaction; the payload says the place in the order of the key."""
    with store.transaction() as transaction:
        for number in numbers:
            key = number % KEYS
            transaction.message(topic, f"{topic}/{key}:{number}", id=f"{topic}-{number}", key=str(key))


@pytest.mark.parametrize("fault", ["down", "takes nothing", "answers nothing"])
def test_another_route_goes_on(store, workspace, topology, gate, fault):
    configure(workspace, store, topology, gate)
    stuck = topology.consume(topology.queue(binding="stuck"))
    moving = topology.consume(topology.queue(binding="moving"))
    relay = workspace.relay()
    persist(store, "stuck", range(250))
    stuck.wait_count(250)
    wait_until(lambda: workspace.sending() == 0, what="a first flow")
    if fault == "down":
        gate.cut()
    else:
        gate.stall("server" if fault == "takes nothing" else "client")
    persist(store, "stuck", range(250, 250 + STUCK))
    persist(store, "moving", range(MOVING))
    names = {f"moving-{number}" for number in range(MOVING)}
    moving.wait_ids(names, 60)
    assert workspace.failed() == []
    assert relay.peak_memory_bytes() < 64 << 20
    gate.open()
    names |= {f"stuck-{number}" for number in range(250 + STUCK)}
    wait_until(lambda: workspace.sending() == 0, 180, what="the rest to drain")
    assert relay.stop() == 0
    books = audit(names, stuck.deliveries + moving.deliveries).expect(most_sent_twice=KEYS if fault == "down" else 0)
    assert books.sent_twice == 0 or fault == "down"
    assert workspace.failed() == []
