"""P5: an outage or a stall fails nobody; a poison message is isolated while all others pass."""

import threading

import pytest

from harness.audit import audit
from harness.books import settle_the_books
from harness.traffic import Traffic
from waybill_services import wait_until


def persist(store, names, topic="orders.created", payload="x", **columns):
    with store.transaction() as transaction:
        for name in names:
            transaction.message(topic, payload, id=name, **columns)


def failed_one(workspace, seconds=30):
    return wait_until(workspace.failed, seconds, "a failed message")


def test_broker_down_with_traffic_going_on(store, shop, workspace, topology, gate, seed, scale):
    """Fault case 9: no attempt is counted, nothing fails; all is delivered after the broker is back."""
    queue = shop(store, route={"resend_after": "1s", "max_attempts": 1}, broker_url=gate.url(topology.broker.url()))
    consumer = topology.consume(queue)
    relay = workspace.relay()
    traffic = Traffic(store, 3000 * scale, seed, writers=2, batch=5, rate=600).start()
    consumer.wait_count(200)
    gate.cut()
    wait_until(lambda: workspace.route()["state"] == "down", 30, "the route to be shown as down")
    traffic.join()
    assert workspace.failed() == []
    gate.open()
    committed = settle_the_books(workspace, relay, consumer, traffic.committed_ids())
    audit(committed, consumer.deliveries).expect()


def test_broker_process_stopped_and_started(sqlite_store, shop, workspace, topology, rabbitmq):
    """The relay starts before its broker, and goes on when the broker comes."""
    queue = shop(sqlite_store)
    rabbitmq.stop()
    persist(sqlite_store, [f"m-{number}" for number in range(100)])
    relay = workspace.relay()
    wait_until(lambda: workspace.route()["state"] == "down", 30, "the route to be shown as down")
    rabbitmq.start()
    consumer = topology.consume(queue)
    consumer.wait_ids({f"m-{number}" for number in range(100)})
    assert relay.stop() == 0
    assert workspace.failed() == []


@pytest.mark.parametrize("direction", ["both", "client"])
def test_silent_broker(sqlite_store, shop, workspace, topology, gate, direction, scale):
    """Fault case 10: the port is open, nothing is confirmed: nothing is re-sent blindly or counted, the route is stalled."""
    # A long heartbeat, so that the connection stays up for as long as the broker is silent.
    queue = shop(sqlite_store, route={"resend_after": "1s", "max_attempts": 1}, relay={"stalled_after": "2s"},
                 broker_url=gate.url(topology.broker.url()), broker_options={"heartbeat": "120s"})
    consumer = topology.consume(queue)
    relay = workspace.relay()
    persist(sqlite_store, ["before"])
    consumer.wait_ids({"before"})
    wait_until(lambda: workspace.sending() == 0, what="the first confirm")
    gate.stall(direction)
    names = {f"m-{number}" for number in range(50)}
    persist(sqlite_store, sorted(names))
    wait_until(lambda: workspace.route()["state"] == "stalled", 30, "the route to be shown as stalled")
    # For as long as the re-send time several times over, the state stays the same.
    threading.Event().wait(6 * scale)
    assert workspace.route()["state"] == "stalled"
    assert workspace.failed() == []
    assert workspace.sending() == 50
    gate.open()
    consumer.wait_ids(names)
    wait_until(lambda: workspace.sending() == 0, what="an empty outbox")
    wait_until(lambda: workspace.route()["state"] in ("flowing", "idle"), what="the route to flow again")
    assert relay.stop() == 0
    audit(names | {"before"}, consumer.deliveries).expect(most_sent_twice=0)


def test_broker_blocks_its_publishers(sqlite_store, shop, workspace, topology, rabbitmq):
    """Fault case 11: a memory alarm blocks the connection; nothing fails, all goes on when it is over."""
    queue = shop(sqlite_store, route={"resend_after": "1s", "max_attempts": 1}, relay={"stalled_after": "1s"})
    consumer = topology.consume(queue)
    relay = workspace.relay()
    persist(sqlite_store, ["before"])
    consumer.wait_ids({"before"})
    rabbitmq.control("set_vm_memory_high_watermark", "absolute", "1MB")
    try:
        names = {f"m-{number}" for number in range(200)}
        persist(sqlite_store, sorted(names))
        wait_until(lambda: workspace.route()["state"] == "stalled", 30, "the route to be shown as stalled")
        assert workspace.failed() == []
    finally:
        rabbitmq.control("set_vm_memory_high_watermark", "absolute", "1GB")
    consumer.wait_ids(names)
    assert relay.stop() == 0
    assert workspace.failed() == []


