"""The stores that are measured: how they are filled, and what their servers use."""

import sqlite3
import subprocess

import psycopg

from .bed import BYTES
from .processes import tree_cpu_seconds


class SQLite:
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

    insert = "INSERT INTO waybill_outbox (id, topic, payload) VALUES (?, 'bench.one', ?)"
    begin = "BEGIN IMMEDIATE"


class PostgreSQL:
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

    insert = "INSERT INTO waybill.outbox (id, topic, payload) VALUES (%s, 'bench.one', %s)"
    begin = "BEGIN"
