"""Kafka seen from outside: what brokers with topics do alike, and what is particular to it: the records, a silent or killed
broker, and wrong configurations."""

import json
import threading
import uuid

import pytest

from harness.audit import audit
from harness.books import settle_the_books
from harness.messages import persist
from harness.traffic import Traffic
from topic_broker_suite import *  # noqa: F401, F403 - the tests
from waybill_services import wait_until


@pytest.fixture
def topology(kafka_topology):
    return kafka_topology


def test_the_record_for_other_languages(sqlite_store, shop, workspace, topology):
    """Key, headers and content type as documented; one key, one partition."""
    queue = shop(sqlite_store)
    consumer = topology.consume(queue)
    workspace.relay()
    persist(sqlite_store, ["a1", "a2"], key="17", headers='{"traceparent":"00-1-2-01"}', content_type="text/plain")
    persist(sqlite_store, ["b1"])
    consumer.wait_ids({"a1", "a2", "b1"})
    by_id = {delivery.id: delivery for delivery in consumer.deliveries}
    record = by_id["a1"]
    assert (record.key, record.body, record.content_type) == ("17", b"payload of a1", "text/plain")
    assert record.headers == {"waybill-id": "a1", "waybill-key": "17", "waybill-attempt": "1",
                              "waybill-topic": "orders.created", "traceparent": "00-1-2-01",
                              "content-type": "text/plain",
                              "waybill-persisted-at": record.headers["waybill-persisted-at"]}
    assert by_id["a2"].partition == record.partition
    assert abs(record.timestamp - int(record.headers["waybill-persisted-at"])) < 5000
    assert by_id["b1"].key is None


def test_cloudevents_in_binary_mode(sqlite_store, shop, workspace, topology):
    """The Kafka protocol binding: attributes as headers `ce_...`, the content type as `content-type`."""
    queue = shop(sqlite_store, route={"format": "cloudevents", "source": "/shop", "type": "com.shop.{topic}"})
    consumer = topology.consume(queue)
    workspace.relay()
    persist(sqlite_store, ["event-1"], key="17", content_type="application/json")
    consumer.wait_ids({"event-1"})
    headers = consumer.deliveries[0].headers
    assert {name: value for name, value in headers.items() if name.startswith("ce_")} == {
        "ce_specversion": "1.0", "ce_id": "event-1", "ce_source": "/shop", "ce_type": "com.shop.orders.created",
        "ce_partitionkey": "17"}
    assert headers["content-type"] == "application/json"


def test_events_of_debeziums_outbox_table(postgresql_store, workspace, topology):
    """Rows of Debezium's table, copied as docs/migrate-from-debezium.md says, arrive in the layout of its event router."""
    workspace.configure(postgresql_store.url, topology.broker.url(),
                        [{"topic": "*", "exchange": f"{topology.exchange}.{{topic}}", "order": "key", "format": "debezium"}])
    workspace.run("migrate").expect()
    topology.create(f"{topology.exchange}.order")
    consumer = topology.consume(f"{topology.exchange}.order")
    identity = str(uuid.uuid4())
    postgresql_store.query("CREATE TABLE outbox (id uuid NOT NULL, aggregatetype varchar(255) NOT NULL, aggregateid "
                            "varchar(255) NOT NULL, type varchar(255) NOT NULL, payload jsonb)")
    workspace.run("adopt", "--from", "debezium", "--table", "outbox").expect()
    postgresql_store.query(f"INSERT INTO outbox VALUES ('{identity}', 'order', '1', 'OrderCreated', '{{\"id\": 1}}');"
                            f"DELETE FROM outbox")
    workspace.relay()
    consumer.wait_ids({identity})
    record = consumer.deliveries[0]
    assert (record.headers["id"], record.headers["eventType"], record.key) == (identity, "OrderCreated", "1")
    assert json.loads(record.body) == {"id": 1}


