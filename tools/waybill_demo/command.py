"""The command line of tools/demo."""

import argparse
import random
import signal
import sys
import time
from pathlib import Path

from .brokers import BROKERS
from .display import Display
from .faults import Faults
from .flash_sale import FlashSale
from .guards import GUARDS
from .superstore import Superstore

_ROOT = Path(__file__).resolve().parents[2]
# Without any progress for that long the rest is taken for lost.
_PATIENCE = 60.0


def main(arguments):
    chosen = _parse(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    display = Display()
    stage = _stage(chosen)
    try:
        return _play(stage, display, chosen.seed)
    except KeyboardInterrupt:
        return 130
    except (RuntimeError, OSError) as problem:
        display.done()
        print(f"demo: {problem}", file=sys.stderr)
        return 1
    finally:
        stage.close()


def _parse(arguments):
    parser = argparse.ArgumentParser(prog="tools/demo", description="The shop on real orders, while parts are killed.")
    parser.add_argument("--store", choices=("sqlite", "postgresql", "redis"), default="sqlite",
                        help="where the outbox is; redis: a flash sale, with its books in PostgreSQL")
    parser.add_argument("--broker", choices=BROKERS, default="rabbitmq", help="what the messages go through")
    parser.add_argument("--guard", choices=GUARDS, default="once", help="what makes the inventory service idempotent")
    parser.add_argument("--rate", type=float, help="orders or purchases a second")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="of the moments of the faults")
    parser.add_argument("--build", type=Path, default=_ROOT / "build" / "release", help="where the programs were built")
    parser.add_argument("--data", type=Path, default=_ROOT / "build" / "data" / "superstore.csv")
    chosen = parser.parse_args(arguments)
    chosen.build = chosen.build.absolute()
    if chosen.store == "redis" and chosen.guard != "once":
        parser.error("the flash sale of STORE=redis has its own guards: leave GUARD out")
    if not (chosen.build / "examples/shop/shop_orders").exists():
        parser.error(f"nothing is built in {chosen.build}: run `make demo`, or `make build` first")
    return chosen


def _stage(chosen):
    folder, broker = _ROOT / "build" / "demo", BROKERS[chosen.broker]()
    if chosen.store == "redis":
        return FlashSale(chosen.build, folder, broker, chosen.rate or 140)
    return Superstore(chosen.build, folder, broker, chosen.data, chosen.rate or 110, chosen.store, GUARDS[chosen.guard]())


def _leave(number, _frame):
    raise SystemExit(128 + number)


def _play(stage, display, seed):
    display.say(f"{stage.title} (seed {seed})")
    stage.start(display.event)
    faults = Faults(stage, stage.plan, display, random.Random(seed))
    _work(stage, display, faults)
    _settle(stage)
    ended = {name: program.stop() for name, program in stage.programs.items()}
    display.done()
    rows = stage.rows(len(faults.done))
    display.table(rows)
    broken = [name for name, _, _, kept in rows if not kept]
    broken += [f"the exit code of {name} ({code})" for name, code in ended.items() if code != 0]
    if faults.left:
        broken.append(f"{len(faults.left)} faults did not happen")
    display.say(f"\nBroken: {', '.join(broken)}. Logs: {stage.folder}" if broken else
                "\nEvery order became its effect exactly once.")
    return 1 if broken else 0


def _work(stage, display, faults):
    """Until everything is done, or nothing moves any more."""
    last, moved = None, time.monotonic()
    while True:
        stage.check()
        progress = stage.progress()
        share, place, text = stage.show(progress)
        display.progress(share, text)
        faults.step(share, place)
        if faults.at_rest() and stage.finished(progress):
            return
        if progress != last:
            last, moved = progress, time.monotonic()
        elif time.monotonic() - moved > _PATIENCE:
            display.event(f"nothing has moved for {_PATIENCE:.0f} s")
            return
        time.sleep(0.2)


def _settle(stage):
    """Waits for what may still come: re-sent messages on their way, and the relay's last settlement."""
    deadline = time.monotonic() + 30
    deliveries = -1
    while time.monotonic() < deadline:
        before, deliveries = deliveries, stage.deliveries()
        if stage.settled() and deliveries == before:
            return
        time.sleep(0.5)
