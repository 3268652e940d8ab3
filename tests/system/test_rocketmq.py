"""What is particular to RocketMQ, seen from outside: the messages, a silent or killed broker, one that stores and does not
answer for it, topics that are missing or refuse, a second broker beside it, logins, and wrong configurations."""

import json
import threading

import pytest

from harness.audit import audit
from harness.books import settle_the_books
from harness.broker import Topology
from harness.rocketmq import RocketMqTopology
from harness.traffic import Traffic
from waybill_services import RocketMq, wait_until


@pytest.fixture
def topology(rocketmq_topology):
    return rocketmq_topology


def persist(store, names, topic="orders.created", **columns):
    with store.transaction() as transaction:
        for name in names:
            transaction.message(topic, f"payload of {name}", id=name, **columns)


def test_the_message_for_other_languages(sqlite_store, shop, workspace, topology):
    """Id, keys, group, tag and properties as documented, as RocketMQ's own client reads them."""
    queue = shop(sqlite_store)
    workspace.relay()
    persist(sqlite_store, ["a1"], key="17", headers='{"traceparent":"00-1-2-01"}', content_type="text/plain")
    persist(sqlite_store, ["b1"])
    by_id = {message.message_id: message for message in topology.as_its_own_client_sees(queue, 2)}
    message = by_id["a1"]
    assert (message.body, message.message_group, message.tag) == (b"payload of a1", "17", "orders.created")
    assert set(message.keys) == {"a1"}
    own = {name: value for name, value in message.properties.items() if not name.startswith("__")}
    assert own == {"waybill-key": "17", "waybill-attempt": "1", "waybill-topic": "orders.created",
                   "traceparent": "00-1-2-01", "content-type": "text/plain",
                   "waybill-persisted-at": own["waybill-persisted-at"]}
    assert "waybill-key" not in by_id["b1"].properties


def test_cloudevents_in_binary_mode(sqlite_store, shop, workspace, topology):
    """As CloudEvents' Java SDK does it for RocketMQ: attributes as properties `CE_...`."""
    queue = shop(sqlite_store, route={"format": "cloudevents", "source": "/shop", "type": "com.shop.{topic}"})
    workspace.relay()
    persist(sqlite_store, ["event-1"], key="17", content_type="application/json")
    headers = topology.as_its_own_client_sees(queue, 1)[0].properties
    assert {name: value for name, value in headers.items() if name.startswith("CE_")} == {
        "CE_specversion": "1.0", "CE_id": "event-1", "CE_source": "/shop", "CE_type": "com.shop.orders.created",
        "CE_partitionkey": "17", "CE_contenttype": "application/json"}


def test_debeziums_headers(sqlite_store, shop, workspace, topology):
    queue = shop(sqlite_store, route={"format": "debezium", "type": "type of {topic}"})
    consumer = topology.consume(queue)
    workspace.relay()
    persist(sqlite_store, ["one"], headers='{"id":"mine","other":"kept"}')
    consumer.wait_ids({"one"})
    headers = consumer.deliveries[0].headers
    assert (headers["id"], headers["eventType"], headers["other"]) == ("one", "type of orders.created", "kept")


def test_topic_named_by_the_message_when_the_route_names_none(sqlite_store, workspace, topology):
    topic = topology.topic()
    workspace.configure(sqlite_store.url, topology.broker.url(), [{"topic": "*"}])
    workspace.run("migrate").expect()
    sqlite_store.prepare()
    consumer = topology.consume(topic)
    workspace.relay()
    persist(sqlite_store, ["one"], topic=topic)
    persist(sqlite_store, ["odd"], topic="no.topic.of.rocketmq")
    consumer.wait_ids({"one"})
    wait_until(lambda: len(workspace.failed()) == 1, 30, "the topic that can't be to be failed")
    assert workspace.failed()[0]["id"] == "odd"
    assert "can't be a topic of RocketMQ" in workspace.run("failed", "show", "odd").expect().out
    findings = workspace.run("doctor", "--json").json["findings"]
    assert "WB-D303" not in {finding["code"] for finding in findings}


