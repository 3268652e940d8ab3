"""A service's own database, spoken to in plain SQL: what any language can do."""

import json
import re
import sqlite3
import threading
import uuid

import psycopg
import pymysql
import pytest
import redis

# For tests of what each store must prove with its own server.
EVERY = pytest.mark.parametrize("store", ["sqlite", "postgresql", "mysql", "redis"], indirect=True)
EVERY_SQL = pytest.mark.parametrize("store", ["sqlite", "postgresql", "mysql"], indirect=True)


class Transaction:
    """One open transaction of a service: business rows and messages."""

    def __init__(self, store, connection):
        self.store = store
        self.connection = connection
        self.execute = connection.execute

    def order(self, number, key=None):
        self.execute(self.store.sql("INSERT INTO orders (number, key) VALUES (%s, %s)"), (number, key))

    def message(self, topic, payload, key=None, headers=None, id=None, **columns):
        """Adds a message; columns that are not given keep the table's default."""
        row = {"topic": topic, "payload": payload.encode() if isinstance(payload, str) else payload, **columns}
        for name, value in (("id", id), ("key", key)):
            if value is not None:
                row[name] = value
        if headers is not None:
            row["headers"] = headers if isinstance(headers, str) else json.dumps(headers)
        marks = ", ".join(["%s"] * len(row))
        self.execute(self.store.sql(f"INSERT INTO {self.store.outbox} ({', '.join(row)}) VALUES ({marks})"),
                     tuple(row.values()))


class _Scope:
    def __init__(self, store, connection):
        self.store, self.connection = store, connection

    def __enter__(self):
        if self.store.kind == "sqlite":
            self.connection.execute("BEGIN IMMEDIATE")
        return Transaction(self.store, self.connection)

    def __exit__(self, kind, *_):
        if kind is None:
            self.connection.commit()
        else:
            self.connection.rollback()


class Store:
    """Opens one connection a thread, as a service would."""

    def __init__(self, url):
        self.url = url
        self._local = threading.local()

    def transaction(self):
        """A context: commits at its end, rolls back on an exception."""
        return _Scope(self, self.connection())

    def connection(self):
        if getattr(self._local, "connection", None) is None:
            self._local.connection = self.connect()
        return self._local.connection

    def forget_connection(self):
        """After the server went away: the next use connects anew."""
        connection, self._local.connection = getattr(self._local, "connection", None), None
        if connection is not None:
            connection.close()

    def prepare(self):
        """The business tables."""
        self.query("CREATE TABLE IF NOT EXISTS orders (number integer PRIMARY KEY, key text)")
        self.query("CREATE TABLE IF NOT EXISTS key_counter (key varchar(255) PRIMARY KEY, value integer)")

    def count_up(self, transaction, key, count):
        """Adds to the key's counter and gives it; the row stays locked until the transaction's end."""
        return transaction.execute(self.sql(
            "INSERT INTO key_counter (key, value) VALUES (%s, %s) "
            "ON CONFLICT (key) DO UPDATE SET value = key_counter.value + excluded.value RETURNING value"),
            (key, count)).fetchone()[0]

    def committed(self):
        """The order numbers that are in the database: what was committed, also where the answer got lost."""
        self.forget_connection()
        return {number for (number,) in self.query("SELECT number FROM orders")}

    def query(self, sql, parameters=()):
        connection = self.connection()
        cursor = connection.execute(self.sql(sql), parameters)
        rows = [tuple(row) for row in cursor.fetchall()] if cursor.description else []
        connection.commit()
        return rows


class SQLite(Store):
    kind = "sqlite"
    outbox = "waybill_outbox"
    retry = "waybill_retry"

    def __init__(self, file):
        super().__init__(f"sqlite://{file}")
        self.file = file

    def connect(self):
        connection = sqlite3.connect(self.file, timeout=60, isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    @staticmethod
    def sql(text):
        return text.replace("%s", "?")


class PostgreSQL(Store):
    kind = "postgresql"
    outbox = "waybill.outbox"
    retry = "waybill.retry"

    def __init__(self, server, database):
        super().__init__(server.url(database))
        self.server, self.database = server, database

    def connect(self):
        return psycopg.connect(self.url, connect_timeout=10)

    @staticmethod
    def sql(text):
        return text


class _MySQLConnection:
    """A connection that executes by itself, as those of the other stores do."""

    def __init__(self, **options):
        self._connection = pymysql.connect(**options)
        self.commit, self.rollback = self._connection.commit, self._connection.rollback
        self.close = self._connection.close

    def execute(self, sql, parameters=()):
        cursor = self._connection.cursor()
        cursor.execute(sql, parameters or None)
        return cursor


class MySQL(Store):
    kind = "mysql"
    outbox = "waybill_outbox"
    retry = "waybill_retry"

    def __init__(self, server):
        self.server, self.database = server, f"shop_{uuid.uuid4().hex[:8]}"
        server.sql(f"CREATE DATABASE {self.database}")
        super().__init__(server.url(self.database))

    def connect(self):
        return _MySQLConnection(host="127.0.0.1", port=self.server.port, user=self.server.user,
                                password=self.server.password, database=self.database, charset="utf8mb4",
                                connect_timeout=10)

    @staticmethod
    def sql(text):
        """`key` is a word of the language."""
        return re.sub(r"\bkey\b", "`key`", text)

    def count_up(self, transaction, key, count):
        transaction.execute(self.sql("INSERT INTO key_counter (key, value) VALUES (%s, %s) "
                                     "ON DUPLICATE KEY UPDATE value = value + VALUES(value)"), (key, count))
        return transaction.execute(self.sql("SELECT value FROM key_counter WHERE key = %s"), (key,)).fetchone()[0]


class _RedisTransaction:
    """What a service does between MULTI and EXEC. WATCH on what it has read makes it fail when another was faster."""

    outbox = "{waybill:0}:outbox"

    def __init__(self, pipeline):
        self.pipeline = pipeline
        self.counted = {}

    def order(self, number, key=None):
        self._begin().hset("orders", number, key or "")

    def message(self, topic, payload, key=None, headers=None, id=None, **columns):
        if headers is not None and not isinstance(headers, str):
            headers = json.dumps(headers)
        self._begin().execute_command("FCALL", "waybill_send", 1, self.outbox, topic, key or "", payload,
                                      headers or "", columns.get("content_type", ""), columns.get("not_before", ""),
                                      id or "")

    def _begin(self):
        if not self.pipeline.explicit_transaction:
            self.pipeline.multi()
        return self.pipeline


class _RedisScope:
    def __init__(self, client):
        self.pipeline = client.pipeline(transaction=True)

    def __enter__(self):
        return _RedisTransaction(self.pipeline)

    def __exit__(self, kind, *_):
        if kind is None:
            self.pipeline.execute()
        else:
            self.pipeline.reset()


class Redis(Store):
    kind = "redis"

    def __init__(self, server, database):
        super().__init__(server.url(database))
        self.server, self.database = server, database

    def connect(self):
        return redis.Redis(port=self.server.port, password=self.server.password, db=self.database,
                           socket_connect_timeout=10, socket_timeout=30)

    def transaction(self):
        return _RedisScope(self.connection())

    def prepare(self):
        """The business data needs no preparation."""

    def count_up(self, transaction, key, count):
        pipeline = transaction.pipeline
        pipeline.watch(f"key_counter:{key}")
        value = int(pipeline.get(f"key_counter:{key}") or 0) + count
        pipeline.multi()
        pipeline.set(f"key_counter:{key}", value)
        return value

    def committed(self):
        self.forget_connection()
        return {int(number) for number in self.connection().hkeys("orders")}
