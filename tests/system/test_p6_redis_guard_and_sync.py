"""P6 with Redis: an effect and its mark in one step, and a journal that SQL gets exactly once, whatever is killed."""

import json
import multiprocessing
import random
import subprocess
import threading
import time
import uuid

import pytest
import redis

from harness import binary
from harness.workspace import toml
from waybill_services import wait_until

pause = threading.Event().wait
STOCK, ORDERS, JOURNAL = "{sale}:stock", "{sale}:orders", "{sale}:journal"
UNITS = 10000


@pytest.fixture
def guarded(own_server, workspace):
    """A server of its own with the functions loaded."""
    workspace.configure(own_server.url(), "amqp://localhost", [{"topic": "*", "exchange": "x"}])
    workspace.run("migrate").expect()
    return own_server


def connect(server):
    return redis.Redis(port=server.port, password=server.password, socket_timeout=30)


def apply(client, keys, consumer, unique_id, fingerprint, *effects, digest="", message_id="", retention=3600):
    answer = client.execute_command("FCALL", "waybill_apply", len(keys), *keys, consumer, unique_id, fingerprint, digest,
                                    message_id, retention, *effects)
    return [part.decode() if isinstance(part, bytes) else part for part in answer]


def uuid7(ms):
    return str(uuid.UUID(int=(ms << 80) | (7 << 76) | (2 << 62) | random.getrandbits(62)))


# ---- the guard ----

def test_each_answer_of_the_guard(guarded):
    client = connect(guarded)
    client.set(STOCK, 5)
    assert apply(client, [STOCK], "inventory", "chair", "o1", "take", 1, 3, digest="a") == ["new", 2]
    assert apply(client, [STOCK], "inventory", "chair", "o1", "take", 1, 3, digest="a") == ["duplicate"]
    assert apply(client, [STOCK], "inventory", "chair", "o1", "take", 1, 3) == ["duplicate"]
    assert apply(client, [STOCK], "inventory", "chair", "o1", "take", 1, 3, digest="b") == ["conflict"]
    assert apply(client, [STOCK], "inventory", "chair", "o2", "take", 1, 3) == ["short", 2]
    assert apply(client, [STOCK], "inventory", "chair", "o2", "take", 1, 2) == ["new", 0], "short is no mark"
    now = int(time.time() * 1000)
    assert apply(client, [STOCK], "inventory", "chair", "o3", message_id=uuid7(now - 7200_000)) == ["expired"]
    assert apply(client, [STOCK], "inventory", "chair", "o4", message_id=uuid7(now - 60_000)) == ["new"]
    assert int(client.get(STOCK)) == 0
    conflict, = client.keys("waybill:conflict:*")
    assert client.hgetall(conflict)[b"first"] == b"a" and client.hgetall(conflict)[b"second"] == b"b"
    assert all(0 < client.ttl(key) <= 3600 for key in client.keys("waybill:mark:*")), "marks go by themselves"


def test_a_person_sees_marks_and_conflicts(guarded, workspace):
    client = connect(guarded)
    for name in ("o1", "o2:x", "o3"):
        apply(client, ["{a:b}:stock"], "inven:tory", "chair:1", name, digest="a")
    apply(client, ["plain"], "logistics", "x", "y")
    assert apply(client, ["{a:b}:stock"], "inven:tory", "chair:1", "o2:x", digest="b", message_id="m-9") == ["conflict"]
    listed = workspace.run("inbox", "list", "--json").expect().json["consumers"]
    assert [(one["consumer"], one["marks"], one["conflicts"]) for one in listed] == [("inven:tory", 3, 1),
                                                                                     ("logistics", 1, 0)]
    conflict, = workspace.run("inbox", "list", "--conflicts", "--json").expect().json["conflicts"]
    assert (conflict["unique_id"], conflict["fingerprint"]) == ("chair:1", "o2:x")
    assert (conflict["kept"]["digest"], conflict["refused"]["digest"], conflict["refused"]["message_id"]) == ("a", "b", "m-9")
    assert "o2:x" in workspace.run("inbox", "list", "--conflicts").expect().out
    purged = workspace.run("inbox", "purge", "--consumer", "*", "--older-than", "1d", "--yes")
    assert purged.code == 1 and "expire by themselves" in purged.err
    client.set("waybill:mark:{x}:odd", "")
    workspace.run("inbox", "list").expect()


