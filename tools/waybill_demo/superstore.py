"""The main play: the public sample's orders, each of which becomes one shipment and takes its units from stock."""

from waybill_services import PostgreSQL

from .books import ORDERS, PRODUCTS, UNITS, Books
from .promises import deliveries, exact
from .stage import Stage


class Superstore(Stage):
    queues = ("logistics", "inventory")

    def __init__(self, build, folder, broker, data, rate, store, guard):
        super().__init__(build, folder, broker)
        self.data, self.rate, self.kind, self.guard = data, rate, store, guard
        self.title = f"{ORDERS:,} orders through {store}, Waybill and {broker.name}, inventory by the guard `{guard.name}`"

    def start(self, say):
        self.open(say)
        self.store = self._start_store(say)
        self.guard.start(self, say)
        self.configure({"shop": self.store, **self.guard.stores}, self.guard.configuration)
        self.waybill("migrate")
        self.run(self.shop("orders"), "--store", self.store, "--csv", self.data, "--set-up")
        self.books = Books(self.store)
        self.stack.callback(self.books.close)
        self.books.prepare()
        self.guard.prepare(self)
        self._start_programs()
        self.plan = ((0.10, "kill relay"), (0.25, "cut"), (0.40, "kill relay"), (0.55, f"restart {self.broker.name}"),
                     (0.80, "kill relay"), *self.guard.plan)

    def progress(self):
        return *self.books.progress(), self.guard.units()

    def show(self, progress):
        """The share that is done, where the work is, and how far."""
        orders, shipments, units = progress
        return (orders / ORDERS, f"order {orders:,}",
                f"orders {orders:,}/{ORDERS:,}  shipments {shipments:,}  units {units:,}/{UNITS:,}")

    def finished(self, progress):
        return progress == (ORDERS, ORDERS, UNITS) and self.programs["orders"].ended()

    def settled(self):
        return self.status("shop")[0] == 0 and self.broker.waiting() == 0 and self.guard.settled()

    def deliveries(self):
        return self.books.deliveries()

    def rows(self, faults):
        """What was promised beside what was counted."""
        orders, shipments, units = self.progress()
        sending, failed = self.status("shop")
        moved = self.guard.moved()
        lines = self.books.lines()
        return [
            exact("orders", ORDERS, orders),
            exact("messages confirmed", ORDERS, orders - sending - failed),
            *deliveries(self.books, faults, self.broker.marks_redelivery),
            exact("shipments", ORDERS, shipments),
            exact("products", PRODUCTS, len({product for at, (product, _) in lines.items() if at in moved})),
            exact("units taken", UNITS, units),
            exact("lost", 0, self.books.unshipped() +
                  sum(moved.get(at, 0) < units for at, (_, units) in lines.items())),
            exact("applied twice", 0, self.books.shipped_twice() +
                  sum(moved.get(at, 0) > units for at, (_, units) in lines.items())),
            exact("products with a wrong stock", 0, self.guard.wrong_stock()),
            *self.guard.rows(),
            exact("failed", 0, failed),
        ]

    def _start_store(self, say):
        if self.kind == "sqlite":
            return f"sqlite://{self.folder}/shop.db"
        self.database_server(say).psql("CREATE DATABASE shop")
        return self.servers["PostgreSQL"].url("shop")

    def database_server(self, say):
        """The private PostgreSQL, started when it is first needed."""
        if "PostgreSQL" not in self.servers:
            self.serve("PostgreSQL", PostgreSQL(), say)
        return self.servers["PostgreSQL"]

    def _start_programs(self):
        store = ["--store", self.store]
        self.begin("logistics", self.shop("logistics"), *store, *self.broker.consuming("logistics"))
        # Two inventory services share one queue and one stock.
        for name in ("inventory-1", "inventory-2"):
            self.begin(name, self.shop("inventory"), *store, *self.broker.consuming("inventory"), "--guard",
                       self.guard.name, *self.guard.arguments)
        self.begin_waybill("relay", "relay")
        self.guard.begin(self)
        self.begin("orders", self.shop("orders"), "--store", self.store, "--csv", self.data, "--rate", self.rate)