def test_killed_broker_loses_nothing(sqlite_store, shop, workspace, topology, seed):
    queue = shop(sqlite_store, route={"order": "key"}, relay={"unsettled": 1000, "window": 500})
    consumer = topology.consume(queue)
    relay = workspace.relay()
    traffic = Traffic(sqlite_store, 6000, seed, keys=200, writers=2, batch=5, rate=1500).start()
    consumer.wait_count(1500)
    topology.broker.kill()
    wait_until(lambda: workspace.route()["state"] == "down", 30, "the route to be shown as down")
    topology.broker.start()
    committed = settle_the_books(workspace, relay, consumer, traffic.join().committed_ids(), 180)
    audit(committed, consumer.deliveries, broker_died=True).expect(most_sent_twice=1000, ordered=True)


def test_silent_broker_fails_nothing(sqlite_store, shop, workspace, topology):
    """Fault case 10 on RocketMQ: the proxy stops, its connections stay."""
    queue = shop(sqlite_store, route={"resend_after": "1s", "max_attempts": 1}, relay={"stalled_after": "2s"})
    consumer = topology.consume(queue)
    relay = workspace.relay()
    persist(sqlite_store, ["before"])
    consumer.wait_ids({"before"})
    topology.broker.pause()
    try:
        names = [f"m{number}" for number in range(200)]
        persist(sqlite_store, names)
        wait_until(lambda: workspace.route()["state"] in ("stalled", "down"), 30, "the route to be shown as not moving")
        wait_until(lambda: workspace.route()["state"] == "down", 30, "the silence to be noticed")
        assert workspace.route()["rejected_total"] == 0
        assert workspace.failed() == []
    finally:
        topology.broker.resume()
    settle_the_books(workspace, relay, consumer, names)


def test_a_disk_that_does_not_keep_up_is_not_flooded_with_the_same_messages(sqlite_store, shop, workspace, topology):
    """Fault case 23 on a real broker: it stores, and answers FLUSH_DISK_TIMEOUT."""
    queue = shop(sqlite_store, route={"resend_after": "1s", "max_attempts": 1})
    consumer = topology.consume(queue)
    relay = workspace.relay()
    persist(sqlite_store, ["before"])
    consumer.wait_ids({"before"})
    topology.broker.set_broker(syncFlushTimeout=0)
    names = [f"m{number}" for number in range(300)]
    try:
        persist(sqlite_store, names)
        wait_until(lambda: "FLUSH_DISK_TIMEOUT" in workspace.run("status").expect().out, 30, "the reason to be shown")
        threading.Event().wait(5)
        assert workspace.failed() == []
    finally:
        topology.broker.set_broker(syncFlushTimeout=5000)
    settle_the_books(workspace, relay, consumer, names)
    # Each once in doubt, and what tried again meanwhile.
    assert consumer.count() <= 2 * len(names) + 40
    assert all(delivery.attempt > 1 for delivery in repeated(consumer.deliveries))


def repeated(deliveries):
    seen = set()
    for delivery in deliveries:
        if delivery.id in seen and not delivery.redelivered:
            yield delivery
        seen.add(delivery.id)


def test_missing_topic_waits_and_is_shown(sqlite_store, workspace, topology):
    """No message fails: they go out when the topic is there."""
    missing = f"{topology.exchange}-later"
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
    wait_until(lambda: "TOPIC_NOT_FOUND" in workspace.run("status").expect().out, 30, "the route's fault to be shown")
    assert workspace.route("late.*")["state"] == "down"
    assert workspace.failed() == []
    topology.create(missing)
    consumer = topology.consume(missing)
    consumer.wait_ids(names, 120)
    audit(names, consumer.deliveries).expect(most_sent_twice=0)