def test_refusing_queue_ends_in_failed_after_its_tries(store, shop, workspace, topology):
    """A full queue with reject-publish answers nack: tried again, then failed, with the answer in show and explain."""
    queue = topology.queue(kind="classic", x_overflow="reject-publish", x_max_length=1)
    shop(store, route={"resend_after": "200ms", "max_attempts": 3}, queue=queue)
    persist(store, ["fills"])
    relay = workspace.relay()
    wait_until(lambda: topology.depth(queue) == 1 and workspace.sending() == 0, 30, "a full queue")
    persist(store, ["refused"])
    failed = failed_one(workspace)
    assert [(message["id"], message["reason"]) for message in failed] == [("refused", "rejected")]
    shown = workspace.run("failed", "show", "refused").expect()
    assert "rejected" in shown.out
    explained = workspace.run("explain", "refused", "--json").expect().json
    assert len(explained["history"]) >= 4, "more than three tries, each with the broker's answer"
    assert relay.stop() == 0


def test_nack_policies_drop_and_fail(sqlite_store, shop, workspace, topology):
    """on_nack = drop removes the message, fail makes it failed at once."""
    queue = topology.queue(kind="classic", x_overflow="reject-publish", x_max_length=1)
    shop(sqlite_store, queue=queue)
    workspace.configure(sqlite_store.url, topology.broker.url(),
                        [{"topic": "orders.dropped", "exchange": topology.exchange, "on_nack": "drop"},
                         {"topic": "orders.*", "exchange": topology.exchange, "on_nack": "fail"}])
    persist(sqlite_store, ["fills"])
    workspace.relay()
    wait_until(lambda: topology.depth(queue) == 1, 30, "a full queue")
    persist(sqlite_store, ["dropped"], topic="orders.dropped")
    persist(sqlite_store, ["refused"])
    failed = failed_one(workspace)
    assert [message["id"] for message in failed] == ["refused"]
    wait_until(lambda: workspace.sending() == 0, what="the dropped one to leave")


def test_nacked_message_arrives_once_there_is_room(sqlite_store, shop, workspace, topology):
    """on_nack = resend: the retry is flagged and gets through when the queue has been emptied."""
    queue = topology.queue(kind="classic", x_overflow="reject-publish", x_max_length=1)
    shop(sqlite_store, route={"resend_after": "300ms", "max_attempts": 1000}, queue=queue)
    persist(sqlite_store, ["fills"])
    workspace.relay()
    wait_until(lambda: topology.depth(queue) == 1 and workspace.sending() == 0, 30, "a full queue")
    persist(sqlite_store, ["later"])
    wait_until(lambda: workspace.route()["rejected_total"] >= 1, 30, "the first nack")
    consumer = topology.consume(queue)
    consumer.wait_ids({"fills", "later"})
    later = [delivery for delivery in consumer.deliveries if delivery.id == "later"]
    assert len(later) == 1 and later[0].attempt > 1


def test_unroutable_message_fails_with_the_brokers_words(store, shop, workspace, topology):
    """Fault case 14: returned, then acknowledged: `unroutable`, never confirmed. Others pass."""
    queue = topology.queue(binding="orders.created")
    shop(store, queue=queue)
    persist(store, ["stray"], topic="orders.stray")
    persist(store, ["fine"])
    consumer = topology.consume(queue)
    workspace.relay()
    consumer.wait_ids({"fine"})
    failed = failed_one(workspace)
    assert [(message["id"], message["reason"]) for message in failed] == [("stray", "unroutable")]
    assert "NO_ROUTE" in workspace.run("failed", "show", "stray").expect().out
    assert "NO_ROUTE" in workspace.run("explain", "stray").expect().out


def test_missing_exchange_is_the_routes_fault(sqlite_store, shop, workspace, topology):
    """Fault case 16: the route waits and is shown, no message of it fails, other routes flow; it goes on once declared."""
    queue = topology.queue()
    shop(sqlite_store, queue=queue)
    missing = topology.exchange + "-missing"
    workspace.configure(sqlite_store.url, topology.broker.url(),
                        [{"topic": "lost.*", "exchange": missing, "max_attempts": 1},
                         {"topic": "orders.*", "exchange": topology.exchange}])
    persist(sqlite_store, [f"lost-{number}" for number in range(20)], topic="lost.one")
    names = {f"m-{number}" for number in range(1000)}
    persist(sqlite_store, sorted(names))
    consumer = topology.consume(queue)
    relay = workspace.relay()
    consumer.wait_ids(names)
    lost_route = [route for route in workspace.status()["routes"] if route["topic"] == "lost.*"][0]
    assert lost_route["state"] in ("down", "stalled"), lost_route
    assert workspace.failed() == []
    with topology.channel() as channel:
        channel.exchange_declare(missing, "topic", durable=True)
        channel.queue_bind(queue, missing, "#")
    consumer.wait_ids({f"lost-{number}" for number in range(20)}, 90)
    assert relay.stop() == 0
    assert workspace.failed() == []


