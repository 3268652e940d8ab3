"""RocketMQ seen from outside: what brokers with topics do alike, and what is particular to it: the messages, a silent or
killed broker, one that stores and does not answer for it, and logins."""

import json
import threading

import pytest

from harness.audit import audit
from harness.books import settle_the_books
from harness.messages import persist
from harness.rocketmq import RocketMqTopology
from harness.traffic import Traffic
from topic_broker_suite import *  # noqa: F401, F403 - the tests
from waybill_services import RocketMq, wait_until


@pytest.fixture
def topology(rocketmq_topology):
    return rocketmq_topology


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
