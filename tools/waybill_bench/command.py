"""The command line of tools/bench."""

import argparse
import signal
import tempfile
from contextlib import ExitStack
from pathlib import Path

import waybill_services as services

from . import guards, insert_cost, latency, redis_limit, throughput
from .bed import ROOT
from .kafka_bed import Topic
from .report import Report
from .rocketmq_bed import RocketMqTopic
from .stores import MySQL, PostgreSQL, Redis, SQLite


PARTS = ["rate", "kafka", "rocketmq", "latency", "cost", "guards", "redis", "backlog", "marks"]
STORES = ["postgresql", "sqlite", "mariadb", "redis"]


def main(arguments):
    parser = argparse.ArgumentParser(prog="tools/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything: to see that it runs")
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--window", type=int, help="of the parts kafka and rocketmq, 1,000 else")
    parser.add_argument("--property", action="append", default=[], metavar="NAME=VALUE",
                        help="of librdkafka, for the relay of the part kafka")
    parser.add_argument("--store", choices=STORES, action="append")
    chosen = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(SystemExit(143)))
    report = Report(ROOT / "build" / "bench")
    report.machine()
    with ExitStack() as stack:
        _measure(report, stack, chosen)
    report.save()
    return 0


def _measure(report, stack, chosen):
    scale = 10 if chosen.quick else 1
    rounds = 1 if chosen.quick else 3
    parts = chosen.only or PARTS
    (ROOT / "build" / "bench").mkdir(parents=True, exist_ok=True)
    broker = stack.enter_context(services.RabbitMQ())
    made = _Stores(stack, chosen.store or STORES)
    if "rate" in parts:
        throughput.beside_the_raw_limit(report, broker, made.fresh(), made.folder, rounds, 200_000 // scale)
    if "kafka" in parts:
        Topic.window = chosen.window or Topic.window
        Topic.properties = dict(one.split("=", 1) for one in chosen.property)
        kafka = stack.enter_context(services.Kafka())
        throughput.beside_the_raw_limit(report, kafka, made.fresh(), made.folder, rounds, 200_000 // scale,
                                        make=Topic, kinds=("flushed", "cached"))
    if "rocketmq" in parts:
        RocketMqTopic.window = chosen.window or RocketMqTopic.window
        rocketmq = stack.enter_context(services.RocketMq())
        throughput.beside_the_raw_limit(report, rocketmq, made.fresh(), made.folder, rounds, 200_000 // scale,
                                        make=RocketMqTopic, kinds=("32 a call", "1 a call"))
    if "latency" in parts:
        latency.commit_to_consumer(report, broker, made.fresh(), made.folder, 500, 20 if scale == 1 else 4)
    if "cost" in parts:
        insert_cost.added_by_the_outbox_row(report, made.migrated(broker), made.folder)
    if "guards" in parts:
        guards.beside_the_bare_transaction(report, made.migrated(broker), rounds, 5 if scale == 1 else 1)
    if "redis" in parts and "redis" in made.servers:
        store = next(one for one in made.fresh() if one.name == "Redis")
        redis_limit.beside_plain_streams(report, broker, store, made.folder, 100_000 // scale)
    if "backlog" in parts:
        throughput.by_backlog(report, broker, made.fresh(), made.folder, rounds, 10_000, 1_000_000 // scale)
    if "marks" in parts and "postgresql" in made.servers:
        guards.by_shards(report, made.servers["postgresql"], made.folder, rounds, 5 if scale == 1 else 1,
                         10_000_000 // scale)


class _Stores:
    """Fresh databases for each part, so that none measures what another left."""

    def __init__(self, stack, names):
        self.names, self.count = names, 0
        servers = {"postgresql": services.PostgreSQL, "mariadb": services.MariaDB, "redis": services.Redis}
        self.servers = {name: stack.enter_context(make()) for name, make in servers.items() if name in names}
        self.root = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=ROOT / "build" / "bench")))
        self.folder = self.root

    def fresh(self):
        self.count += 1
        self.folder = self.root / str(self.count)
        self.folder.mkdir()
        return [self._make(name) for name in self.names]

    def _make(self, name):
        if name == "sqlite":
            return SQLite(self.folder)
        if name == "redis":
            return Redis(self.servers[name], self.count)
        return {"postgresql": PostgreSQL, "mariadb": MySQL}[name](self.servers[name], f"bench_{self.count}")

    def migrated(self, broker):
        from .bed import Queue, Relay
        stores = self.fresh()
        queue = Queue(broker, "quorum")
        for store in stores:
            Relay(self.folder, store, queue).migrate()
        queue.close()
        return stores
