"""The Redis store beside plain streams: what a message costs the server to persist, and to be taken out again."""

import time

from .bed import BYTES, Queue, Relay

_GROUP, _CHUNK = "bench", 1000


def beside_plain_streams(report, broker, store, folder, count):
    report.heading(f"Redis: {count:,} messages in pipelines of {_CHUNK:,}, one connection, `appendfsync always`")
    report.columns("what", "messages/s", "server CPU us a message")
    server = store.connect()
    queue = Queue(broker, "quorum")
    relay = Relay(folder, store, queue)
    try:
        relay.migrate()
        plain = _measure(report, store, "XADD", count, lambda: _add(server, count, "XADD", "bench:stream", "*", "topic",
                                                                    "bench.fill", "payload", "x" * BYTES))
        ours = _measure(report, store, "FCALL waybill_send", count, lambda: store.fill(count))
        report.figure("redis persist", ours / plain)
        _measure(report, store, "XREADGROUP, XACK and XDEL", count, lambda: _take(server, count))
        _measure(report, store, "the relay, to a quorum queue", count, lambda: _drain(relay, queue, count))
        relay.stop()
    finally:
        relay.kill()
        queue.close()


def _measure(report, store, name, count, work):
    cpu, began = store.server_cpu(), time.monotonic()
    work()
    rate, used = count / (time.monotonic() - began), (store.server_cpu() - cpu) / count * 1e6
    report.row(name, f"{rate:,.0f}", f"{used:.1f}")
    report.tick()
    return rate


def _add(server, count, *command):
    for _ in range(0, count, _CHUNK):
        pipeline = server.pipeline(transaction=False)
        for _ in range(_CHUNK):
            pipeline.execute_command(*command)
        pipeline.execute()


def _take(server, count):
    server.xgroup_create("bench:stream", _GROUP, "0")
    taken = 0
    while taken < count:
        (_, entries), = server.xreadgroup(_GROUP, "one", {"bench:stream": ">"}, count=_CHUNK)
        ids = [name for name, _ in entries]
        pipeline = server.pipeline(transaction=False)
        pipeline.xack("bench:stream", _GROUP, *ids)
        pipeline.xdel("bench:stream", *ids)
        pipeline.execute()
        taken += len(ids)


def _drain(relay, queue, count):
    relay.start()
    queue.rate_between(1, count)
