"""Stores on which the promises would not hold are refused, with the reason and the remedy."""

import contextlib
import os
import subprocess
import threading
from pathlib import Path

import pytest

import waybill_services as services
from harness import binary, stores
from harness.audit import audit
from harness.stores import EVERY
from harness.traffic import send
from waybill_services import wait_until


def persist(store, count):
    names = {f"m-{number}" for number in range(count)}
    with store.transaction() as transaction:
        for name in sorted(names):
            transaction.message("orders.created", "x", id=name)
    return names


def test_transaction_pooler_is_refused(postgresql_store, postgresql, shop, workspace, topology):
    """Fault case 30: pgbouncer in transaction mode."""
    shop(postgresql_store)
    with services.PgBouncer(postgresql) as pooler:
        workspace.configure(pooler.url(postgresql_store.database), topology.broker.url(),
                            [{"topic": "orders.*", "exchange": topology.exchange}])
        relay = workspace.relay()
        assert relay.wait(30) == 1, relay.text()
        assert "pool" in relay.text().lower(), relay.text()
        doctor = workspace.run("doctor", "--json")
        assert doctor.code == 1, doctor.out + doctor.err
        assert "pool" in doctor.out.lower()


def test_dump_and_restore_into_another_server(postgresql_store, postgresql, shop, workspace, topology):
    """Fault case 28: refused with the reason, and one command makes the waiting rows visible again; nothing is lost."""
    queue = shop(postgresql_store)
    consumer = topology.consume(queue)
    with postgresql_store.transaction() as transaction:
        for number in range(50):
            transaction.message("orders.created", "x", id=f"sent-{number}")
    assert workspace.relay("--drain").wait() == 0
    waiting = {f"waiting-{number}" for number in range(50)}
    with postgresql_store.transaction() as transaction:
        for name in sorted(waiting):
            transaction.message("orders.created", "x", id=name)
    dump = postgresql.tool("pg_dump", postgresql_store.url)
    with services.PostgreSQL() as moved:
        moved.psql("CREATE DATABASE shop")
        moved.tool("psql", "-Xq", "-v", "ON_ERROR_STOP=1", moved.url("shop"), text=dump)
        restored = stores.PostgreSQL(moved, "shop")
        workspace.configure(restored.url, topology.broker.url(), [{"topic": "orders.*", "exchange": topology.exchange}])
        relay = workspace.relay()
        assert relay.wait(30) == 1, relay.text()
        assert "restamp" in relay.text(), relay.text()
        workspace.run("migrate", "--restamp").expect()
        assert workspace.relay("--drain").wait() == 0
        consumer.wait_ids(waiting)
        restored.forget_connection()


def test_standby_is_refused(tmp_path, workspace, topology):
    """Fault case 29: a relay pointed at a standby says so."""
    with services.PostgreSQL() as primary:
        primary.psql("CREATE DATABASE shop")
        store = stores.PostgreSQL(primary, "shop")
        workspace.configure(store.url, topology.broker.url(), [{"topic": "orders.*", "exchange": topology.exchange}])
        workspace.run("migrate").expect()
        primary.stop()
        (primary.data / "standby.signal").touch()
        primary.start()
        relay = workspace.relay()
        assert relay.wait(30) == 1, relay.text()
        assert "standby" in relay.text().lower(), relay.text()


def test_missing_tables_name_the_remedy(store, workspace, topology):
    workspace.configure(store.url, topology.broker.url(), [{"topic": "orders.*", "exchange": topology.exchange}])
    store.query("SELECT 1")
    relay = workspace.relay()
    assert relay.wait(30) == 1, relay.text()
    assert "waybill migrate" in relay.text()
    answer = workspace.run("send", "--topic", "orders.created", "--payload", "x")
    assert answer.code == 1 and "waybill migrate" in answer.err


def test_newer_tables_are_refused(store, shop, workspace):
    """Fault case 44: a binary that is older than the tables refuses politely."""
    shop(store)
    meta = "waybill.meta" if store.kind == "postgresql" else "waybill_meta"
    store.query(f"UPDATE {meta} SET value = '99' WHERE {_name_column(store, meta)} = 'schema_version'")
    relay = workspace.relay()
    assert relay.wait(30) == 1, relay.text()
    assert "newer" in relay.text() or "99" in relay.text(), relay.text()
    workspace.run("migrate").expect(1)


def _make_older(store):
    """Makes the tables, or the keys, those of the version before operations and pauses."""
    if store.kind == "redis":
        store.connection().hset("{waybill:0}:lane", "version", 1)
        return
    prefix = "waybill." if store.kind == "postgresql" else "waybill_"
    store.query(f"DROP TABLE {prefix}operation")
    store.query(f"DROP TABLE {prefix}operation_result")
    store.query(f"DROP TABLE {prefix}pause")
    version = 2 if store.kind == "mysql" else 1
    store.query(f"UPDATE {prefix}meta SET value = '{version}' WHERE name = 'schema_version'")