def test_effects_are_all_or_none(guarded):
    client = connect(guarded)
    client.set(STOCK, 1)
    client.hset(ORDERS, "count", "many")
    keys = [STOCK, ORDERS, JOURNAL]
    sold = ["take", 1, 1, "hset", 2, "b1", "1", "hadd", 2, "units", 1, "journal", 3, 0, "order", "b1", 1, "id", "b1"]
    wrong = [(["take", 1, 1, "hadd", 2, "count", 1], "whole number"),
             (["take", 1, 1, "set", 2, "x", "hset", 1, "a", "b"], "needs a hash"),
             (["take", 1, 1, "take", 1, 1], "two effects"), (["hset", 2, "a", 1, "hset", 2, "a", 2], "two effects"),
             (["set", 3, "x", "hset", 3, "a", "b"], "two effects"), (["take", 3, 0, "journal", 3, 0, "n", "e", 0], "two"),
             (["take", 1, "-5"], "0 or more"), (["take", 1, "1e3"], "0 or more"), (["take", 1, "01"], "0 or more"),
             (["add", 1, "-0"], "whole number"),
             (["take", 1, 1, "journal", 3, 0, "order", "b1", 5, "id"], "lacks words"),
             (["eval", 1, "x"], "unknown effect"),
             (["take", 4, 1], "number of one of the keys")]
    for effects, words in wrong:
        with pytest.raises(redis.exceptions.ResponseError, match=words):
            apply(client, keys, "sale", "chair", "b1", *effects)
    for part in (("", "u", "f"), ("c", "", "f"), ("c", "u", ""), ("c" * 256, "u", "f"), ("c", "u", "f" * 256)):
        with pytest.raises(redis.exceptions.ResponseError, match="1 to 255"):
            apply(client, keys, *part)
    assert int(client.get(STOCK)) == 1 and client.xlen(JOURNAL) == 0 and not client.keys("waybill:mark:*")
    assert apply(client, keys, "sale", "chair", "b1", *sold)[0] == "new"
    assert apply(client, keys, "sale", "chair", "b2", *sold)[:2] == ["short", 0]
    assert client.xlen(JOURNAL) == 1 and client.hget(ORDERS, "units") == b"1"


def test_message_is_persisted_with_the_effect_or_not_at_all(guarded, workspace):
    """The news of an effect in the same step: what was not done is not told, what was done twice is told once."""
    client = connect(guarded)
    client.set(STOCK, 3)
    keys, outbox = [STOCK, "{waybill:0}:outbox"], "{waybill:0}:outbox"

    def sell(number, units):
        return apply(client, keys, "sale", "chair", f"o{number}", "take", 1, units, "send", 2, 3, "orders.created",
                     f"o{number}", json.dumps({"units": units}))
    fresh = sell(1, 2)
    assert fresh[0] == "new" and uuid.UUID(fresh[2]).version == 7
    assert [sell(1, 2), sell(2, 2)] == [["duplicate"], ["short", 1]]
    (entry, fields), = client.xrange(outbox)
    assert fields == {b"topic": b"orders.created", b"key": b"o1", b"payload": b'{"units": 2}'}
    for words, wrong in [(["send", 1, 1, "t"], "WRONGTYPE"), (["send", 2, 8, *"12345678"], "in this order"),
                         (["send", 2, 0], "in this order"), (["send", 2, 2, "t"], "lacks words"),
                         (["send", 3, 1, "t"], "number of one of the keys")]:
        with pytest.raises(redis.exceptions.ResponseError, match=wrong):
            apply(client, keys, "sale", "chair", "o3", "add", 1, 1, *words)
    with pytest.raises(redis.exceptions.ResponseError, match="waybill migrate"):
        apply(client, [STOCK, "{waybill:7}:outbox"], "sale", "chair", "o3", "send", 2, 1, "t")
    assert int(client.get(STOCK)) == 1 and client.xlen(outbox) == 1
    assert workspace.run("status", "--json").expect().json["stores"][0]["sending"] == 1


def test_marks_that_look_alike_are_apart(guarded):
    client = connect(guarded)
    for names in [("a", "b:c", "d"), ("a", "b", "c:d"), ("a:b", "c", "d"), ("a", "b", "c"), ("a:", "b", "c")]:
        assert apply(client, [STOCK], *names) == ["new"]


def _deliver(port, password, operations, seed):
    """A consumer that gets every operation at least once, in any order, and is killed at any moment."""
    client = redis.Redis(port=port, password=password, socket_timeout=30)
    chance = random.Random(seed)
    order = operations[:]
    chance.shuffle(order)
    for number, units in order:
        while True:
            try:
                apply(client, [STOCK, ORDERS, JOURNAL], "sale", "chair", f"o{number}", "take", 1, units, "hset", 2,
                      f"o{number}", units, "journal", 3, 0, "order", f"o{number}", 2, "id", f"o{number}", "units", units)
                break
            except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError):
                pause(0.05)


def test_consumers_and_server_killed_thousands_of_times(guarded, chance, scale):
    """The books balance: each operation took its units once, whoever was killed and however often it came."""
    client = connect(guarded)
    operations = [(number, chance.randrange(1, 4)) for number in range(3000)]
    total = sum(units for _, units in operations)
    client.set(STOCK, total + 7)
    for round_number in range(8 * scale):
        consumers = [multiprocessing.Process(target=_deliver, args=(guarded.port, guarded.password, operations,
                                                                    chance.random())) for _ in range(3)]
        for consumer in consumers:
            consumer.start()
        pause(chance.uniform(0.05, 0.4))
        if round_number % 3 == 2:
            guarded.kill()
            guarded.start()
        for consumer in consumers:
            consumer.kill()
            consumer.join()
    for _ in range(2):
        _deliver(guarded.port, guarded.password, operations, chance.random())
    client = connect(guarded)
    assert int(client.get(STOCK)) == 7
    assert client.hlen(ORDERS) == len(operations)
    assert client.xlen(JOURNAL) == len(operations)


# ---- cache first, with a timed sync ----

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
    sale.workspace.run("sync", "drop", "--entry", parked[0]["entry"], "--yes").expect()
    assert sale.workspace.run("sync", "retry", "--json").expect().json["applied"] == 1
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
