"""Three brokers of Kafka, three replicas, two of which must have a message: what the loss of brokers does."""

import threading
import uuid

import pytest
import waybill_services as services
from confluent_kafka.admin import AdminClient, NewTopic

from harness.audit import audit
from harness.books import settle_the_books
from harness.kafka import KafkaCollector
from harness.traffic import Traffic
from waybill_services import wait_until

PARTITIONS = 3


@pytest.fixture(scope="module")
def cluster():
    with services.KafkaCluster() as started:
        yield started


class Topic:
    """One topic with three replicas, and what the cluster says of it."""

    def __init__(self, cluster):
        self.servers = cluster.url().removeprefix("kafka://")
        self.name = f"shop-{uuid.uuid4().hex[:8]}"
        self._admin = AdminClient({"bootstrap.servers": self.servers, "log_level": 0})
        self._admin.create_topics([NewTopic(self.name, PARTITIONS, 3)])[self.name].result(30)
        wait_until(self.in_sync, 60, "all replicas to be in sync")

    def partitions(self):
        return self._admin.list_topics(self.name, timeout=30).topics[self.name].partitions.values()

    def leaders(self):
        return {partition.leader for partition in self.partitions()}

    def in_sync(self):
        found = list(self.partitions())
        return len(found) == PARTITIONS and all(len(partition.isrs) == 3 for partition in found)


@pytest.fixture
def topic(cluster):
    return Topic(cluster)


@pytest.fixture
def consumer(topic):
    collector = KafkaCollector(topic.servers, topic.name, PARTITIONS).start()
    yield collector
    collector.close()


def configure(workspace, store, cluster, topic, **route):
    workspace.configure(store.url, cluster.url(), [{"topic": "orders.*", "exchange": topic.name, **route}],
                        {"stalled_after": "2s"})
    workspace.run("migrate").expect()
    store.prepare()


def test_case_18_and_21_leaders_killed_under_load(sqlite_store, workspace, cluster, topic, consumer, seed):
    """Each broker that can be lost is killed once while orders flow: none lost, none doubled, order per key kept."""
    configure(workspace, sqlite_store, cluster, topic, order="key")
    relay = workspace.relay()
    traffic = Traffic(sqlite_store, 15000, seed, keys=60, writers=2, batch=5, rate=500).start()
    for node in cluster.followers:
        before = consumer.count()
        consumer.wait_count(before + 500)
        assert node.number in topic.leaders(), "it leads a partition"
        node.kill()
        consumer.wait_count(before + 1000)
        assert traffic.running(), "the rest must meet a cluster with one broker less"
        cluster.restart(node, topic.in_sync)
    committed = settle_the_books(workspace, relay, consumer, traffic.join().committed_ids())
    audit(committed, consumer.deliveries).expect(most_sent_twice=0, ordered=True)


def test_too_few_replicas_stall_the_route_and_fail_nobody(sqlite_store, workspace, cluster, topic, consumer):
    """One broker of three is not enough for min.insync.replicas = 2: nothing is confirmed, counted or sent twice."""
    configure(workspace, sqlite_store, cluster, topic, resend_after="1s", max_attempts=1)
    relay = workspace.relay()
    with sqlite_store.transaction() as transaction:
        transaction.message("orders.created", "x", id="before")
    consumer.wait_ids({"before"})
    for node in cluster.followers:
        node.kill()
    names = [f"m{number}" for number in range(300)]
    with sqlite_store.transaction() as transaction:
        for name in names:
            transaction.message("orders.created", "x", id=name)
    wait_until(lambda: workspace.route()["state"] == "stalled", 60, "the route to be shown as stalled")
    threading.Event().wait(5)  # several times the re-send time
    stalled = workspace.route()
    assert (stalled["state"], stalled["rejected_total"], stalled["duplicates_possible_total"]) == ("stalled", 0, 0)
    assert workspace.failed() == []
    for node in cluster.followers:
        node.start()
    settle_the_books(workspace, relay, consumer, names, 90)
    audit(names + ["before"], consumer.deliveries).expect(most_sent_twice=0)
    wait_until(topic.in_sync, 60, "all replicas to be in sync again")


def test_doctor_has_nothing_to_say_of_a_well_kept_topic(sqlite_store, workspace, cluster, topic):
    configure(workspace, sqlite_store, cluster, topic)
    findings = workspace.run("doctor", "--json").json["findings"]
    of_broker = [finding for finding in findings if finding["code"].startswith("WB-D3")]
    assert [(finding["code"], finding["severity"]) for finding in of_broker] == [("WB-D300", "ok")]
