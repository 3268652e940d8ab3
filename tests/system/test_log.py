"""What a relay logs: one line an event, as text or JSON, with ids of messages and nothing of their content."""

import json

import pytest

from waybill_services import wait_until

TRACE = "0af7651916cd43dd8448eb211c80319c"
PLANTED = "planted-3f9a"


@pytest.fixture
def as_json(workspace):
    def change():
        workspace.config.write_text(workspace.config.read_text() + '\n[log]\nformat = "json"\n')
    return change


def commit(store, *ids, topic="orders.stray"):
    with store.transaction() as transaction:
        for name in ids:
            transaction.message(topic, f"payload-{PLANTED}", id=name, key=f"key-{PLANTED}-{name}",
                                headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-00", "card": f"header-{PLANTED}"})


def lines_of(relay):
    return [json.loads(line) for line in relay.text().splitlines()]


def test_a_failed_message_is_in_the_log_and_nothing_of_its_content(store, workspace, topology, shop):
    shop(store, queue=topology.queue(binding="orders.created"))
    commit(store, "stray-1")
    relay = workspace.relay()
    relay.wait_logged("stray-1")
    [line] = [line for line in relay.text().splitlines() if "stray-1" in line]
    assert " warning store 'shop': message 'stray-1' (orders.stray) failed: unroutable: 312" in line, line
    wait_until(workspace.failed, 30, "it to be failed in the store, too")
    assert relay.stop() == 0
    assert PLANTED not in relay.text()


def test_as_json_it_has_what_machines_look_for(sqlite_store, workspace, topology, shop, as_json):
    shop(sqlite_store, queue=topology.queue(binding="orders.created"))
    as_json()
    commit(sqlite_store, "stray-1")
    commit(sqlite_store, 'od"d\n2', topic="stock.none")
    relay = workspace.relay()
    relay.wait_logged("no_route")
    assert relay.stop() == 0
    told = {line["message_id"]: line for line in lines_of(relay) if "message_id" in line}
    first = told["stray-1"]
    assert {name: first[name] for name in ("level", "from", "event", "code", "store", "topic", "route", "reason", "tries",
                                           "trace_id")} == {
        "level": "warning", "from": "relay", "event": "failed", "code": "WB-R02", "store": "shop",
        "topic": "orders.stray", "route": "orders.*", "reason": "unroutable", "tries": 1, "trace_id": TRACE}
    second = told['od"d\n2']
    assert (second["reason"], second["code"], second["route"]) == ("no_route", "WB-R03", "")
    assert PLANTED not in relay.text()


def test_refused_messages_are_in_it_at_each_try(sqlite_store, workspace, topology, shop, as_json):
    queue = topology.queue(x_max_length=1, x_overflow="reject-publish")
    shop(sqlite_store, queue=queue, route={"resend_after": "200ms", "max_attempts": 2})
    as_json()
    relay = workspace.relay()
    for number in range(4):  # one after the other: a quorum queue takes more than its length of what comes at once
        commit(sqlite_store, f"m-{number}", topic="orders.created")
        wait_until(lambda: workspace.sending() == 0, 30, "it to be confirmed or failed")
    assert relay.stop() == 0
    [failed, *_] = [line for line in lines_of(relay) if line.get("event") == "failed"]
    tries = [line["tries"] for line in lines_of(relay) if line.get("message_id") == failed["message_id"]]
    assert tries == [1, 2, 3] and failed["reason"] == "rejected"


def test_a_burst_is_counted_and_not_written_out(sqlite_store, workspace, topology, shop):
    shop(sqlite_store, queue=topology.queue(binding="orders.created"))
    commit(sqlite_store, *(f"stray-{number}" for number in range(3000)))
    relay = workspace.relay()
    wait_until(lambda: workspace.status()["stores"][0]["failed"] == 3000, 60, "all to fail")
    relay.wait_logged("more messages failed, were dropped or will be tried again")
    assert relay.stop() == 0
    lines = relay.text().splitlines()
    named = [line for line in lines if "message 'stray-" in line]
    left_out = sum(int(line.split(" and ")[1].split()[0]) for line in lines if "more messages failed" in line)
    assert len(named) < 500
    # What the last second left out is told of when it is over, or not at all when the relay ends before.
    assert len(named) + left_out <= 3000


def test_every_line_is_json_if_asked_for(sqlite_store, shop, workspace, as_json):
    shop(sqlite_store, route={"exchange": 'no\twhere"'})
    as_json()
    relay = workspace.relay()
    relay.wait_logged("started")
    assert relay.stop() == 0
    lines = lines_of(relay)
    assert all({"at", "level", "from", "text"} <= set(line) for line in lines)
    assert {line["from"] for line in lines} == {"relay"} and "info" in {line["level"] for line in lines}