def _drop_tables(store):
    """Takes all of Waybill's away, as a restore of an old dump or a hand that errs does."""
    if store.kind == "redis":
        store.connection().flushdb()
    elif store.kind == "postgresql":
        store.query("DROP SCHEMA waybill CASCADE")
    else:
        for name in _tables(store):
            store.query(f"DROP TABLE {name}")


def _tables(store):
    tables = "SHOW TABLES" if store.kind == "mysql" else "SELECT name FROM sqlite_master WHERE type = 'table'"
    return [name for (name,) in store.query(tables) if name.startswith("waybill_")]


@EVERY
def test_tables_dropped_under_a_running_relay_are_waited_for(store, shop, workspace, topology):
    """The remedy is `waybill migrate`, no restart: until then the relay serves its other stores and says what it lacks."""
    consumer = topology.consume(shop(store))
    relay = workspace.relay()
    send(store, ["before"])
    consumer.wait_ids({"before"})
    wait_until(lambda: workspace.sending() == 0, 20, "the ack to be settled")
    _drop_tables(store)
    relay.wait_logged("waybill migrate", 30)
    with pytest.raises(subprocess.TimeoutExpired):
        relay.process.wait(3)  # longer than a try and a look at what ends the relay
    assert workspace.run("status").expect(1).err.count("waybill migrate") == 1
    workspace.run("migrate").expect()
    send(store, ["after"])
    consumer.wait_ids({"before", "after"}, 30)


@EVERY
def test_older_tables_are_upgraded_with_what_is_in_them(store, shop, workspace, topology):
    queue = shop(store)
    send(store, ["before"])
    _make_older(store)
    relay = workspace.relay()
    assert relay.wait(30) == 1 and "waybill migrate" in relay.text(), relay.text()
    if store.kind != "redis":
        assert "operation" in workspace.run("migrate", "--print").expect().out
    workspace.run("migrate").expect()
    workspace.run("migrate").expect()
    consumer = topology.consume(queue)
    assert workspace.relay("--drain").wait() == 0
    consumer.wait_ids({"before"})
    workspace.run("operations", "list").expect(4)


def _name_column(store, table):
    cursor = store.connection().execute(f"SELECT * FROM {table} LIMIT 0")
    names = [column[0] for column in cursor.description]
    store.connection().commit()
    return next(name for name in names if name != "value")


def test_unreachable_store_is_exit_code_3(workspace, topology):
    workspace.configure("postgresql://127.0.0.1:1/shop", topology.broker.url(),
                        [{"topic": "orders.*", "exchange": topology.exchange}])
    for command in (["migrate"], ["send", "--topic", "orders.created", "--payload", "x"], ["failed", "list"]):
        answer = workspace.run(*command)
        assert answer.code == 3, (command, answer.code, answer.err)
        assert "127.0.0.1" in answer.err, answer.err


def test_wrong_password_is_named_and_never_shown(postgresql_store, workspace, topology):
    url = postgresql_store.server.url(postgresql_store.database, password="wrong-secret")
    workspace.configure(url, topology.broker.url(), [{"topic": "orders.*", "exchange": topology.exchange}])
    answer = workspace.run("migrate").expect(3)
    assert "password" in answer.err.lower() and "wrong-secret" not in answer.out + answer.err


def test_wrong_password_of_the_broker_is_shown_as_down(sqlite_store, shop, workspace, topology):
    shop(sqlite_store, broker_url=topology.broker.url(password="wrong-secret"))
    with sqlite_store.transaction() as transaction:
        transaction.message("orders.created", "x", id="waits")
    relay = workspace.relay()
    relay.wait_logged("ACCESS_REFUSED", 20)
    assert "wrong-secret" not in relay.text()
    assert wait_until(lambda: workspace.status()["routes"][0]["state"] == "down", 20, "the route to be down")
    assert workspace.sending() == 1 and workspace.failed() == []