def test_topic_named_by_the_message_when_the_route_names_none(sqlite_store, workspace, topology):
    topic = topology.topic()
    workspace.configure(sqlite_store.url, topology.broker.url(), [{"topic": "*"}])
    workspace.run("migrate").expect()
    sqlite_store.prepare()
    consumer = topology.consume(topic)
    workspace.relay()
    persist(sqlite_store, ["one"], topic=topic)
    consumer.wait_ids({"one"})
    assert "waybill-topic" not in consumer.deliveries[0].headers


def test_killed_broker_doubles_nothing(sqlite_store, shop, workspace, topology, seed):
    """The producer is idempotent and outlives the broker: what was in flight is there once."""
    queue = shop(sqlite_store, route={"order": "key"})
    consumer = topology.consume(queue)
    relay = workspace.relay()
    traffic = Traffic(sqlite_store, 6000, seed, keys=50, writers=2, batch=5, rate=1500).start()
    consumer.wait_count(1500)
    topology.broker.kill()
    wait_until(lambda: workspace.route()["state"] == "stalled", 30, "the route to be shown as stalled")
    topology.broker.start()
    committed = settle_the_books(workspace, relay, consumer, traffic.join().committed_ids())
    audit(committed, consumer.deliveries).expect(most_sent_twice=0, ordered=True)


def test_silent_broker_is_stalled_and_nothing_is_sent_again(sqlite_store, shop, workspace, topology):
    """Fault case 10 on Kafka: the broker stops, its connections stay."""
    queue = shop(sqlite_store, route={"resend_after": "1s", "max_attempts": 1}, relay={"stalled_after": "2s"})
    consumer = topology.consume(queue)
    relay = workspace.relay()
    persist(sqlite_store, ["before"])
    consumer.wait_ids({"before"})
    topology.broker.pause()
    try:
        names = [f"m{number}" for number in range(200)]
        persist(sqlite_store, names)
        wait_until(lambda: workspace.route()["state"] == "stalled", 30, "the route to be shown as stalled")
        threading.Event().wait(5)  # several times the re-send time
        stalled = workspace.route()
        assert (stalled["state"], stalled["rejected_total"], stalled["duplicates_possible_total"]) == ("stalled", 0, 0)
        assert workspace.failed() == []
    finally:
        topology.broker.resume()
    settle_the_books(workspace, relay, consumer, names)
    audit(names + ["before"], consumer.deliveries).expect(most_sent_twice=0)


def test_doctor_says_what_the_topic_promises(sqlite_store, shop, workspace, topology):
    shop(sqlite_store)
    found = {finding["code"]: finding for finding in workspace.run("doctor", "--json").json["findings"]}
    assert found["WB-D300"]["severity"] == "ok" and {"WB-D330", "WB-D331"} <= found.keys(), found
    assert "min.insync.replicas = 1" in found["WB-D331"]["text"]
    assert "1 replica" in found["WB-D330"]["text"]


@pytest.mark.parametrize("properties, words", [
    ({"acks": "1"}, "'acks' is refused"),
    ({"enable.idempotence": "false"}, "'enable.idempotence' is refused"),
    ({"compresion.type": "lz4"}, "did you mean 'compression.type'?"),
    ({"linger.ms": "soon"}, "'linger.ms'"),
])
def test_properties_that_are_unknown_or_break_a_promise_are_refused(sqlite_store, workspace, topology, properties, words):
    workspace.configure(sqlite_store.url, topology.broker.url(), [{"topic": "*"}],
                        broker_options={"properties": properties})
    workspace.run("migrate").expect()
    answer = workspace.run("relay", "--drain")
    assert answer.code == 2, answer.err
    assert words in answer.err


@pytest.mark.parametrize("codec", ["gzip", "lz4", "zstd"])
def test_compression_passes_through(sqlite_store, shop, workspace, topology, codec):
    queue = shop(sqlite_store, broker_options={"properties": {"compression.type": codec, "linger.ms": 5}})
    consumer = topology.consume(queue)
    names = [f"m{number}" for number in range(500)]
    persist(sqlite_store, names)
    assert workspace.run("relay", "--drain").code == 0
    consumer.wait_ids(names)