def test_topic_without_a_route_fails_with_that_reason(store, shop, workspace, topology):
    """Written by SQL, so nobody checked it: failed, never lost, and the others pass."""
    queue = shop(store)
    persist(store, ["nowhere"], topic="payments.made")
    persist(store, ["fine"])
    consumer = topology.consume(queue)
    workspace.relay()
    consumer.wait_ids({"fine"})
    failed = failed_one(workspace)
    assert [(message["id"], message["reason"]) for message in failed] == [("nowhere", "no_route")]


LONG = "x" * 300
OVER_255 = "{} has 300 bytes; at most 255 are allowed"
# What is wrong with each row, and what its failure must say.
POISON = {
    "headers that are no object": ({"headers": "[1, 2]"}, "headers: is an array, not an object of strings"),
    "headers that are no strings": ({"headers": '{"a": {"b": 1}}'}, "headers: value of 'a' is an object, not a string"),
    "header name over 255 bytes": ({"headers": '{"' + LONG + '": "1"}'}, OVER_255.format("headers: a name")),
    "headers over a frame": ({"headers": '{"a": "' + "y" * 200_000 + '"}'},
                             "the headers have 200007 bytes, more than fits into one AMQP frame of 131072 bytes"),
    "topic over 255 bytes": ({"topic": "orders." + LONG}, "topic has 307 bytes; at most 255 are allowed"),
    "key over 255 bytes": ({"key": LONG}, OVER_255.format("key")),
    "key of 256 bytes": ({"key": "k" * 256}, "key has 256 bytes; at most 255 are allowed"),
    "content type over 255 bytes": ({"content_type": LONG}, OVER_255.format("content_type")),
    "id over 255 bytes": ({"id": LONG}, OVER_255.format("id")),
}
# PostgreSQL refuses these at the insert; SQLite keeps whatever it is given.
POISON_TEXT = {
    "headers that are no JSON": ({"headers": b'{"a": '}, "headers: not valid JSON at byte 7"),
    "headers that are not UTF-8": ({"headers": b'{"a": "\xff"}'}, "headers: not valid JSON at byte 8"),
    "headers with a NUL": ({"headers": b'{"a": "x\0y"}'}, "headers: not valid JSON at byte 9"),
    "topic that is not UTF-8": ({"topic": b"orders.\xff"}, "topic is not valid UTF-8"),
    "topic with a NUL": ({"topic": b"orders.\0x"}, "topic has a NUL byte; none is allowed"),
    "key that is not UTF-8": ({"key": b"\xff"}, "key is not valid UTF-8"),
    "key with a NUL": ({"key": b"a\0b"}, "key has a NUL byte; none is allowed"),
}


def persist_bytes_as_text(store, columns):
    """SQLite takes bytes for text without looking at them."""
    marks = ["CAST(? AS TEXT)" if isinstance(value, bytes) else "?" for value in columns.values()]
    store.query(f"INSERT INTO {store.outbox} (payload, {', '.join(columns)}) VALUES ('x', {', '.join(marks)})",
                tuple(columns.values()))


def kept_id(store, name):
    """PostgreSQL keeps the beginning of an id that is longer than any index can hold."""
    return name if len(name) <= 255 or store.kind == "sqlite" else name[:60] + "..."


def expect_failed_unsent(workspace, wanted):
    """`wanted` is id: (reason, words). Each failed with exactly that, before anything of it went out."""
    wait_until(lambda: len(workspace.failed()) == len(wanted), 30, "all poison rows to fail")
    for name, (reason, words) in wanted.items():
        shown = workspace.run("failed", "show", name, "--json").expect().json
        assert (shown["reason"], shown["answer"], shown["attempts"]) == (reason, words, 0), name
        assert [(entry["attempt"], entry["answer"]) for entry in shown["history"]] == [(0, words)], name