def fill(file):
    """Writes until the file system has no block left."""
    with contextlib.suppress(OSError), open(file, "wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))


def powerless():
    """Root may write everything: run without that privilege."""
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []


def test_read_only_file_is_named(sqlite_store, shop, workspace):
    """Fault case 39: without the right to write, the error names the file, and the relay does not pretend to work."""
    shop(sqlite_store)
    sqlite_store.forget_connection()
    sqlite_store.file.chmod(0o444)
    answer = workspace.run("send", "--topic", "orders.created", "--payload", "x", prefix=powerless()).expect(1)
    assert "shop.db" in answer.err and "read" in answer.err.lower(), answer.err


@pytest.fixture
def on_a_small_disk(sqlite_store, shop, workspace):
    """on_a_small_disk(script) runs a shell script where the store lies on a file system of 1,000 KiB; `{small}` is its
    folder."""
    def run(script):
        shop(sqlite_store)
        sqlite_store.query("PRAGMA wal_checkpoint(TRUNCATE)")
        sqlite_store.forget_connection()
        small = workspace.folder / "small"
        small.mkdir()
        workspace.config.write_text(workspace.config.read_text().replace(str(sqlite_store.file), str(small / "shop.db")))
        prepared = f"mount -t tmpfs -o size=1000k tmpfs {small} && cp {sqlite_store.file} {small}/shop.db"
        return subprocess.run(["unshare", "--map-root-user", "--mount", "sh", "-c", f"{prepared} && {{ {script.format(small=small)}; }}"],
                              capture_output=True, text=True, timeout=60, check=False)
    return run


def test_full_disk_is_named_and_loses_nothing(on_a_small_disk, workspace):
    """Fault case 39: a file system of a few hundred KiB fills up; the message is refused and what was there stays."""
    waybill = f"{binary.path()} -c {workspace.config}"
    send = f"{waybill} send --topic orders.created"
    done = on_a_small_disk(f"{send} --id kept --payload x && head -c 900000 /dev/zero | {send} --id large -; echo ended with $?; "
                           f"{waybill} explain kept && echo kept is there")
    assert "ended with 1" in done.stdout, done.stdout + done.stderr
    assert "full" in done.stderr and "kept is there" in done.stdout, done.stdout + done.stderr


def test_a_disk_that_was_full_before_is_named_too(on_a_small_disk, workspace):
    """Fault case 39: without room for its shared memory SQLite speaks of an I/O error only."""
    waybill = f"{binary.path()} -c {workspace.config}"
    send = f"{waybill} send --topic orders.created --payload x"
    done = on_a_small_disk(f"cat /dev/zero > {{small}}/rest 2>/dev/null; {waybill} status --json; {send}; timeout 3 {waybill} relay; "
                           f"rm {{small}}/rest; {send} && echo goes on")
    assert '"code": "disk_full"' in done.stdout and "goes on" in done.stdout, done.stdout + done.stderr
    assert done.stderr.count("shop.db: disk I/O error: No space left on device; free space on the disk") >= 3, done.stderr


def test_relay_on_a_read_only_file_says_so_and_loses_nothing(sqlite_store, shop, workspace, topology):
    """Fault case 39: it names the file and publishes nothing it could not account for; a later relay sends it all."""
    queue = shop(sqlite_store)
    names = persist(sqlite_store, 100)
    sqlite_store.forget_connection()
    sqlite_store.file.chmod(0o444)
    relay = workspace.relay(prefix=powerless())
    assert relay.wait(20) == 1, relay.text()
    assert f"{sqlite_store.file} can't be written; check the permissions of the file" in relay.text()
    assert topology.depth(queue) == 0
    sqlite_store.file.chmod(0o644)
    assert workspace.relay("--drain").wait() == 0
    consumer = topology.consume(queue)
    consumer.wait_ids(names)
    assert consumer.count() == len(names)


def test_running_relay_on_a_full_disk_says_so_and_loses_nothing(sqlite_store, shop, workspace, topology, gate):
    """Fault case 39: the disk fills up while it works: it stops publishing, goes on by itself once there is room, and
    sends nothing twice but what it could not settle, flagged."""
    queue = shop(sqlite_store, relay={"unsettled": 200, "window": 100}, broker_url=gate.url(topology.broker.url()))
    consumer = topology.consume(queue)
    names = persist(sqlite_store, 1000)
    sqlite_store.query("PRAGMA wal_checkpoint(TRUNCATE)")
    sqlite_store.forget_connection()
    small = workspace.folder / "small"
    small.mkdir()
    workspace.config.write_text(workspace.config.read_text().replace(str(sqlite_store.file), str(small / "shop.db")))
    gate.delay = 0.3  # A broker slow enough for the disk to fill up in the middle.
    relay = workspace.relay(prefix=["unshare", "--map-root-user", "--mount", "sh", "-c",
                                    f"mount -t tmpfs -o size=2000k tmpfs {small} && cp {sqlite_store.file} {small} && "
                                    'exec "$@"', "sh"],
                            environment={"WAYBILL_CORE": "1"})  # else its file system is closed to its own user
    consumer.wait_count(100)
    inside = Path(f"/proc/{relay.pid}/root{small}")
    fill(inside / "filler")
    relay.wait_logged("database or disk is full", 20)
    # What was on its way when the store was lost has arrived.
    threading.Event().wait(2)
    published = consumer.count()
    threading.Event().wait(2)
    assert relay.alive(), relay.text()
    assert consumer.count() == published < len(names), "published though it can account for nothing"
    gate.delay = 0
    (inside / "filler").unlink()
    consumer.wait_ids(names)
    beside = ["nsenter", "--preserve-credentials", "-U", "-m", "-t", str(relay.pid)]
    wait_until(lambda: workspace.run("status", "--json", prefix=beside).expect().json["stores"][0]["sending"] == 0, 30,
               "an empty outbox")
    assert relay.stop() == 0
    audit(names, consumer.deliveries).expect(most_sent_twice=200)
