"""P6 cache first: a journal in Redis that SQL gets exactly once and in order, whatever is killed."""

import json
import multiprocessing
import subprocess
import threading

import pytest
import redis

from harness import binary
from harness.guard import JOURNAL, ORDERS, STOCK, apply, connect
from harness.workspace import toml
from waybill_services import wait_until

pause = threading.Event().wait
UNITS = 10000


class Sale:
    """A flash sale: stock and orders in Redis, the books in SQL."""

    def __init__(self, server, store, workspace):
        self.server, self.store, self.workspace = server, store, workspace
        self.log = workspace.folder / "sync.log"
        store.query("CREATE TABLE flash_order (id varchar(64) PRIMARY KEY, buyer text, units integer CHECK (units > 0))")
        store.query("CREATE TABLE flash_stock (product varchar(64) PRIMARY KEY, units integer CHECK (units >= 0))")
        store.query("INSERT INTO flash_stock VALUES ('chair', %s)", (UNITS,))
        self.configure()
        workspace.run("migrate").expect()
        connect(server).set(STOCK, UNITS)

    def configure(self, batch=200, interval="100ms"):
        self.workspace.config.write_text("\n".join([
            "[store.cache]", f"url = {toml(self.server.url())}", "[store.shop]", f"url = {toml(self.store.url)}",
            "[sync.sale]", 'from = "cache"', f"journal = {toml(JOURNAL)}", 'into = "shop"', f'interval = "{interval}"',
            f"batch = {batch}", "[sync.sale.apply]",
            'order = "INSERT INTO flash_order (id, buyer, units) VALUES (:id, :buyer, :units)"',
            'stock = "UPDATE flash_stock SET units = units - :units WHERE product = :product"',
            "[sync.sale.compare]", f'"GET {STOCK}" = "SELECT units FROM flash_stock WHERE product = \'chair\'"',
            f'"HLEN {ORDERS}" = "SELECT COUNT(*) FROM flash_order"', ""]))

    def buy(self, client, buyer, units=1, limit=0):
        return apply(client, [STOCK, ORDERS, JOURNAL], "sale", "chair", buyer, "take", 1, units, "hset", 2, buyer, units,
                     "journal", 3, limit, "order", buyer, 3, "id", buyer, "buyer", f"{buyer}@example.org", "units", units)

    def sync(self):
        """A `waybill sync` in the background."""
        with open(self.log, "ab") as log:
            return subprocess.Popen([binary.path(), "sync", "-c", self.workspace.config], stdout=log, stderr=log)

    def status(self):
        return self.workspace.run("sync", "status", "--json").expect().json["syncs"][0]

    def status_fields(self, *names):
        return tuple(self.status()[name] for name in names)


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def sale(request, own_server, workspace):
    return Sale(own_server, request.getfixturevalue(f"{request.param}_store"), workspace)


def _buyers(port, password, first, count):
    client = redis.Redis(port=port, password=password, socket_timeout=30)
    for number in range(first, first + count):
        units = number % 3 + 1
        while True:
            try:
                apply(client, [STOCK, ORDERS, JOURNAL], "sale", "chair", f"b{number}", "take", 1, units, "hset", 2,
                      f"b{number}", units, "journal", 3, 0, "order", f"b{number}", 3, "id", f"b{number}", "buyer", "x",
                      "units", units)
                break
            except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError):
                pause(0.05)


def test_flash_sale_with_kills(sale, chance, scale):
    """Many buyers, 10,000 units; the sync, Redis and the database are killed (fault case 35);
    no unit is sold twice, none is lost."""
    buyers = [multiprocessing.Process(target=_buyers, args=(sale.server.port, sale.server.password, part * 2500, 2500))
              for part in range(3)]
    for buyer in buyers:
        buyer.start()
    for round_number in range(8 * scale):
        running = sale.sync()
        pause(chance.uniform(0.2, 0.7))
        running.kill()
        running.wait()
        if round_number == 2:
            sale.server.kill()
            sale.server.start()
        if round_number == 5 and sale.store.kind == "postgresql":
            sale.store.server.kill()
            sale.store.server.start()
            sale.store.forget_connection()
    for buyer in buyers:
        buyer.join()
    sale.workspace.run("sync", "--once").expect()
    client = connect(sale.server)
    orders = {name.decode(): int(units) for name, units in client.hgetall(ORDERS).items()}
    assert sum(orders.values()) + int(client.get(STOCK)) == UNITS
    assert int(client.get(STOCK)) < 3, "all that could be sold was sold"
    assert dict(sale.store.query("SELECT id, units FROM flash_order")) == orders
    status = sale.status()
    assert status["waiting"] == 0 and status["parked"] == 0 and status["applied"] == len(orders), status
    assert [one["command"] for one in status["mismatches"]] == [f"GET {STOCK}"], "flash_stock was never told"
    assert client.xlen(JOURNAL) == 0, "what is applied leaves the journal"