@pytest.mark.parametrize("policy", ["fail", "resend", "drop"])
def test_too_large_ends_as_the_route_says(sqlite_store, workspace, topology, policy):
    """The proxy's refusal is the nack; its neighbours in the batch arrive."""
    topic = topology.topic()
    workspace.configure(sqlite_store.url, topology.broker.url(),
                        [{"topic": "*", "exchange": topic, "on_nack": policy, "max_attempts": 1, "resend_after": "200ms"}])
    workspace.run("migrate").expect()
    sqlite_store.prepare()
    consumer = topology.consume(topic)
    with sqlite_store.transaction() as transaction:
        for number in range(100):
            transaction.message("orders.created", "x" * (9 << 20 if number == 50 else 100), id=f"m{number}")
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
    assert "MESSAGE_BODY_TOO_LARGE" in workspace.run("failed", "show", "m50").expect().out


@pytest.mark.parametrize("down", ["rabbitmq", "rocketmq"])
def test_one_of_two_brokers_down_holds_up_nothing_of_the_other(sqlite_store, workspace, topology, rabbitmq, down):
    """Routes of one relay to RabbitMQ and to RocketMQ; while one is away the other's messages flow."""
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
        names = {letter: [f"{letter}-{number}" for number in range(600)] for letter in "kr"}
        for number in range(0, 600, 50):
            for letter in (away, flowing):
                persist(sqlite_store, names[letter][number:number + 50], topic=f"{letter}.created", key=str(number % 7))
        consumers[flowing].wait_ids(names[flowing], 60)
        assert workspace.failed() == []
        broker.start()
        settle_the_books(workspace, relay, consumers[away], names[away], 120)
    finally:
        other.close()


def test_a_login_is_signed_and_a_wrong_one_said(sqlite_store, workspace):
    """The broker checks the signature of every call."""
    user = {"username": "waybill", "password": "it's secret", "userType": "Super"}
    provider = "org.apache.rocketmq.auth.authentication.provider."
    login = {"authenticationEnabled": True, "authenticationProvider": provider + "DefaultAuthenticationProvider",
             "authenticationMetadataProvider": provider + "LocalAuthenticationMetadataProvider",
             "initAuthenticationUser": json.dumps(user), "authenticationWhitelist": "17,105,200",
             "innerClientAuthenticationCredentials": json.dumps({"accessKey": user["username"],
                                                                 "secretKey": user["password"]})}
    by_proxy = "org.apache.rocketmq.proxy.auth.ProxyAuthenticationMetadataProvider"
    with RocketMq(proxy={**login, "authenticationMetadataProvider": by_proxy},
                  broker={**login, "authenticationEnabled": "true"}) as broker:
        topic = RocketMqTopology(broker).exchange
        routes = [{"topic": "*", "exchange": topic}]
        url = broker.url().replace("://", "://waybill:it%27s%20secret@")
        workspace.configure(sqlite_store.url, url.replace("secret", "wrong"), routes)
        workspace.run("migrate").expect()
        sqlite_store.prepare()
        persist(sqlite_store, ["one"])
        refused = workspace.run("doctor")
        assert refused.code == 3, refused.out + refused.err
        assert "UNAUTHORIZED: check signature failed" in refused.out + refused.err, refused.out + refused.err
        workspace.configure(sqlite_store.url, url, routes)
        assert workspace.run("relay", "--drain").code == 0
        assert workspace.failed() == []


def test_another_protocol_at_the_port_is_named(sqlite_store, workspace, topology, rabbitmq):
    workspace.configure(sqlite_store.url, f"rocketmq://127.0.0.1:{rabbitmq.port}", [{"topic": "*"}])
    workspace.run("migrate").expect()
    answer = workspace.run("doctor")
    assert answer.code == 3
    assert "looks like RabbitMQ, not like RocketMQ" in answer.out + answer.err
