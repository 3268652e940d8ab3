"""P6 over Redis and SQL: both or neither, whoever is killed between any two steps; SQL decides (fault case 34)."""

import multiprocessing
import random
import sqlite3
import threading
from urllib.parse import urlsplit

import psycopg
import pymysql
import pytest
import redis

import waybill_services as services
from harness.workspace import toml
from waybill_services import wait_until

pause = threading.Event().wait
STOCK, ORDERS = "{sale}:stock", "{sale}:orders"


class Books:
    """The SQL side of a consumer, in its own process: a connection, and what once() answers in its transaction."""

    def __init__(self, url):
        self.kind = url.partition("://")[0]
        if self.kind == "sqlite":
            self.connection = sqlite3.connect(url.removeprefix("sqlite://"), timeout=60, isolation_level=None)
            self.execute = self.connection.execute
        elif self.kind == "mysql":
            parts = urlsplit(url)
            self.connection = pymysql.connect(host=parts.hostname, port=parts.port, user=parts.username,
                                              password=parts.password, database=parts.path.strip("/"), autocommit=True)
        else:
            self.connection = psycopg.connect(url, autocommit=True)
            self.execute = self.connection.execute

    def execute(self, sql, values=()):
        cursor = self.connection.cursor()
        cursor.execute(sql, values)
        return cursor

    def begin(self):
        self.execute("BEGIN IMMEDIATE" if self.kind == "sqlite" else "BEGIN")

    def once(self, consumer, unique_id, fingerprint):
        if self.kind == "postgresql":
            return self.execute("SELECT waybill.once(%s, %s, %s)", (consumer, unique_id, fingerprint)).fetchone()[0]
        insert = "INSERT OR IGNORE" if self.kind == "sqlite" else "INSERT IGNORE"
        done = self.execute(f"{insert} INTO waybill_inbox (consumer, unique_id, fingerprint) "
                            f"VALUES ({', '.join([self.mark()] * 3)})", (consumer, unique_id, fingerprint))
        return "new" if done.rowcount == 1 else "duplicate"

    def mark(self):
        return "?" if self.kind == "sqlite" else "%s"

    def write(self, order, units):
        self.execute(f"INSERT INTO flash_order VALUES ({self.mark()}, {self.mark()})", (order, units))

    def commit(self):
        self.execute("COMMIT")

    def rollback(self):
        self.execute("ROLLBACK")


def call(client, function, keys, *arguments):
    answer = client.execute_command("FCALL", function, len(keys), *keys, *arguments)
    return [part.decode() if isinstance(part, bytes) else part for part in answer]


def consume(client, books, order, units, between=lambda step: None):
    """One delivery. Gives whether it can be acknowledged."""
    answer = call(client, "waybill_reserve", [STOCK, ORDERS], "sale", "chair", order, "", "", 3600, "take", 1, units,
                  "hset", 2, order, units)
    if answer[0] != "reserved":
        return answer[0] == "duplicate"
    attempt = answer[1]
    between("reserved")
    books.begin()
    known = books.once("sale", "chair", order)
    mine = books.once("waybill:attempt", attempt, "1")
    between("marked")
    if mine != "new":
        books.rollback()
        return False
    if known == "new":
        books.write(order, units)
        between("written")
        books.commit()
    else:
        books.rollback()
    between("committed")
    call(client, "waybill_complete", ["{sale}"], "sale", "chair", order, attempt)
    return True


def _consumer(server, url, operations, seed, delay):
    """Delivers all operations in some order; lingers between steps, so that kills fall there."""
    chance = random.Random(seed)
    client, books = redis.Redis(port=server[0], password=server[1], socket_timeout=30), Books(url)
    order = operations[:]
    chance.shuffle(order)
    for name, units in order:
        consume(client, books, name, units, lambda step: pause(chance.random() * delay))


class Sale:
    def __init__(self, server, store, workspace):
        self.server, self.store, self.workspace = server, store, workspace
        workspace.config.write_text(f"[store.cache]\nurl = {toml(server.url())}\n[store.shop]\nurl = {toml(store.url)}\n")
        workspace.run("migrate").expect()
        store.query("CREATE TABLE flash_order (id varchar(64) PRIMARY KEY, units integer)")

    def client(self):
        return redis.Redis(port=self.server.port, password=self.server.password, socket_timeout=30)

    def start(self, operations, seed, delay=0.002):
        consumer = multiprocessing.Process(target=_consumer, args=((self.server.port, self.server.password), self.store.url,
                                                                   operations, seed, delay))
        consumer.start()
        return consumer

    def reconcile(self, age="0s"):
        return self.workspace.run("inbox", "reconcile", "--redis", "cache", "--sql", "shop", "--older-than", age,
                                  "--json").expect().json

    def booked(self):
        return dict(self.store.query("SELECT id, units FROM flash_order"))


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def sale(request, workspace):
    with services.Redis() as server:
        yield Sale(server, request.getfixturevalue(f"{request.param}_store"), workspace)


