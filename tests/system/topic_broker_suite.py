"""What brokers with topics do alike, seen from outside, behind the fixture `topology` of who imports this: topics that are
missing or refuse, a second broker beside it, Debezium's headers, another server at the port."""

import pytest

from harness.audit import audit
from harness.books import settle_the_books
from harness.broker import Topology
from harness.messages import persist
from waybill_services import wait_until


def test_debeziums_headers_replace_those_of_the_message(sqlite_store, shop, workspace, topology):
    queue = shop(sqlite_store, route={"format": "debezium", "type": "type of {topic}"})
    consumer = topology.consume(queue)
    workspace.relay()
    persist(sqlite_store, ["one"], headers='{"id":"mine","other":"kept"}')
    consumer.wait_ids({"one"})
    headers = consumer.deliveries[0].headers
    assert (headers["id"], headers["eventType"], headers["other"]) == ("one", "type of orders.created", "kept")


def test_missing_topic_waits_and_is_shown(sqlite_store, workspace, topology):
    """No message fails: they go out when the topic is there."""
    missing = topology.name_of("later")
    workspace.configure(sqlite_store.url, topology.broker.url(),
                        [{"topic": "late.*", "exchange": missing, "max_attempts": 1, "resend_after": "1s"},
                         {"topic": "orders.*", "exchange": topology.exchange}])
    workspace.run("migrate").expect()
    sqlite_store.prepare()
    moving = topology.consume(topology.queue())
    workspace.relay()
    names = [f"late-{number}" for number in range(50)]
    persist(sqlite_store, names, topic="late.created")
    persist(sqlite_store, ["other"])
    moving.wait_ids({"other"})
    wait_until(lambda: topology.missing_words in workspace.run("status").expect().out, 30, "the route's fault to be shown")
    assert workspace.route("late.*")["state"] == "down"
    assert workspace.failed() == []
    topology.create(missing)
    consumer = topology.consume(missing)
    consumer.wait_ids(names, 120)
    audit(names, consumer.deliveries).expect(most_sent_twice=0)


@pytest.mark.parametrize("policy", ["fail", "resend", "drop"])
def test_too_large_ends_as_the_route_says(sqlite_store, workspace, topology, policy):
    """The broker's refusal is the nack; its neighbours in the batch arrive."""
    topic = topology.topic_of_small_messages()
    workspace.configure(sqlite_store.url, topology.broker.url(),
                        [{"topic": "*", "exchange": topic, "on_nack": policy, "max_attempts": 1, "resend_after": "200ms"}])
    workspace.run("migrate").expect()
    sqlite_store.prepare()
    consumer = topology.consume(topic)
    with sqlite_store.transaction() as transaction:
        for number in range(100):
            transaction.message("orders.created", "x" * (topology.too_large if number == 50 else 100), id=f"m{number}")
    workspace.relay()
    fine = {f"m{number}" for number in range(100)} - {"m50"}
    consumer.wait_ids(fine)
    wait_until(lambda: workspace.sending() == 0, 60, "an empty outbox")
    audit(fine, consumer.deliveries).expect(most_sent_twice=0)
    failed = workspace.failed()
    if policy == "drop":
        assert failed == []
        return
    assert [(message["id"], message["reason"]) for message in failed] == [("m50", "rejected")]
    assert topology.too_large_words in workspace.run("failed", "show", "m50").expect().out


@pytest.mark.parametrize("down", ["rabbitmq", "this one"])
def test_one_of_two_brokers_down_holds_up_nothing_of_the_other(sqlite_store, workspace, topology, rabbitmq, down):
    """Routes of one relay to RabbitMQ and to this broker; while one is away the other's messages flow."""
    other = Topology(rabbitmq)
    workspace.configure(sqlite_store.url, topology.broker.url(),
                        [{"topic": "k.*", "exchange": topology.exchange, "order": "key"},
                         {"topic": "r.*", "exchange": other.exchange, "broker": "rabbit", "order": "key"}],
                        others={"rabbit": rabbitmq.url()})
    workspace.run("migrate").expect()
    sqlite_store.prepare()
    consumers = {"k": topology.consume(topology.queue()), "r": other.consume(other.queue(kind="classic"))}
    relay = workspace.relay()
    try:
        for letter in "kr":
            persist(sqlite_store, [f"{letter}-first"], topic=f"{letter}.created", key="1")
            consumers[letter].wait_ids({f"{letter}-first"})
        broker, away, flowing = (rabbitmq, "r", "k") if down == "rabbitmq" else (topology.broker, "k", "r")
        broker.kill()
        names = {letter: [f"{letter}-{number}" for number in range(topology.many)] for letter in "kr"}
        for number in range(0, topology.many, 50):
            for letter in (away, flowing):
                persist(sqlite_store, names[letter][number:number + 50], topic=f"{letter}.created", key=str(number % 7))
        consumers[flowing].wait_ids(names[flowing], 60)
        assert workspace.failed() == []
        broker.start()
        settle_the_books(workspace, relay, consumers[away], names[away], 120)
    finally:
        other.close()


def test_another_protocol_at_the_port_is_named(sqlite_store, workspace, topology, rabbitmq):
    workspace.configure(sqlite_store.url, f"{topology.scheme}://127.0.0.1:{rabbitmq.port}", [{"topic": "*"}])
    workspace.run("migrate").expect()
    answer = workspace.run("doctor")
    assert answer.code == 3
    assert f"looks like RabbitMQ, not like {topology.name}" in answer.out + answer.err
