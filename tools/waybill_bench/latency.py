"""From commit to consumer, at a steady rate of commits, and what the relay costs the database meanwhile."""

import subprocess
import threading
import time
from multiprocessing import Process, Queue as Channel

from .bed import BUILD, BYTES, Queue, Relay


def _commit_steadily(store, rate, count, results):
    """Commits `count` orders, `rate` a second; gives when each commit was done."""
    connection = store.connect()
    store.prepare(connection)
    run, done, payload = time.monotonic_ns(), [], b"x" * BYTES
    began = time.monotonic()
    for number in range(count):
        wait = began + number / rate - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        name = f"{run}-{number}"
        store.commit_order(connection, name, payload)
        done.append((name, time.monotonic_ns()))
    connection.close()
    results.put((done, time.monotonic() - began))


def _run(store, rate, count):
    """Server CPU seconds, and the commit times, of one steady run in a process of its own."""
    results = Channel()
    before = store.server_cpu()
    writer = Process(target=_commit_steadily, args=(store, rate, count, results))
    writer.start()
    done, seconds = results.get()
    writer.join()
    return store.server_cpu() - before, done, count / seconds


def commit_to_consumer(report, broker, stores, folder, rate, seconds):
    report.heading(f"Commit to consumer at {rate} commits/s for {seconds} s, quorum queue")
    report.columns("from", "p50 ms", "p95 ms", "p99 ms", "worst ms", "commits/s", "database CPU, relay on / off")
    count = rate * seconds
    for store in stores:
        queue = Queue(broker, "quorum")
        relay = Relay(folder, store, queue)
        relay.migrate()
        alone, _, _ = _run(store, rate, count // 2)
        relay.start()
        # What was committed while the relay was off is not part of the figures.
        _drained(queue, count // 2)
        queue.channel.queue_purge(queue.name)
        consumer = subprocess.Popen([BUILD / "bench" / "arrival_times", str(broker.port), queue.name, str(count)],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        consumer.stderr.readline()
        printed = []
        reader = threading.Thread(target=lambda: printed.append(consumer.stdout.read()))
        reader.start()
        with_relay, done, reached = _run(store, rate, count)
        reader.join(60)
        consumer.wait(10)
        relay.stop()
        queue.close()
        arrived = {name: int(at) for name, at in (line.split() for line in printed[0].splitlines())}
        delays = sorted((arrived[name] - at) / 1e6 for name, at in done)
        p50, p95, p99 = (delays[int(len(delays) * share)] for share in (0.5, 0.95, 0.99))
        cost = f"{with_relay / (2 * alone):.2f}" if alone else ""
        report.row(store.name, f"{p50:.2f}", f"{p95:.2f}", f"{p99:.2f}", f"{delays[-1]:.1f}", f"{reached:.0f}", cost)
        report.figure(f"p50 {store.name}", p50)
        report.figure(f"p99 {store.name}", p99)
        report.tick()


def _drained(queue, count):
    deadline = time.monotonic() + 60
    while queue.depth() < count:
        if time.monotonic() > deadline:
            raise TimeoutError("the relay did not drain what was committed before it started")
        time.sleep(0.05)
