"""What each guard adds to the business transaction that it protects: both from one run, in turn."""

import json
import subprocess

from .bed import BUILD, WAYBILL
from .processes import tree_cpu_seconds
from .throughput import median

_PRODUCTS = 1000
_STOCK = ("CREATE TABLE bench_stock (product varchar(64) PRIMARY KEY, version bigint NOT NULL, units bigint NOT NULL)",
          "INSERT INTO bench_stock VALUES " +
          ", ".join(f"('product-{number}', 1, 1000000000)" for number in range(_PRODUCTS)))
# Beside what each is compared: the same change of the same row without the guard.
_SQL = (("bare", "once"), ("read", "version"))
_CLIENTS = 4


def _rate(kind, guard, clients, seconds, urls, server):
    """Operations a second, mean and p99 microseconds, server CPU microseconds an operation."""
    before = tree_cpu_seconds(server) if server else 0.0
    done = subprocess.run([BUILD / "bench" / "guard_rate", kind, guard, str(clients), str(seconds), *urls], check=False,
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    rate, mean, p99 = map(float, done.stdout.split())
    used = tree_cpu_seconds(server) - before if server else 0.0
    return rate, mean, p99, used / (rate * seconds) * 1e6


def _compare(report, where, names, kinds, clients, urls, server, rounds, seconds):
    """The bare transaction and the guarded one in turn; a row for each."""
    figures = {guard: [] for guard in kinds[1]}
    for _ in range(rounds):
        for guard in figures:
            figures[guard].append(_rate(kinds[0], guard, clients, seconds, urls, server))
            report.tick()
    bare, guarded = ([median(column) for column in zip(*figures[guard])] for guard in kinds[1])
    for name, (rate, mean, p99, cpu) in zip(names, (bare, guarded)):
        report.row(where, name, f"{rate:,.0f}", f"{rate / bare[0]:.2f}", f"{mean:.0f}", f"{mean - bare[1]:+.0f}",
                   f"{p99:.0f}", f"{cpu:.0f}" if server else "")
    report.figure(f"guard {where} {kinds[1][1]}", guarded[0] / bare[0])


def beside_the_bare_transaction(report, stores, rounds, seconds):
    report.heading(f"Guards: one change of a row in a transaction, {_CLIENTS} clients (SQLite: 1), median of {rounds}")
    report.columns("where", "transaction", "a second", "ratio", "mean us", "added us", "p99 us", "server CPU us")
    by_name = {store.name: store for store in stores}
    for name, kind in (("PostgreSQL", "postgresql"), ("SQLite", "sqlite"), ("MariaDB", "mysql")):
        if name not in by_name:
            continue
        store = by_name[name]
        _prepare(store)
        clients = 1 if kind == "sqlite" else _CLIENTS
        for pair, names in zip(_SQL, (("a change", "`once`, and the change"), ("read and change", "`version`"))):
            _compare(report, name, names, (kind, pair), clients, [store.url], _server(store), rounds, seconds)
    if "Redis" not in by_name:
        return
    redis = by_name["Redis"]
    _fill(redis)
    for guard, words in (("redis", "`redis`: mark and effect"), ("cache", "the same with a journal entry")):
        _compare(report, "Redis", ("DECRBY", words), ("redis", ("bare", guard)), _CLIENTS, [redis.url], _server(redis),
                 rounds, seconds)
    if "PostgreSQL" in by_name:
        _compare(report, "Redis and PostgreSQL", ("DECRBY, then a change", "both or neither"), ("both", ("neither", "both")),
                 _CLIENTS, [redis.url, by_name["PostgreSQL"].url], None, rounds, seconds)


def by_shards(report, server, folder, rounds, seconds, marks):
    """`once` over 1, 2 and 4 databases that hold `marks` marks together, beside the same empty."""
    report.heading(f"Sharded `once`: {marks:,} marks in 1, 2 and 4 databases of one server, {_CLIENTS} clients")
    report.columns("databases", "marks", "a second", "of 1 database, empty", "mean us", "p99 us", "server CPU us", "GiB")
    first = None
    for count in (1, 2, 4):
        urls = _shards(server, folder, count)
        for filled in (0, marks):
            if filled:
                _add_marks(server, urls, filled)
                report.tick()
            results = [_rate("sharded", "once", _CLIENTS, seconds, [f"{name}={url}" for name, url in urls.items()],
                             server.process.pid) for _ in range(rounds)]
            rate, mean, p99, cpu = (median(column) for column in zip(*results))
            first = first or rate
            size = sum(int(server.psql("SELECT pg_database_size(current_database())", database=name)) for name in urls)
            report.row(count, f"{filled:,}", f"{rate:,.0f}", f"{rate / first:.2f}", f"{mean:.0f}", f"{p99:.0f}", f"{cpu:.0f}",
                       f"{size / 2**30:.1f}")
            report.figure(f"sharded once {count} with {filled}", rate / first)
        for name in urls:
            server.psql(f"DROP DATABASE {name}")


def _server(store):
    return store.server.process.pid if hasattr(store, "server") else None


def _prepare(store):
    connection = store.connect()
    for statement in _STOCK:
        connection.execute(statement)
    connection.close()


def _fill(store):
    pipeline = store.connect().pipeline()
    for number in range(_PRODUCTS):
        pipeline.set(f"{{bench}}:product-{number}", 1_000_000_000)
    pipeline.execute()


def _shards(server, folder, count):
    """Databases in use as one inbox, by name."""
    names = [f"shard_{count}_{number}" for number in range(count)]
    for name in names:
        server.psql(f"CREATE DATABASE {name}")
    urls = {name: server.url(name) for name in names}
    config = folder / f"shards-{count}.toml"
    config.write_text("".join(f'[store.{name}]\nurl = "{url}"\n' for name, url in urls.items()) +
                      f"[inbox]\nshards = {json.dumps(names)}\n")
    for command in (["migrate"], ["inbox", "shards", "apply"]):
        subprocess.run([WAYBILL, *command, "-c", config], check=True, capture_output=True)
    for name in names:
        for statement in _STOCK:
            server.psql(statement, database=name)
    return urls


def _add_marks(server, urls, marks):
    """As `once` would have left them, of a hundred thousand things."""
    for name in urls:
        server.psql("INSERT INTO waybill.inbox (generation, consumer, unique_id, fingerprint, digest) SELECT 0, 'bench', "
                    "'thing-' || i % 100000, 'order-' || i, md5(i::text) || md5((-i)::text) "
                    f"FROM generate_series(1, {marks // len(urls)}) i", database=name)
        server.psql("VACUUM ANALYZE waybill.inbox", database=name)
    server.psql("CHECKPOINT")
