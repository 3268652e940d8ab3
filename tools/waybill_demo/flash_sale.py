"""A flash sale: one product, many buyers, stock and orders and outbox in Redis, the books in PostgreSQL by `waybill sync`."""

import json

import psycopg
import redis
from waybill_services import PostgreSQL, Redis

from .books import Deliveries
from .promises import deliveries, exact
from .stage import Stage

UNITS, PURCHASES = 10_000, 6_000
_STOCK, _ORDERS, _JOURNAL = "{sale}:stock", "{sale}:orders", "{sale}:journal"

# No table forbids a repetition: it must be the guards that prevent it.
_TABLES = """
CREATE TABLE shop_delivery (service text, message_id text, attempt bigint, redelivered bigint);
CREATE TABLE shop_shipment (order_id text, ship_mode text);
CREATE TABLE flash_order (id text, buyer text, units bigint);
CREATE TABLE flash_stock (product text PRIMARY KEY, units bigint CHECK (units >= 0));
CREATE INDEX ON shop_delivery (service, message_id);
"""

_SYNC = f"""
[sync.sale]
from = "cache"
journal = "{_JOURNAL}"
into = "shop"
interval = "100ms"

[sync.sale.apply]
order = "INSERT INTO flash_order (id, buyer, units) VALUES (:id, :buyer, :units)"
stock = "UPDATE flash_stock SET units = units - :units WHERE product = :product"

[sync.sale.compare]
"GET {_STOCK}" = "SELECT units FROM flash_stock WHERE product = 'chair'"
"HLEN {_ORDERS}" = "SELECT count(*) FROM flash_order"
"""


class _Books(Deliveries):
    """PostgreSQL is killed meanwhile, so each question has a connection of its own."""

    def __init__(self, url):
        self._url = url

    def rows(self, sql):
        with psycopg.connect(self._url, autocommit=True, connect_timeout=5) as connection:
            return connection.execute(sql).fetchall()


class FlashSale(Stage):
    queues = ("logistics",)

    def __init__(self, build, folder, broker, rate):
        super().__init__(build, folder, broker)
        self.rate = rate
        self.title = f"A flash sale: {UNITS:,} units in Redis, {PURCHASES:,} buyers, Waybill, {broker.name} and PostgreSQL"
        self.plan = ((0.08, "kill buyers"), (0.18, "kill relay"), (0.28, "kill sync"), (0.38, "cut"),
                     (0.48, "restart Redis"), (0.60, f"restart {broker.name}"), (0.72, "restart PostgreSQL"),
                     (0.82, "kill sync"), (0.90, "kill relay"))

    def start(self, say):
        self.open(say)
        server = self.serve("PostgreSQL", PostgreSQL(), say)
        server.psql("CREATE DATABASE shop")
        cache = self.serve("Redis", Redis(), say)
        self.client = redis.Redis(port=cache.port, password=cache.password, decode_responses=True)
        self.stack.callback(self.client.close)
        self.books = _Books(server.url("shop"))
        self.configure({"cache": cache.url(), "shop": server.url("shop")}, _SYNC)
        self.waybill("migrate")
        self._fill(server.url("shop"))
        self.begin("logistics", self.shop("logistics"), "--store", server.url("shop"),
                   *self.broker.consuming("logistics"))
        self.begin_waybill("relay", "relay")
        self.begin_waybill("sync", "sync")
        self.begin("buyers", self.shop("buyers"), "--redis", cache.url(), "--purchases", PURCHASES, "--rate", self.rate)
        self._seen = 0, 0, 0

    def progress(self):
        """Units sold, shipments, orders in PostgreSQL; what was last seen while a server is away."""
        try:
            sold = UNITS - int(self.client.get(_STOCK))
            (shipped, applied), = self.books.rows(
                "SELECT (SELECT count(*) FROM shop_shipment), (SELECT count(*) FROM flash_order)")
            self._seen = sold, shipped, applied
        except (redis.RedisError, psycopg.Error):
            pass
        return self._seen

    def show(self, progress):
        sold, shipped, applied = progress
        return (sold / UNITS, f"unit {sold:,}",
                f"units sold {sold:,}/{UNITS:,}  orders in PostgreSQL {applied:,}  shipments {shipped:,}")

    def finished(self, progress):
        return progress[0] == UNITS and self.programs["buyers"].ended() and self.settled()

    def settled(self):
        return self.status("cache")[0] == 0 and self.broker.waiting() == 0 and self._synced()["waiting"] == 0

    def deliveries(self):
        return self.books.deliveries()

    def rows(self, faults):
        """What was promised beside what was counted."""
        orders = {name: int(units) for name, units in self.client.hgetall(_ORDERS).items()}
        books = self.books
        applied = books.rows("SELECT id, units FROM flash_order")
        shipped = {order for (order,) in books.rows("SELECT order_id FROM shop_shipment")}
        sync = self._synced()
        return [
            exact("units sold", UNITS, sum(orders.values())),
            exact("units left in Redis", 0, int(self.client.get(_STOCK))),
            exact("units left in PostgreSQL", 0, books.number("SELECT units FROM flash_stock")),
            ("orders in Redis", "as it comes", len(orders), True),
            exact("orders in PostgreSQL", len(orders), len({name for name, _ in applied})),
            exact("orders that differ", 0, sum(orders.get(name) != units for name, units in applied)),
            exact("applied twice", 0, len(applied) - len({name for name, _ in applied})),
            *deliveries(books, faults, self.broker.marks_redelivery),
            exact("shipments", len(orders), len(shipped & orders.keys())),
            exact("shipped, but never sold", 0, len(shipped - orders.keys())),
            exact("shipped twice", 0, books.shipped_twice()),
            exact("journal entries parked", 0, sync["parked"]),
            exact("figures that `sync status` finds unequal", 0, len(sync["mismatches"])),
            exact("failed", 0, self.status("cache")[1]),
        ]

    def _fill(self, url):
        with psycopg.connect(url) as connection:
            connection.execute(_TABLES)
            connection.execute("INSERT INTO flash_stock VALUES ('chair', %s)", (UNITS,))
        self.client.set(_STOCK, UNITS)

    def _synced(self):
        return json.loads(self.waybill("sync", "status", "--json"))["syncs"][0]
