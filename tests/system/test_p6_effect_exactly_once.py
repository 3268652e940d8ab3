"""P6: with a guard of the inbox the effect of a message happens exactly once. Spoken to in SQL, from Python."""

import hashlib
import sqlite3
import threading
import uuid

import psycopg
import pytest


@pytest.fixture
def database(postgresql_store, workspace):
    workspace.configure(postgresql_store.url, "amqp://127.0.0.1:1", [{"topic": "*", "exchange": ""}])
    workspace.run("migrate").expect()
    postgresql_store.query("CREATE TABLE stock (product text PRIMARY KEY, units integer, version bigint DEFAULT 1)")
    postgresql_store.query("INSERT INTO stock VALUES ('chair', 1000000, 1)")
    return postgresql_store


def once(connection, product, operation, digest=None, message_id=None):
    return connection.execute("SELECT waybill.once('inventory', %s, %s, %s, %s)",
                              (product, operation, digest, message_id)).fetchone()[0]


def test_new_then_duplicate(database):
    with database.connect() as connection:
        assert once(connection, "chair", "order 1 line 1") == "new"
        connection.commit()
        assert once(connection, "chair", "order 1 line 1") == "duplicate"
        assert once(connection, "chair", "order 1 line 2") == "new", "another operation on the same product"
        connection.rollback()
        assert once(connection, "chair", "order 1 line 2") == "new", "a rolled-back mark is none"


def test_conflict_keeps_both_versions(database):
    first, second = (hashlib.sha256(text).hexdigest() for text in (b"3 chairs", b"4 chairs"))
    with database.connect() as connection:
        assert once(connection, "chair", "order 1", first, "m1") == "new"
        assert once(connection, "chair", "order 1", first, "m1") == "duplicate"
        assert once(connection, "chair", "order 1", second, "m2") == "conflict"
        connection.commit()
        kept = connection.execute("SELECT kept_digest, digest FROM waybill.inbox_conflict").fetchall()
    assert kept == [(first, second)]


@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_two_consumers_with_the_same_id_at_once(database, level):
    """Fault case 33: one applies the effect; the others answer duplicate or an error that can be retried."""
    operations = [f"order {number}" for number in range(60)]
    surprises = []

    def consume():
        with database.connect() as connection:
            for operation in operations:
                while True:
                    try:
                        connection.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
                        if once(connection, "chair", operation) == "new":
                            connection.execute("UPDATE stock SET units = units - 1 WHERE product = 'chair'")
                        connection.commit()
                        break
                    except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected):
                        connection.rollback()
                    except psycopg.Error as error:
                        surprises.append(error)
                        return
    threads = [threading.Thread(target=consume) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not surprises
    assert database.query("SELECT units FROM stock") == [(1000000 - 60,)]


def test_consumer_killed_between_effect_and_commit(database, postgresql, chance):
    """Fault case 32: sessions are ended by the server at random steps; the books balance in the end."""
    for number in range(40):
        while True:
            connection = database.connect()
            try:
                if once(connection, "chair", f"order {number}") == "new":
                    connection.execute("UPDATE stock SET units = units - 1 WHERE product = 'chair'")
                if chance.random() < 0.4:
                    pid = connection.info.backend_pid
                    postgresql.psql(f"SELECT pg_terminate_backend({pid})")
                connection.commit()
                # Delivered again although it was committed: the acknowledgement got lost.
                if chance.random() < 0.3:
                    continue
                break
            except psycopg.OperationalError:
                continue
            finally:
                connection.close()
    assert database.query("SELECT units FROM stock") == [(1000000 - 40,)]


def test_message_older_than_the_oldest_mark_is_expired(database, workspace):
    """A mark that retention has removed must not make its message new again."""
    old = str(uuid.UUID(int=(1_600_000_000_000 << 80) | (7 << 76) | (2 << 62) | 5))
    with database.connect() as connection:
        assert once(connection, "chair", "order old", message_id=old) == "new"
        connection.commit()
    database.query("SELECT waybill.inbox_purge('*', interval '0')")
    database.query("SELECT waybill.inbox_purge('*', interval '0')")
    with database.connect() as connection:
        assert once(connection, "chair", "order old", message_id=old) in ("expired", "duplicate")


def test_version_guard(database):
    with database.connect() as connection:
        bump = "SELECT waybill.bump_version('stock', 'product', 'version', 'chair', %s)"
        assert connection.execute(bump, (1,)).fetchone() == ("applied",)
        assert connection.execute(bump, (1,)).fetchone() == ("stale",)
        assert connection.execute(bump, (2,)).fetchone() == ("applied",)


def test_sqlite_insert_that_does_nothing_on_a_repeat(sqlite_store, workspace):
    """The contract for other languages on SQLite: one INSERT, and the number of rows tells."""
    workspace.configure(sqlite_store.url, "amqp://127.0.0.1:1", [{"topic": "*", "exchange": ""}])
    workspace.run("migrate").expect()
    with sqlite3.connect(sqlite_store.file) as connection:
        insert = "INSERT OR IGNORE INTO waybill_inbox (consumer, unique_id, fingerprint) VALUES ('inventory', 'chair', ?)"
        assert connection.execute(insert, ("order 1",)).rowcount == 1
        assert connection.execute(insert, ("order 1",)).rowcount == 0
        assert connection.execute(insert, ("order 2",)).rowcount == 1
