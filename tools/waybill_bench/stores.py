"""The stores that are measured: how they are filled, and what their servers use."""

import sqlite3
import subprocess

import psycopg
import pymysql
import redis

from .bed import BYTES
from .processes import tree_cpu_seconds


class _Sql:
    """What a service does for one order, by statements of the store's own kind."""

    def prepare(self, connection):
        connection.execute("CREATE TABLE IF NOT EXISTS bench_order (id varchar(64) PRIMARY KEY, placed text)")

    def commit_order(self, connection, name, payload):
        connection.execute(self.begin)
        connection.execute(self.order, (name,))
        connection.execute(self.insert, (name, payload))
        connection.execute("COMMIT")


class SQLite(_Sql):
    name = "SQLite"

    def __init__(self, folder):
        self.file = folder / "shop.db"
        self.url = f"sqlite://{self.file}"

    def connect(self):
        connection = sqlite3.connect(self.file, timeout=60, isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    def fill(self, count):
        with self.connect() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "INSERT INTO waybill_outbox (id, topic, payload) WITH RECURSIVE n(i) AS "
                "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT 'fill-' || hex(randomblob(8)), 'bench.fill', "
                f"zeroblob({BYTES}) FROM n", (count,))
            connection.execute("COMMIT")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def server_cpu(self):
        """There is no server: the relay's own CPU is all."""
        return 0.0

    order = "INSERT INTO bench_order VALUES (?, 'now')"
    insert = "INSERT INTO waybill_outbox (id, topic, payload) VALUES (?, 'bench.one', ?)"
    begin = "BEGIN IMMEDIATE"


class PostgreSQL(_Sql):
    name = "PostgreSQL"

    def __init__(self, server, database):
        self.server, self.database = server, database
        server.psql(f"CREATE DATABASE {database}")
        self.url = server.url(database)

    def connect(self):
        return psycopg.connect(self.url, autocommit=True)

    def fill(self, count):
        with self.connect() as connection:
            connection.execute("INSERT INTO waybill.outbox (topic, payload) SELECT 'bench.fill', "
                               f"decode(repeat('78', {BYTES}), 'hex') FROM generate_series(1, %s)", (count,))
            connection.execute("CHECKPOINT")

    def server_cpu(self):
        return tree_cpu_seconds(self.server.process.pid)

    def pgbench(self, script, folder, seconds=8, clients=2):
        """Transactions a second of an SQL script by PostgreSQL's own pgbench, and server CPU microseconds for each."""
        file = folder / "transaction.sql"
        file.write_text(script)
        before = self.server_cpu()
        done = subprocess.run([self.server.binaries / "pgbench", "-n", "-M", "prepared", "-f", file, "-c", str(clients),
                               "-j", "1", "-T", str(seconds), self.url], check=True, capture_output=True, text=True)
        cpu = self.server_cpu() - before
        count = int(done.stdout.split("number of transactions actually processed: ")[1].split()[0].split("/")[0])
        rate = float(done.stdout.split("tps = ")[1].split()[0])
        return rate, cpu / count * 1e6

    order = "INSERT INTO bench_order VALUES (%s, 'now')"
    insert = "INSERT INTO waybill.outbox (id, topic, payload) VALUES (%s, 'bench.one', %s)"
    begin = "BEGIN"


class _MySQLConnection:
    def __init__(self, **options):
        self._connection = pymysql.connect(autocommit=True, **options)
        self.close = self._connection.close

    def execute(self, sql, parameters=()):
        self._connection.cursor().execute(sql, parameters or None)


class MySQL(_Sql):
    name = "MariaDB"

    def __init__(self, server, database):
        self.server, self.database = server, database
        server.sql(f"CREATE DATABASE {database}")
        self.url = server.url(database)

    def connect(self):
        return _MySQLConnection(host="127.0.0.1", port=self.server.port, user=self.server.user,
                                password=self.server.password, database=self.database)

    def fill(self, count):
        self.connect().execute("INSERT INTO waybill_outbox (topic, payload) SELECT 'bench.fill', "
                               f"REPEAT('x', {BYTES}) FROM seq_1_to_{count}")

    def server_cpu(self):
        return tree_cpu_seconds(self.server.process.pid)

    order = "INSERT INTO bench_order VALUES (%s, 'now')"
    insert = "INSERT INTO waybill_outbox (id, topic, payload) VALUES (%s, 'bench.one', %s)"
    begin = "START TRANSACTION"


class Redis:
    name = "Redis"
    outbox = "{waybill:0}:outbox"

    def __init__(self, server, database):
        self.server, self.database = server, database
        self.url = server.url(database)

    def connect(self):
        return redis.Redis(port=self.server.port, password=self.server.password, db=self.database)

    def fill(self, count):
        connection, chunk = self.connect(), 5000
        for _ in range(0, count, chunk):
            pipeline = connection.pipeline(transaction=False)
            for _ in range(chunk):
                pipeline.execute_command("FCALL", "waybill_send", 1, self.outbox, "bench.fill", "", "x" * BYTES)
            pipeline.execute()

    def server_cpu(self):
        return tree_cpu_seconds(self.server.process.pid)

    def prepare(self, connection):
        """Hashes need no preparation."""

    def commit_order(self, connection, name, payload):
        pipeline = connection.pipeline(transaction=True)
        pipeline.hset("bench_order", name, "now")
        pipeline.execute_command("FCALL", "waybill_send", 1, self.outbox, "bench.one", "", payload, "", "", "", name)
        pipeline.execute()
