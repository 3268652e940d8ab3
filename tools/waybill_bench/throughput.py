"""How fast the relay drains an outbox, beside the bare publisher on the same broker."""

from .bed import Queue, Relay
from .processes import cpu_seconds, peak_memory_bytes, wait_until_calm


def _drain(queue, store, folder, count, measured):
    """Fills `count`, measures until `measured` of them have arrived: rate, relay's and server's CPU us a message."""
    relay = Relay(folder, store, queue)
    broker = queue.broker
    try:
        relay.migrate()
        store.fill(count)
        wait_until_calm(broker.process.pid)
        server = store.server_cpu()
        relay.start()
        rate = queue.rate_between(min(2000, measured // 10), measured)
        # The first messages are left out of the rate (connecting), not out of the CPU.
        arrived = queue.depth()
        own, server = cpu_seconds(relay.process.pid), store.server_cpu() - server
        memory = peak_memory_bytes(relay.process.pid)
        if measured == count:
            relay.stop()
        return rate, own / arrived * 1e6, server / arrived * 1e6, memory
    finally:
        relay.kill()
        queue.close()


def beside_the_raw_limit(report, broker, stores, folder, rounds, count, make=Queue, kinds=("quorum", "classic")):
    """Bare publisher and relay in turn, `rounds` times; the median of each. `make` gives a destination of a kind.

    The limit is what the broker takes of messages with the relay's properties; what it takes of the barest ones stands
    beside it."""
    report.heading(f"Rate: {count:,} messages of 256 bytes, window {make.window:,}, median of {rounds} rounds in turn")
    report.columns(make.label, "from", "messages/s", "of the raw limit", "of the barest", "CPU us a message", "database CPU us",
                   "peak MiB")
    for kind in kinds:
        bare = {"small": [], "alike": []}
        relays = {store.name: [] for store in stores}
        for _ in range(rounds):
            for shape, results in bare.items():
                results.append(_bare(make(broker, kind), count, shape))
            for store in stores:
                relays[store.name].append(_drain(make(broker, kind), store, folder, count, count))
                report.tick()
        _rows(report, kind, {shape: _medians(results) for shape, results in bare.items()},
              {name: _medians(results) for name, results in relays.items()})


def _bare(queue, count, shape):
    wait_until_calm(queue.broker.process.pid)
    try:
        return queue.bare(count, shape)
    finally:
        queue.close()


def _rows(report, kind, bare, relays):
    limit, barest = bare["alike"][0], bare["small"][0]
    for shape, name in (("small", "bare publisher, barest"), ("alike", "bare publisher, same properties")):
        rate, cpu = bare[shape]
        report.row(kind, name, f"{rate:,.0f}", f"{rate / limit:.2f}", f"{rate / barest:.2f}", f"{cpu:.1f}", "", "")
    for name, (rate, own, server, memory) in relays.items():
        report.row(kind, f"relay, {name}", f"{rate:,.0f}", f"{rate / limit:.2f}", f"{rate / barest:.2f}", f"{own:.1f}",
                   f"{server:.1f}" if server else "", f"{memory / 2**20:.0f}")
        report.figure(f"ratio {kind} {name}", rate / limit)
        report.figure(f"ratio to the barest {kind} {name}", rate / barest)


def _medians(results):
    return [median(column) for column in zip(*results)]


def by_backlog(report, broker, stores, folder, rounds, small, large):
    """The same rate whatever is waiting."""
    report.heading(f"Rate by backlog: {small:,} and {large:,} waiting, quorum queue")
    report.columns("from", f"{small:,} waiting", f"{large:,} waiting", "ratio", "peak MiB")
    for store in stores:
        low = median(_drain(Queue(broker, "quorum"), store, folder, small, small)[0] for _ in range(max(3, rounds)))
        report.tick()
        # Measured over its beginning only: the rest would measure the broker's own long queue.
        high, _, _, memory = _drain(Queue(broker, "quorum"), store, folder, large, min(large, 100_000))
        report.row(store.name, f"{low:,.0f}", f"{high:,.0f}", f"{high / low:.2f}", f"{memory / 2**20:.0f}")
        report.figure(f"backlog {store.name}", high / low)


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