def test_refused_entry_is_parked_and_the_others_go_on(sale):
    """In the order of its entity: what comes behind a parked entry waits for a person too."""
    client = connect(sale.server)

    def journal(apply_name, entity, **fields):
        client.xadd(JOURNAL, {"apply": apply_name, "entity": entity, **fields})
    journal("order", "a", id="a", buyer="x", units=1)
    journal("order", "b", id="b", buyer="x", units=-1)        # CHECK fails
    journal("stock", "b", product="chair", units=5)           # waits behind it
    journal("order", "c", id="c", buyer="x")                  # a field is missing
    journal("oder", "d", id="d")                              # no such statement
    journal("order", "a", id="a", buyer="x", units=1)         # the key is there already
    journal("order", "e", id="e", buyer="O'Neill; DROP TABLE flash_order", units=2)
    sale.workspace.run("sync", "--once").expect()
    assert sorted(name for (name,) in sale.store.query("SELECT id FROM flash_order")) == ["a", "e"]
    assert sale.store.query("SELECT units FROM flash_stock") == [(UNITS,)]
    parked = sale.workspace.run("sync", "parked", "--json").expect().json["parked"]
    assert [one["entity"] for one in parked] == ["b", "b", "c", "d", "a"]
    for one, words in zip(parked, [("constraint",), ("waits behind",), ("no field 'units'",), ("no statement 'oder'",),
                                   ("unique", "duplicate")]):
        assert any(word in one["error"].lower() for word in words), one
    assert sale.status()["parked"] == 5
    sale.store.query("INSERT INTO flash_order VALUES ('b', 'by hand', 1)")
    sale.workspace.run("sync", "drop", "--entry", parked[0]["entry"], "--why", "by hand", "--yes").expect()
    assert sale.workspace.run("sync", "retry", "--json").expect().json["applied"] == 1
    logged = sale.workspace.run("operations", "list", "--store", "shop", "--json").expect().json["operations"]
    assert [(one["act"], one["subject"], one["why"]) for one in logged] == [
        ("sync-retry", "parked entries of sync 'sale': 1", ""), ("sync-drop", "parked entries of sync 'sale': 1", "by hand")]
    assert sale.store.query("SELECT units FROM flash_stock")[0][0] == UNITS - 5
    journal("order", "b", id="b2", buyer="x", units=1)
    sale.workspace.run("sync", "--once").expect()
    assert "b2" in {name for (name,) in sale.store.query("SELECT id FROM flash_order")}, "b waits no more"


def test_a_table_that_is_missing_stops_the_sync_and_parks_nothing(sale):
    """It is the configuration's fault, not the entries'."""
    client = connect(sale.server)
    sale.buy(client, "b1")
    sale.store.query("ALTER TABLE flash_order RENAME TO elsewhere")
    told = sale.workspace.run("sync", "--once")
    assert told.code == 2 and "statement 'order'" in told.err and "flash_order" in told.err, told.err
    assert "waybill migrate" not in told.err
    sale.store.query("ALTER TABLE elsewhere RENAME TO flash_order")
    assert sale.status_fields("waiting", "parked") == (1, 0)
    sale.workspace.run("sync", "--once").expect()
    assert sale.store.query("SELECT id FROM flash_order")


def test_two_statements_for_one_entry_are_refused(sale):
    """None of them is done, and nothing is applied or parked: it is the configuration's fault."""
    sale.buy(connect(sale.server), "b1")
    text = sale.workspace.config.read_text()
    sale.workspace.config.write_text(text.replace(":buyer, :units)", ":buyer, :units); DELETE FROM flash_stock"))
    told = sale.workspace.run("sync", "--once")
    assert told.code != 0 and told.err, told.out
    assert sale.store.query("SELECT units FROM flash_stock") == [(UNITS,)]
    sale.workspace.config.write_text(text)
    assert sale.status_fields("waiting", "parked") == (1, 0)
    sale.workspace.run("sync", "--once").expect()
    assert sale.store.query("SELECT id FROM flash_order") == [("b1",)]