def test_killed_between_any_two_steps(sale, chance, scale):
    """After kills, the reconciler and all deliveries once more, Redis and SQL say the same, each operation once."""
    rounds, each = 25 * scale, 200
    operations = [(f"o{number}", chance.randrange(1, 4)) for number in range(rounds * each)]
    total = sum(units for _, units in operations)
    client = sale.client()
    client.set(STOCK, total + 5)
    settled = {"completed": 0, "released": 0}
    for number in range(rounds):
        some = operations[number * each:(number + 1) * each]
        consumers = [sale.start(some, chance.random(), delay=0.01) for _ in range(3)]
        pause(chance.uniform(0.1, 0.5))
        for consumer in consumers:
            consumer.kill()
            consumer.join()
        for what, count in sale.reconcile().items():
            settled[what] += count
        sale.store.forget_connection()
        booked = sale.booked()
        assert int(client.get(STOCK)) == total + 5 - sum(booked.values()), "both or neither, after every kill"
        assert {name.decode(): int(units) for name, units in client.hgetall(ORDERS).items()} == booked
    assert settled["completed"] > 0 and settled["released"] > 0, settled
    last = sale.start(operations, chance.random(), delay=0)
    last.join(120)
    assert sale.booked() == dict(operations)
    assert int(client.get(STOCK)) == 5
    assert sale.reconcile() == {"completed": 0, "released": 0}
    assert not client.keys("waybill:reserved:*") and not client.keys("waybill:pending:*")


def test_consumer_that_slept_is_too_late(sale):
    """Released while it slept between its reservation and its transaction: it can't commit, the next one can."""
    client, books = sale.client(), Books(sale.store.url)
    client.set(STOCK, 10)

    def sleeps(step):
        if step == "reserved":
            assert sale.reconcile() == {"completed": 0, "released": 1}
            assert int(client.get(STOCK)) == 10
    assert consume(client, books, "o1", 3, sleeps) is False
    assert sale.booked() == {} and int(client.get(STOCK)) == 10
    assert consume(client, books, "o1", 3) is True
    assert consume(client, books, "o1", 3) is True, "a duplicate is acknowledged"
    assert sale.reconcile() == {"completed": 0, "released": 0}
    logged, = sale.workspace.run("operations", "list", "--store", "shop", "--json").expect().json["operations"]
    assert (logged["act"], logged["subject"]) == ("reconcile", "reservations in 'cache': 0 completed, 1 released")
    sale.store.forget_connection()
    assert sale.booked() == {"o1": 3} and int(client.get(STOCK)) == 7 and client.hget(ORDERS, "o1") == b"3"


def test_redis_that_lost_the_effect_gets_it_again(sale):
    """SQL has committed and Redis has forgotten: the next delivery completes in Redis what SQL says was done."""
    client, books = sale.client(), Books(sale.store.url)
    client.set(STOCK, 10)
    assert consume(client, books, "o1", 3) is True
    client.flushdb()
    sale.workspace.run("migrate").expect()
    client.set(STOCK, 10)
    assert consume(client, books, "o1", 3) is True
    sale.store.forget_connection()
    assert sale.booked() == {"o1": 3} and int(client.get(STOCK)) == 7


def test_young_reservations_are_left_to_their_consumers(sale):
    client, books = sale.client(), Books(sale.store.url)
    client.set(STOCK, 10)

    def look(step):
        if step == "reserved":
            assert sale.reconcile("1h") == {"completed": 0, "released": 0}
            assert consume(client, Books(sale.store.url), "o1", 3) is False, "pending: somebody is at it"
    assert consume(client, books, "o1", 3, look) is True
    assert int(client.get(STOCK)) == 7


def test_each_answer(sale):
    client = sale.client()
    client.set(STOCK, 2)
    assert call(client, "waybill_reserve", [STOCK], "sale", "chair", "o1", "", "", 60, "take", 1, 3) == ["short", 2]
    reserved = call(client, "waybill_reserve", [STOCK, ORDERS], "sale", "chair", "o1", "a", "", 60, "take", 1, 2, "hset",
                    2, "n", "x")
    assert reserved[0] == "reserved" and reserved[2:] == [0, ""] and not client.exists(ORDERS)
    assert call(client, "waybill_complete", ["{sale}"], "sale", "chair", "o1", "wrong") == ["gone"]
    assert call(client, "waybill_release", ["{sale}"], "sale", "chair", "o1", reserved[1]) == ["released"]
    assert int(client.get(STOCK)) == 2
    reserved = call(client, "waybill_reserve", [STOCK], "sale", "chair", "o1", "a", "", 60, "take", 1, 2)
    assert call(client, "waybill_complete", ["{sale}"], "sale", "chair", "o1", reserved[1]) == ["done"]
    assert call(client, "waybill_complete", ["{sale}"], "sale", "chair", "o1", reserved[1]) == ["duplicate"]
    assert call(client, "waybill_reserve", [STOCK], "sale", "chair", "o1", "b", "", 60) == ["conflict"]
    answer = sale.workspace.run("inbox", "reconcile", "--redis", "cash", "--sql", "shop")
    assert answer.code == 2 and "[store.cash]" in answer.err
    wait_until(lambda: sale.reconcile() == {"completed": 0, "released": 0}, 10, "nothing to settle")
