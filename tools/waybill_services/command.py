"""The command line of tools/services."""

import argparse
import os
import signal
import subprocess
import sys
from contextlib import ExitStack

from .kafka import Kafka
from .mariadb import MariaDB
from .postgresql import PostgreSQL
from .rabbitmq import RabbitMQ
from .redis import Redis
from .rocketmq import RocketMq


def _postgresql():
    # The contract suites use prepared transactions; servers of the system tests keep the default, which allows none.
    return PostgreSQL(settings={"max_prepared_transactions": 10})


def _kafka():
    return Kafka(gates=8)  # tests run beside each other, and each takes one


_SERVICES = {"postgresql": _postgresql, "mariadb": MariaDB, "redis": Redis, "rabbitmq": RabbitMQ, "kafka": _kafka,
             "rocketmq": RocketMq}


def main(arguments):
    parser = argparse.ArgumentParser(prog="tools/services", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start the servers, print their URLs, stop them on Ctrl-C")
    run = commands.add_parser("run", help="start the servers, run a command with their URLs, stop them")
    for command in (up, run):
        command.add_argument("--only", choices=_SERVICES, action="append", help="start this one alone; may be repeated")
    run.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    chosen = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    try:
        with ExitStack() as stack:
            environment = _start(stack, chosen.only)
            return _wait(environment) if chosen.command == "up" else _run(environment, chosen.words)
    except KeyboardInterrupt:
        return 130


def _leave(number, _frame):
    raise SystemExit(128 + number)


def _start(stack, only):
    names = only or list(_SERVICES)
    environment = {}
    for name in names:
        _say(f"starting {name} ...")
        service = stack.enter_context(_SERVICES[name]())
        environment[f"WAYBILL_TEST_{name.upper()}"] = service.url()
        if name == "rabbitmq":
            environment["WAYBILL_TEST_RABBITMQ_MANAGEMENT"] = service.management_url()
        if name == "kafka":
            environment["WAYBILL_TEST_KAFKA_GATES"] = service.gate_list()
            environment["WAYBILL_TEST_KAFKA_SECURE"] = service.secure_url()
            environment["WAYBILL_TEST_KAFKA_CA"] = str(service.certificate)
        if name == "rocketmq":
            environment["WAYBILL_TEST_ROCKETMQ_BROKER"] = f"127.0.0.1:{service.broker_port}"
            environment["WAYBILL_TEST_ROCKETMQ_SECURE"] = service.secure_url()
            environment["WAYBILL_TEST_ROCKETMQ_CA"] = str(service.certificate)
    return environment


def _run(environment, words):
    words = words[1:] if words[:1] == ["--"] else words
    if not words:
        _say("tools/services run needs a command after --")
        return 2
    child = subprocess.Popen(words, env={**os.environ, **environment})
    try:
        return child.wait()
    except BaseException:
        # Ctrl-C reaches the child by the terminal; a signal to us alone does not.
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        raise


def _wait(environment):
    for name, url in environment.items():
        print(f"{name}={url}", flush=True)
    _say("running; Ctrl-C stops them and removes their data")
    while True:
        signal.pause()


def _say(text):
    print(f"services: {text}", file=sys.stderr, flush=True)
