"""What the outbox row adds to a business transaction."""

import time

from .bed import BYTES

_ORDER = "INSERT INTO bench_business (customer, total) VALUES ('customer', 42);\n"
_MESSAGE = f"INSERT INTO waybill.outbox (topic, key, payload) VALUES ('bench.one', '17', decode(repeat('78', {BYTES}), 'hex'));\n"
_PLAIN = f"INSERT INTO bench_plain (topic, key, payload) VALUES ('bench.one', '17', decode(repeat('78', {BYTES}), 'hex'));\n"


def added_by_the_outbox_row(report, stores, folder):
    report.heading("Cost of the outbox row in a business transaction (no relay running)")
    report.columns("store", "transaction", "commits/s", "CPU us a commit")
    measures = {"PostgreSQL": _postgresql, "SQLite": _sqlite}
    for store in stores:
        if store.name in measures:
            measures[store.name](report, store, folder)


def _postgresql(report, store, folder):
    with store.connect() as connection:
        connection.execute("CREATE TABLE bench_business (id bigserial PRIMARY KEY, customer text, total integer)")
        connection.execute("CREATE TABLE bench_plain (id bigserial PRIMARY KEY, topic text, key text, payload bytea)")
    for name, body in (("order alone", _ORDER), ("order and a row of a plain table", _ORDER + _PLAIN),
                       ("order and its outbox row", _ORDER + _MESSAGE)):
        rate, cpu = store.pgbench(f"BEGIN;\n{body}COMMIT;\n", folder)
        report.row(store.name, name, f"{rate:,.0f}", f"{cpu:.0f}")
        report.tick()


def _sqlite(report, store, _folder):
    connection = store.connect()
    connection.execute("CREATE TABLE IF NOT EXISTS bench_business (id integer PRIMARY KEY, customer text, total integer)")
    payload = b"x" * BYTES
    for name, with_message in (("order alone", False), ("order and its outbox row", True)):
        count, began, cpu = 3000, time.monotonic(), time.process_time()
        for number in range(count):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO bench_business (customer, total) VALUES ('customer', 42)")
            if with_message:
                connection.execute(store.insert, (f"cost-{began}-{number}", payload))
            connection.execute("COMMIT")
        rate, used = count / (time.monotonic() - began), (time.process_time() - cpu) / count * 1e6
        report.row(store.name, name, f"{rate:,.0f}", f"{used:.0f}")
        report.tick()
    connection.close()