def test_parked_entry_is_applied_as_it_was(sale):
    """Also one whose bytes are no text: it is kept as it is, and refused again, never applied as something else."""
    client = connect(sale.server)
    client.xadd(JOURNAL, {"apply": "order", "id": "x", "buyer": b"\xff\xfe", "units": -1})
    sale.workspace.run("sync", "--once").expect()
    parked, = sale.workspace.run("sync", "parked", "--json").expect().json["parked"]
    assert json.loads(parked["fields"])["hex:buyer"] == "fffe"
    sale.workspace.run("sync", "retry")
    assert sale.store.query("SELECT * FROM flash_order") == [] and sale.status()["parked"] == 1


def test_database_that_is_away_holds_the_sale_up(postgresql_store, own_server, workspace):
    """Back-pressure: with the journal's limit reached a buyer is told `full`, and nothing is half done."""
    sale = Sale(own_server, postgresql_store, workspace)
    running = sale.sync()
    client = connect(own_server)
    assert sale.buy(client, "first", limit=50)[0] == "new"
    wait_until(lambda: client.xlen(JOURNAL) == 0, 30, "the first to be applied")
    postgresql_store.server.kill()
    answers = [sale.buy(client, f"b{number}", limit=50)[0] for number in range(80)]
    assert answers == ["new"] * 50 + ["full"] * 30
    assert client.hlen(ORDERS) == 51 and int(client.get(STOCK)) == UNITS - 51
    status = workspace.run("sync", "status")
    assert status.code == 3, status.err
    postgresql_store.server.start()
    postgresql_store.forget_connection()
    wait_until(lambda: client.xlen(JOURNAL) == 0, 60, "the journal to be applied")
    assert sale.buy(client, "b79", limit=50)[0] == "new", "full was no mark"
    wait_until(lambda: client.xlen(JOURNAL) == 0, 30, "the last to be applied")
    running.terminate()
    assert running.wait(20) == 0
    assert len(postgresql_store.query("SELECT id FROM flash_order")) == 52


def test_applied_entries_that_are_still_there_make_room(sale):
    """A sync that died between its commit and the journal, or a Redis that has lost the shortening: nobody is told `full`
    for ever by entries that SQL has."""
    client = connect(sale.server)
    for number in range(3):
        sale.buy(client, f"b{number}", limit=3)
    entries = client.xrange(JOURNAL)
    sale.workspace.run("sync", "--once").expect()
    client.delete(JOURNAL)
    for entry, fields in entries:
        client.xadd(JOURNAL, fields, id=entry)
    assert sale.buy(client, "late", limit=3) == ["full", 3]
    sale.workspace.run("sync", "--once").expect()
    assert sale.buy(client, "late", limit=3)[0] == "new"
    assert len(sale.store.query("SELECT id FROM flash_order")) == 3, "and are not applied again"


def test_redis_that_lost_its_journal_is_told_and_nothing_is_passed_over(sale):
    """Fault case 35: a server without what SQL has is told as an error, and its next entries are applied."""
    client = connect(sale.server)
    for number in range(5):
        sale.buy(client, f"b{number}")
    sale.workspace.run("sync", "--once").expect()
    client.delete(JOURNAL)
    client.execute_command("XADD", JOURNAL, "5-1", "apply", "order", "id", "old")
    client.xtrim(JOURNAL, maxlen=0)
    told = sale.workspace.run("sync", "--once").expect()
    assert "Redis has lost entries" in told.err
    sale.buy(client, "after")
    sale.workspace.run("sync", "--once").expect()
    assert len(sale.store.query("SELECT id FROM flash_order")) == 6


def test_wrong_sync_sections_are_told(workspace):
    redis_store = '[store.r]\nurl = "redis://h"\n'
    for text, words in [("[sync.a]\n", "sync.a"), ('[sync.a]\nform = "r"\n', "did you mean 'from'"),
                        ('[sync.a]\nfrom = "x"\njournal = "j"\ninto = "y"\n[sync.a.apply]\n', "redis://"),
                        (redis_store + '[sync.a]\nfrom = "r"\njournal = "j"\ninto = "r"\n[sync.a.apply]\n',
                         "postgresql://")]:
        workspace.config.write_text(text)
        answer = workspace.run("check")
        assert answer.code == 2 and words in answer.out + answer.err, answer.out + answer.err
    workspace.config.write_text('[store.r]\nurl = "redis://h"\n')
    answer = workspace.run("sync", "--once")
    assert answer.code == 2 and "[sync.NAME]" in answer.err
