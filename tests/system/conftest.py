"""Fixtures of the system tests: private servers, a folder, a store, an exchange, and the seed of every random choice."""

import itertools
import os
import random
import sys
import uuid
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import waybill_services as services  # noqa: E402  (found by the line above)
from harness import stores  # noqa: E402
from harness.broker import Topology  # noqa: E402
from harness.kafka import KafkaTopology  # noqa: E402
from harness.rocketmq import RocketMqTopology  # noqa: E402
from harness.workspace import Workspace  # noqa: E402

# Tests that several files share say as much of a failed assertion as the files' own.
pytest.register_assert_rewrite("topic_broker_suite", "through_another_broker")

SOAK = os.environ.get("WAYBILL_SOAK") == "1"


def pytest_report_header():
    return f"waybill: {os.environ.get('WAYBILL_BINARY', 'WAYBILL_BINARY is not set')}, seed {_first_seed()}"


def _first_seed():
    # One for the whole run; WAYBILL_SEED=... repeats its choices.
    if "WAYBILL_SEED" not in os.environ:
        os.environ["WAYBILL_SEED"] = str(random.SystemRandom().randrange(1 << 31))
    return int(os.environ["WAYBILL_SEED"])


@pytest.fixture
def seed(request):
    value = f"{_first_seed()}-{request.node.name}"
    print(f"random choices from WAYBILL_SEED={_first_seed()}")
    return value


@pytest.fixture
def chance(seed):
    return random.Random(seed)


@pytest.fixture
def scale():
    """How many times more a soak run does."""
    return 10 if SOAK else 1


@pytest.fixture(scope="session")
def postgresql():
    with services.PostgreSQL() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb():
    with services.MariaDB() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server():
    with services.Redis() as server:
        yield server


@pytest.fixture(scope="session")
def redis_databases():
    return itertools.count(1)


@pytest.fixture(scope="session")
def shared_rabbitmq():
    with services.RabbitMQ() as broker:
        yield broker


@pytest.fixture
def rabbitmq(shared_rabbitmq):
    """The broker of this file's tests; one that a test killed is up again for the next."""
    if not shared_rabbitmq.alive():
        shared_rabbitmq.start()
    return shared_rabbitmq


@pytest.fixture(scope="session")
def shared_kafka():
    with services.Kafka() as broker:
        yield broker


@pytest.fixture
def kafka(shared_kafka):
    if not shared_kafka.alive():
        shared_kafka.start()
    return shared_kafka


@pytest.fixture
def kafka_topology(kafka):
    made = KafkaTopology(kafka)
    yield made
    made.close()


@pytest.fixture(scope="session")
def shared_rocketmq():
    with services.RocketMq() as broker:
        yield broker


@pytest.fixture
def rocketmq(shared_rocketmq):
    if not shared_rocketmq.alive():
        shared_rocketmq.start()
    return shared_rocketmq


@pytest.fixture
def rocketmq_topology(rocketmq):
    made = RocketMqTopology(rocketmq)
    yield made
    made.close()


@pytest.fixture
def gate(rabbitmq):
    with services.Gate(rabbitmq.port) as opened:
        yield opened


@pytest.fixture
def topology(rabbitmq):
    made = Topology(rabbitmq)
    yield made
    made.close()


@pytest.fixture
def workspace(tmp_path):
    made = Workspace(tmp_path)
    yield made
    made.close()
    for relay in made.relays:
        print(f"---- the end of {relay.log.name} ----\n{relay.text()[-3000:]}")


@pytest.fixture(scope="session")
def browser():
    from harness.browser import chromium  # only where it is needed: it takes a moment
    with chromium() as opened:
        yield opened


@pytest.fixture
def tokens(workspace):
    """A token of each role, made as a person makes them: role -> (token, its lines of the configuration)."""
    def make(role):
        made = workspace.run("token", f"the-{role}", "--role", role, "--json", config=False).expect().json
        return made["token"], {"role": role, "hash": made["hash"]}
    return {role: make(role) for role in ("stats", "viewer", "operator")}


@pytest.fixture
def sqlite_store(tmp_path):
    return stores.SQLite(tmp_path / "shop.db")


@pytest.fixture
def postgresql_store(postgresql):
    if not postgresql.alive():
        postgresql.start()
    name = f"shop_{uuid.uuid4().hex[:8]}"
    postgresql.psql(f"CREATE DATABASE {name}")
    return stores.PostgreSQL(postgresql, name)


@pytest.fixture
def mysql_store(mariadb):
    if not mariadb.alive():
        mariadb.start()
    return stores.MySQL(mariadb)


@pytest.fixture
def redis_store(redis_server, redis_databases):
    if not redis_server.alive():
        redis_server.start()
    return stores.Redis(redis_server, next(redis_databases))


@pytest.fixture
def own_server(request):
    """A Redis server that the test may spoil; its settings are the test's parameter."""
    with services.Redis(settings=getattr(request, "param", None)) as server:
        yield server


@pytest.fixture
def own_store(own_server):
    return stores.Redis(own_server, 0)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request):
    """The two that every test runs with; those with `harness.stores.EVERY` run with all."""
    return request.getfixturevalue(f"{request.param}_store")


@pytest.fixture
def shop(workspace, topology):
    """Brings a store, a route and a queue together: shop(store) gives the queue's name."""
    def set_up(store, route=None, relay=None, broker_url=None, queue=None, **options):
        name = queue or topology.queue()
        routes = [{"topic": "orders.*", "exchange": topology.exchange, **(route or {})}]
        workspace.configure(store.url, broker_url or topology.broker.url(), routes, relay, **options)
        workspace.run("migrate").expect()
        store.prepare()
        return name
    return set_up
