"""The command line of tools/demo."""

import argparse
import random
import signal
import sys
import time
from pathlib import Path

from .books import ORDERS, UNITS
from .display import Display
from .faults import Faults
from .promises import compare
from .scene import Scene

_ROOT = Path(__file__).resolve().parents[2]
# Without any progress for that long the rest is taken for lost.
_PATIENCE = 60.0


def main(arguments):
    chosen = _parse(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    display = Display()
    scene = Scene(chosen.store, chosen.build, _ROOT / "build" / "demo", chosen.data, chosen.rate)
    try:
        return _play(scene, display, chosen.seed)
    except KeyboardInterrupt:
        return 130
    except (RuntimeError, OSError) as problem:
        display.done()
        print(f"demo: {problem}", file=sys.stderr)
        return 1
    finally:
        scene.close()


def _parse(arguments):
    parser = argparse.ArgumentParser(prog="tools/demo", description="The shop on real orders, while parts are killed.")
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--rate", type=float, default=110, help="orders a second")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="of the moments of the faults")
    parser.add_argument("--build", type=Path, default=_ROOT / "build" / "release", help="where the programs were built")
    parser.add_argument("--data", type=Path, default=_ROOT / "build" / "data" / "superstore.csv")
    chosen = parser.parse_args(arguments)
    chosen.build = chosen.build.absolute()
    if not (chosen.build / "examples/shop/shop_orders").exists():
        parser.error(f"nothing is built in {chosen.build}: run `make demo`, or `make build` first")
    return chosen


def _leave(number, _frame):
    raise SystemExit(128 + number)


def _play(scene, display, seed):
    display.say(f"The shop: {ORDERS:,} orders through {scene.kind}, Waybill and RabbitMQ (seed {seed})")
    scene.start(display.event)
    faults = Faults(scene, display, random.Random(seed))
    _work(scene, display, faults)
    _settle(scene)
    code = scene.relay.stop()
    for service in scene.services:
        service.stop()
    display.done()
    sending, failed = scene.status()
    rows = compare(scene.books, sending, failed, len(faults.done))
    display.table(rows)
    broken = [name for name, _, _, kept in rows if not kept]
    if code != 0:
        broken.append(f"the relay's exit code ({code})")
    if faults.left:
        broken.append(f"{len(faults.left)} faults did not happen")
    display.say(f"\nBroken: {', '.join(broken)}. Logs: {scene.folder}" if broken else
                "\nEvery order became its effect exactly once.")
    return 1 if broken else 0


def _work(scene, display, faults):
    """Until everything is done, or nothing moves any more."""
    last, moved = None, time.monotonic()
    while True:
        scene.check()
        progress = scene.books.progress()
        display.progress(*progress)
        faults.step(progress[0])
        if progress == (ORDERS, ORDERS, UNITS) and scene.orders.ended():
            return
        if progress != last:
            last, moved = progress, time.monotonic()
        elif time.monotonic() - moved > _PATIENCE:
            display.event(f"nothing has moved for {_PATIENCE:.0f} s")
            return
        time.sleep(0.2)


def _settle(scene):
    """Waits for what may still come: re-sent messages on their way, and the relay's last settlement."""
    deadline = time.monotonic() + 30
    deliveries = -1
    while time.monotonic() < deadline:
        sending, _ = scene.status()
        before, deliveries = deliveries, scene.books.deliveries()
        if sending == 0 and deliveries == before and scene.waiting_deliveries() == 0:
            return
        time.sleep(0.5)