def test_poison_rows_are_isolated(store, shop, workspace, topology):
    """Fault cases 17 and 42: each poison row fails with its reason before the socket, everything else passes."""
    queue = shop(store)
    consumer = topology.consume(queue)
    relay = workspace.relay()
    rows = dict(POISON, **(POISON_TEXT if store.kind == "sqlite" else {}))
    names, wanted = set(), {}
    for number, (columns, words) in enumerate(rows.values()):
        row = {"topic": "orders.created", "id": f"poison-{number}", **columns}
        if any(isinstance(value, bytes) for value in columns.values()):
            persist_bytes_as_text(store, row)
        else:
            persist(store, [row.pop("id")], **row)
        persist(store, [f"fine-{number}"])
        names.add(f"fine-{number}")
        wanted[kept_id(store, columns.get("id", f"poison-{number}"))] = ("malformed", words)
    consumer.wait_ids(names)
    expect_failed_unsent(workspace, wanted)
    assert consumer.ids() == names
    assert relay.stop() == 0


def test_payload_of_64_mib_fails_alone(store, shop, workspace, topology):
    """Fault cases 17 and 42: four times the default limit: it fails with both figures."""
    queue = shop(store)
    consumer = topology.consume(queue)
    persist(store, ["before"])
    persist(store, ["huge"], payload=b"z" * (64 << 20))
    persist(store, ["after"])
    relay = workspace.relay()
    consumer.wait_ids({"before", "after"})
    words = "payload has 67108864 bytes; at most 16777216 are allowed (max_payload)"
    expect_failed_unsent(workspace, {"huge": ("too_large", words)})
    if store.kind == "postgresql":  # SQLite, which runs inside the relay, holds the row while it moves it.
        assert relay.peak_memory_bytes() < 64 << 20, f"{relay.peak_memory_bytes() >> 20} MiB"
    assert consumer.ids() == {"before", "after"}
    assert relay.stop() == 0


def test_message_that_makes_the_broker_close_fails_alone(sqlite_store, shop, workspace, topology):
    """Fault case 5: RabbitMQ closes the channel for a header CC that is no list; it alone fails, the others pass."""
    queue = shop(sqlite_store, route={"resend_after": "1s", "max_attempts": 2})
    consumer = topology.consume(queue)
    before = {f"before-{number}" for number in range(100)}
    after = {f"after-{number}" for number in range(100)}
    persist(sqlite_store, sorted(before))
    persist(sqlite_store, ["closes"], headers={"CC": "text"})
    persist(sqlite_store, sorted(after))
    relay = workspace.relay()
    consumer.wait_ids(before | after)
    failed = failed_one(workspace, 60)
    assert [(message["id"], message["reason"]) for message in failed] == [("closes", "poison")]
    assert consumer.ids() == before | after
    assert relay.stop() == 0


def test_bytes_travel_unchanged(store, shop, workspace, topology):
    """NUL and invalid UTF-8 in a payload, and a payload of many frames, arrive as they were."""
    queue = shop(store)
    consumer = topology.consume(queue)
    workspace.relay()
    payloads = {"nul": b"a\0b\0", "not-utf8": bytes(range(256)), "empty": b"", "large": bytes(range(256)) * 8192}
    with store.transaction() as transaction:
        for name, payload in payloads.items():
            transaction.message("orders.created", payload, id=name, key="Schlüssel", content_type="application/x-test",
                                headers={"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                         "größe": "ü"})
    consumer.wait_ids(payloads)
    assert {delivery.id: delivery.body for delivery in consumer.deliveries} == payloads
    for delivery in consumer.deliveries:
        assert delivery.key == "Schlüssel" and delivery.content_type == "application/x-test"
        assert delivery.headers["größe"] == "ü" and delivery.headers["traceparent"].startswith("00-4bf9")


def test_killed_every_200_ms(sqlite_store, shop, workspace, topology, scale):
    """Fault case 5: a relay that never lives long makes progress, and no message fails unsent."""
    queue = shop(sqlite_store, relay={"unsettled": 200, "window": 100})
    names = {f"m-{number:05d}" for number in range(3000)}
    persist(sqlite_store, sorted(names))
    consumer = topology.consume(queue)
    for _ in range(40 * scale):
        relay = workspace.relay()
        threading.Event().wait(0.2)
        relay.sigkill()
    assert consumer.ids(), "no progress while being killed"
    assert workspace.relay("--drain").wait() == 0
    consumer.wait_ids(names)
    # One that stood alone in flight at several deaths in a row is blamed for them, but only after it was sent.
    assert {message["id"] for message in workspace.failed()} <= consumer.ids()
    audit(names, consumer.deliveries).expect()
