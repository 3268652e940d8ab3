"""What a real RabbitMQ does by itself: the memory alarm of fault case 11, and permissions that refuse a part."""

import contextlib
import threading

import pytest

from harness.audit import audit
from harness.books import settle_the_books
from harness.traffic import Traffic
from waybill_services import wait_until


def persist(store, names, topic):
    with store.transaction() as transaction:
        for name in names:
            transaction.message(topic, "x", id=name)


@contextlib.contextmanager
def memory_alarm(rabbitmq):
    rabbitmq.control("set_vm_memory_high_watermark", "0")
    try:
        yield
    finally:
        rabbitmq.control("set_vm_memory_high_watermark", "absolute", "1GB")


@pytest.fixture
def clerk(rabbitmq):
    """A user who may do everything but what the test forbids."""
    rabbitmq.control("add_user", "clerk", "word")
    rabbitmq.control("set_permissions", "clerk", ".*", ".*", ".*")
    yield rabbitmq.url(user="clerk", password="word")
    rabbitmq.control("delete_user", "clerk")


def test_case_11_memory_alarm_under_load(store, shop, workspace, topology, rabbitmq, seed, scale):
    """Blocked while messages are on their way: the route is stalled, nothing fails, is counted or sent twice."""
    queue = shop(store, route={"resend_after": "1s", "max_attempts": 1}, relay={"stalled_after": "1s"})
    consumer = topology.consume(queue)
    relay = workspace.relay()
    traffic = Traffic(store, 3000 * scale, seed, writers=2, batch=5, rate=600).start()
    consumer.wait_count(200)
    with memory_alarm(rabbitmq):
        wait_until(lambda: workspace.route()["state"] == "stalled", 30, "the route to be shown as stalled")
        # For as long as the re-send time several times over, the state stays the same.
        threading.Event().wait(4 * scale)
        stalled = workspace.route()
        assert stalled["state"] == "stalled"
        assert (stalled["rejected_total"], stalled["duplicates_possible_total"]) == (0, 0)
        assert workspace.failed() == []
        assert workspace.sending() > 0
    committed = settle_the_books(workspace, relay, consumer, traffic.join().committed_ids())
    audit(committed, consumer.deliveries).expect(most_sent_twice=0)
    assert {delivery.attempt for delivery in consumer.deliveries} == {1}


def test_forbidden_topic_fails_alone(sqlite_store, shop, workspace, topology, rabbitmq, clerk):
    """Topic permissions: the refused messages fail with the broker's words, all others of their exchange pass."""
    queue = shop(sqlite_store, broker_url=clerk)
    rabbitmq.control("set_topic_permissions", "clerk", topology.exchange, "^orders\\.created$", ".*")
    consumer = topology.consume(queue)
    names, secrets = {f"m-{number}" for number in range(60)}, {f"secret-{number}" for number in range(6)}
    for number in range(6):
        persist(sqlite_store, [f"m-{number * 10 + offset}" for offset in range(10)], "orders.created")
        persist(sqlite_store, [f"secret-{number}"], "orders.secret")
    relay = workspace.relay()
    consumer.wait_ids(names)
    failed = wait_until(lambda: len(found := workspace.failed()) == len(secrets) and found, 90, "all of them to fail")
    assert {message["id"] for message in failed} == secrets
    assert "access to topic 'orders.secret'" in workspace.run("failed", "show", "secret-0").expect().out
    persist(sqlite_store, ["afterwards"], "orders.created")
    consumer.wait_ids({"afterwards"})
    assert relay.stop() == 0
    assert consumer.ids() == names | {"afterwards"}


def test_forbidden_default_exchange_holds_its_route_only(sqlite_store, shop, workspace, topology, rabbitmq, clerk):
    """RabbitMQ calls it amq.default when it refuses it. The route is down with those words, and tried now and then."""
    rabbitmq.control("set_permissions", "clerk", ".*", "^shop", ".*")
    queue = shop(sqlite_store, broker_url=clerk)
    workspace.configure(sqlite_store.url, clerk, [{"topic": "direct.*", "exchange": "", "routing_key": queue},
                                                  {"topic": "orders.*", "exchange": topology.exchange}])
    consumer = topology.consume(queue)
    persist(sqlite_store, ["held"], "direct.one")
    relay = workspace.relay()
    wait_until(lambda: workspace.route("direct.*")["state"] == "down", 30, "the route to be shown as down")
    persist(sqlite_store, ["passes"], "orders.created")
    consumer.wait_ids({"passes"})
    threading.Event().wait(4)
    assert workspace.route("direct.*")["duplicates_possible_total"] < 10, "it must pause between its tries"
    assert workspace.failed() == []
    rabbitmq.control("set_permissions", "clerk", ".*", ".*", ".*")
    consumer.wait_ids({"held"}, 60)
    assert relay.stop() == 0
    assert workspace.failed() == []
