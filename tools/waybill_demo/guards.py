"""The guards that `GUARD=` names: what each needs beside the inventory services, and where its books are.

A movement is told as (order, line) and the units taken for it in all."""

import json

import psycopg
import redis
from waybill_services import Redis

from .promises import exact

_TAKEN = "SELECT order_id, line, sum(units) FROM shop_movement GROUP BY order_id, line"
_MOVEMENT = "CREATE TABLE shop_movement (product text, order_id text, line bigint, units bigint)"


def _by_line(rows):
    return {(order, int(line)): int(units) for order, line, units in rows}


class Once:
    """`once` and `version` in the service's database."""

    name = "once"
    stores, configuration, arguments, plan = {}, "", (), ((0.33, "kill inventory-1"),)

    def start(self, stage, say):
        """Before the configuration is written: servers."""

    def prepare(self, stage):
        """After the shop's tables are there, and before its services."""
        self.books = stage.books

    def begin(self, stage):
        """Programs of its own."""

    def units(self):
        return self.books.number("SELECT coalesce(sum(units), 0) FROM shop_movement")

    def moved(self):
        return _by_line(self.books.rows(_TAKEN))

    def wrong_stock(self):
        # Each line raises the product's version by one and takes exactly what was put on stock for it.
        return self.books.number("""SELECT count(*) FROM shop_stock s WHERE s.units <> 0 OR s.version <>
                                    1 + (SELECT count(*) FROM shop_order_line l WHERE l.product = s.product)""")

    def settled(self):
        return True

    def rows(self):
        return []


class Sharded(Once):
    """`once` over three PostgreSQL databases, the third of which is added while everything runs."""

    name = "sharded"

    def start(self, stage, say):
        server = stage.database_server(say)
        for name in ("stock_a", "stock_b", "stock_c"):
            server.psql(f"CREATE DATABASE {name}")
        self.stores = {name: server.url(name) for name in ("stock_a", "stock_b", "stock_c")}
        self.arguments = [part for name, url in self.stores.items() for part in ("--shard", f"{name}={url}")]
        self.configuration = '\n[inbox]\nshards = ["stock_a", "stock_b"]\n'
        self.plan = ((0.33, "kill inventory-1"), (0.48, ("a third database joins", lambda: self._add_shard(stage))),
                     (0.65, "kill inventory-2"))

    def prepare(self, stage):
        super().prepare(stage)
        stage.waybill("inbox", "shards", "apply")
        self._connections = {}
        for name, url in self.stores.items():
            self._connections[name] = stage.stack.enter_context(psycopg.connect(url, autocommit=True))
            self._connections[name].execute(_MOVEMENT)

    def units(self):
        return sum(int(connection.execute("SELECT coalesce(sum(units), 0) FROM shop_movement").fetchone()[0])
                   for connection in self._connections.values())

    def moved(self):
        all_of_them = {}
        for connection in self._connections.values():
            for at, units in _by_line(connection.execute(_TAKEN)).items():
                all_of_them[at] = all_of_them.get(at, 0) + units
        return all_of_them

    def wrong_stock(self):
        """There is no stock to be wrong: the movements of a product are in the database of its marks."""
        return 0

    def rows(self):
        used = sum(1 for connection in self._connections.values()
                   if connection.execute("SELECT count(*) FROM shop_movement").fetchone()[0] > 0)
        return [exact("databases that share the work", len(self.stores), used)]

    def _add_shard(self, stage):
        stage.configure({"shop": stage.store, **self.stores},
                        '\n[inbox]\nshards = ["stock_a", "stock_b", "stock_c"]\n')
        stage.waybill("inbox", "shards", "apply")


class _WithRedis(Once):
    """The stock is in Redis: a hash of products."""

    plan = ((0.18, "kill inventory-1"), (0.48, "kill inventory-2"), (0.68, "restart Redis"), (0.88, "kill inventory-1"))

    def start(self, stage, say):
        server = stage.serve("Redis", Redis(), say)
        self.stores = {"cache": server.url()}
        self.arguments = ["--redis", server.url()]
        self.client = redis.Redis(port=server.port, password=server.password, decode_responses=True)
        stage.stack.callback(self.client.close)

    def prepare(self, stage):
        super().prepare(stage)
        self.client.hset("{stock}:units", mapping=dict(self.books.rows("SELECT product, units FROM shop_stock")))

    def wrong_stock(self):
        return sum(int(units) != 0 for units in self.client.hvals("{stock}:units"))


class RedisAtomic(_WithRedis):
    """Check, mark and effect in one step of Redis."""

    name = "redis"

    def units(self):
        return sum(map(int, self.client.hvals("{stock}:movements")))

    def moved(self):
        movements = (field.rsplit("/", 1) + [units] for field, units in self.client.hgetall("{stock}:movements").items())
        return _by_line(movements)


class Both(_WithRedis):
    """The stock in Redis and the movements in SQL: both or neither."""

    name = "both"

    def begin(self, stage):
        stage.begin_waybill("reconcile", "inbox", "reconcile", "--redis", "cache", "--sql", "shop", "--older-than", "1s",
                            "--watch")

    def settled(self):
        return not self._reserved()

    def rows(self):
        return [exact("reservations left open", 0, self._reserved())]

    def _reserved(self):
        return self.client.zcard("waybill:pending:{stock}")


class Cache(_WithRedis):
    """Redis first; `waybill sync` brings movements and stock into SQL."""

    name = "cache"
    configuration = """
[sync.stock]
from = "cache"
journal = "{stock}:journal"
into = "shop"
interval = "100ms"

[sync.stock.apply]
movement = "INSERT INTO shop_movement (product, order_id, line, units) VALUES (:product, :order, :line, :units)"
stock = "UPDATE shop_stock SET units = units - :units WHERE product = :product"
"""
    plan = (*_WithRedis.plan, (0.30, "kill sync"), (0.60, "kill sync"))

    def begin(self, stage):
        self._stage = stage
        stage.begin_waybill("sync", "sync")

    def wrong_stock(self):
        return super().wrong_stock() + self.books.number("SELECT count(*) FROM shop_stock WHERE units <> 0")

    def settled(self):
        return self._status()["waiting"] == 0

    def rows(self):
        return [exact("journal entries parked", 0, self._status()["parked"])]

    def _status(self):
        return json.loads(self._stage.waybill("sync", "status", "--json"))["syncs"][0]


GUARDS = {guard.name: guard for guard in (Once, Sharded, RedisAtomic, Both, Cache)}
