"""P1 and P3 for the in-process way: a service publishes itself what Redis holds, and whatever is killed, the relay is
the safety net."""

import json
import subprocess
import threading
from pathlib import Path

from harness import binary
from harness.audit import audit
from waybill_services import wait_until


class Payments:
    """The example `payments`, fed by a thread with payments of its own; what it says is kept."""

    def __init__(self, config, prefix, topic="orders.paid"):
        self.told, self.persisted, self.refused = {}, set(), []
        program = Path(binary.path()).parents[2] / "examples" / "payments" / "payments"
        self.process = subprocess.Popen([program, "-c", config, "--store", "shop"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.given, self.prefix, self.topic = [], prefix, topic
        self._stopped = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._writer = threading.Thread(target=self._write)
        self._reader.start()

    def give(self, count):
        for number in range(len(self.given), len(self.given) + count):
            name = f"{self.prefix}-{number}"
            self.given.append(name)
            self.process.stdin.write(json.dumps({"id": name, "topic": self.topic}) + "\n")
        self.process.stdin.flush()
        return self

    def give_on(self):
        """Until it ends."""
        self._writer.start()
        return self

    def kill(self):
        self.process.kill()
        self._end()

    def finish(self):
        self._stopped.set()
        if self._writer.ident:
            self._writer.join()
        self.process.stdin.close()
        self._end()
        return self.process.returncode

    def answered(self, kind):
        return {name for name, one in dict(self.told).items() if one == kind}

    def _end(self):
        self._stopped.set()
        self.process.wait(60)
        self._reader.join()
        if self._writer.ident:
            self._writer.join()

    def _write(self):
        try:
            while not self._stopped.is_set():
                self.give(20)
                self._stopped.wait(0.005)
        except OSError:
            pass

    def _read(self):
        for line in self.process.stdout:
            word, name = line.split()[:2]
            if word == "persisted":
                self.persisted.add(name)
            elif word == "refused":
                self.refused.append(line)
            else:
                assert name not in self.told, f"answered twice: {line}"
                self.told[name] = word


def expect_all(workspace, consumer, all_payments, relay, most_sent_twice, broker_died=False):
    persisted = set().union(*(one.persisted for one in all_payments))
    given = {name for one in all_payments for name in one.given}
    consumer.wait_ids(persisted, 120)
    wait_until(lambda: workspace.sending() == 0, 60, "an empty store")
    assert relay.stop() == 0, relay.text()[-3000:]
    assert workspace.failed() == []
    arrived = {delivery.id for delivery in consumer.deliveries}
    # What was persisted when its sender died was not told so: it may have come.
    audit(persisted | (arrived & given), consumer.deliveries, broker_died).expect(most_sent_twice)
    assert set().union(*(one.answered("ack") for one in all_payments)) <= arrived


def test_each_payment_is_acknowledged(own_store, shop, workspace, topology):
    queue = shop(own_store)
    consumer = topology.consume(queue)
    payments = Payments(workspace.config, "p").give(2000)
    assert payments.finish() == 0
    assert set(payments.told) == payments.persisted == set(payments.given) and not payments.refused
    assert len(payments.answered("ack")) > 1000, "those before the connection are the relay's"
    relay = workspace.relay()
    expect_all(workspace, consumer, [payments], relay, most_sent_twice=0)


def test_senders_killed_at_random_moments(own_store, shop, workspace, topology, chance, scale):
    queue = shop(own_store, route={"resend_after": "1s"}, relay={"window": 300})
    consumer = topology.consume(queue)
    relay = workspace.relay()
    everybody = []
    for number in range(8 * scale):
        payments = Payments(workspace.config, f"p{number}").give_on()
        everybody.append(payments)
        target = consumer.count() + chance.randrange(200, 3000)
        wait_until(lambda: consumer.count() >= target, 60, "deliveries")
        payments.kill()
        if number % 3 == 1:
            relay.sigkill()
            relay = workspace.relay()
    # Each sender leaves its window, and a relay what it had not settled.
    expect_all(workspace, consumer, everybody, relay, most_sent_twice=len(everybody) * (300 + 4000))
    assert any(one.answered("ack") for one in everybody)


def test_broker_and_redis_killed_under_a_sender(own_store, own_server, shop, workspace, topology, rabbitmq):
    queue = shop(own_store, route={"resend_after": "1s"}, relay={"window": 300})
    consumer = topology.consume(queue)
    relay = workspace.relay()
    payments = Payments(workspace.config, "p").give_on()
    wait_until(lambda: consumer.count() >= 4000, 60, "deliveries")
    rabbitmq.kill()
    wait_until(lambda: payments.answered("relayed"), 30, "payments that are left to the relay")
    rabbitmq.start()
    before = len(payments.answered("ack"))
    wait_until(lambda: len(payments.answered("ack")) > before + 1000, 60, "payments that are sent again")
    own_server.kill()
    wait_until(lambda: payments.refused, 30, "a payment that can't be persisted")
    own_server.start()
    before = len(payments.answered("ack"))
    wait_until(lambda: len(payments.answered("ack")) > before + 1000, 60, "payments that are sent again")
    assert payments.finish() == 0
    assert set(payments.told) == payments.persisted, "each payment that was persisted is answered once"
    for line in payments.refused:
        assert "unreachable" in line or "in_doubt" in line, line
    expect_all(workspace, consumer, [payments], relay, most_sent_twice=4 * 4000, broker_died=True)


def test_answers_by_the_route(own_store, shop, workspace, topology):
    """What nothing is bound to fails, and the broker's words are told to the service and to a person."""
    queue = shop(own_store, route={"topic": "*"}, queue=topology.queue("orders.#"))
    consumer = topology.consume(queue)
    lost = Payments(workspace.config, "lost", topic="elsewhere")
    sent = Payments(workspace.config, "p")
    number = 0
    while "nack" not in set(lost.told.values()) and number < 200:
        lost.give(1)
        number += 1
        threading.Event().wait(0.05)
    assert lost.finish() == 0
    assert sent.give(1).finish() == 0
    relay = workspace.relay()
    consumer.wait_ids(sent.persisted, 30)
    wait_until(lambda: workspace.sending() == 0, 60, "an empty store")
    assert relay.stop() == 0
    shown = workspace.run("failed", "show", sorted(lost.answered("nack"))[0]).expect().out
    assert "unroutable" in shown and "NO_ROUTE" in shown, shown
