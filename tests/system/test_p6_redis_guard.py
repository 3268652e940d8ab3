"""P6 with Redis: an effect and its mark in one step, whatever is killed."""

import json
import multiprocessing
import random
import threading
import time
import uuid

import pytest
import redis

from harness.guard import JOURNAL, ORDERS, STOCK, apply, connect

pause = threading.Event().wait


@pytest.fixture
def guarded(own_server, workspace):
    """A server of its own with the functions loaded."""
    workspace.configure(own_server.url(), "amqp://localhost", [{"topic": "*", "exchange": "x"}])
    workspace.run("migrate").expect()
    return own_server


def uuid7(ms):
    return str(uuid.UUID(int=(ms << 80) | (7 << 76) | (2 << 62) | random.getrandbits(62)))


def test_each_answer_of_the_guard(guarded):
    client = connect(guarded)
    client.set(STOCK, 5)
    assert apply(client, [STOCK], "inventory", "chair", "o1", "take", 1, 3, digest="a") == ["new", 2]
    assert apply(client, [STOCK], "inventory", "chair", "o1", "take", 1, 3, digest="a") == ["duplicate"]
    assert apply(client, [STOCK], "inventory", "chair", "o1", "take", 1, 3) == ["duplicate"]
    assert apply(client, [STOCK], "inventory", "chair", "o1", "take", 1, 3, digest="b") == ["conflict"]
    assert apply(client, [STOCK], "inventory", "chair", "o2", "take", 1, 3) == ["short", 2]
    assert apply(client, [STOCK], "inventory", "chair", "o2", "take", 1, 2) == ["new", 0], "short is no mark"
    now = int(time.time() * 1000)
    assert apply(client, [STOCK], "inventory", "chair", "o3", message_id=uuid7(now - 7200_000)) == ["expired"]
    assert apply(client, [STOCK], "inventory", "chair", "o4", message_id=uuid7(now - 60_000)) == ["new"]
    assert int(client.get(STOCK)) == 0
    conflict, = client.keys("waybill:conflict:*")
    assert client.hgetall(conflict)[b"first"] == b"a" and client.hgetall(conflict)[b"second"] == b"b"
    assert all(0 < client.ttl(key) <= 3600 for key in client.keys("waybill:mark:*")), "marks go by themselves"


def test_a_person_sees_marks_and_conflicts(guarded, workspace):
    client = connect(guarded)
    for name in ("o1", "o2:x", "o3"):
        apply(client, ["{a:b}:stock"], "inven:tory", "chair:1", name, digest="a")
    apply(client, ["plain"], "logistics", "x", "y")
    assert apply(client, ["{a:b}:stock"], "inven:tory", "chair:1", "o2:x", digest="b", message_id="m-9") == ["conflict"]
    listed = workspace.run("inbox", "list", "--json").expect().json["consumers"]
    assert [(one["consumer"], one["marks"], one["conflicts"]) for one in listed] == [("inven:tory", 3, 1),
                                                                                     ("logistics", 1, 0)]
    conflict, = workspace.run("inbox", "list", "--conflicts", "--json").expect().json["conflicts"]
    assert (conflict["unique_id"], conflict["fingerprint"]) == ("chair:1", "o2:x")
    assert (conflict["kept"]["digest"], conflict["refused"]["digest"], conflict["refused"]["message_id"]) == ("a", "b", "m-9")
    assert "o2:x" in workspace.run("inbox", "list", "--conflicts").expect().out
    purged = workspace.run("inbox", "purge", "--consumer", "*", "--older-than", "1d", "--yes")
    assert purged.code == 1 and "expire by themselves" in purged.err
    client.set("waybill:mark:{x}:odd", "")
    workspace.run("inbox", "list").expect()


def test_effects_are_all_or_none(guarded):
    client = connect(guarded)
    client.set(STOCK, 1)
    client.hset(ORDERS, "count", "many")
    keys = [STOCK, ORDERS, JOURNAL]
    sold = ["take", 1, 1, "hset", 2, "b1", "1", "hadd", 2, "units", 1, "journal", 3, 0, "order", "b1", 1, "id", "b1"]
    wrong = [(["take", 1, 1, "hadd", 2, "count", 1], "whole number"),
             (["take", 1, 1, "set", 2, "x", "hset", 1, "a", "b"], "needs a hash"),
             (["take", 1, 1, "take", 1, 1], "two effects"), (["hset", 2, "a", 1, "hset", 2, "a", 2], "two effects"),
             (["set", 3, "x", "hset", 3, "a", "b"], "two effects"), (["take", 3, 0, "journal", 3, 0, "n", "e", 0], "two"),
             (["take", 1, "-5"], "0 or more"), (["take", 1, "1e3"], "0 or more"), (["take", 1, "01"], "0 or more"),
             (["add", 1, "-0"], "whole number"),
             (["take", 1, 1, "journal", 3, 0, "order", "b1", 5, "id"], "lacks words"),
             (["eval", 1, "x"], "unknown effect"),
             (["take", 4, 1], "number of one of the keys")]
    for effects, words in wrong:
        with pytest.raises(redis.exceptions.ResponseError, match=words):
            apply(client, keys, "sale", "chair", "b1", *effects)
    for part in (("", "u", "f"), ("c", "", "f"), ("c", "u", ""), ("c" * 256, "u", "f"), ("c", "u", "f" * 256)):
        with pytest.raises(redis.exceptions.ResponseError, match="1 to 255"):
            apply(client, keys, *part)
    assert int(client.get(STOCK)) == 1 and client.xlen(JOURNAL) == 0 and not client.keys("waybill:mark:*")
    assert apply(client, keys, "sale", "chair", "b1", *sold)[0] == "new"
    assert apply(client, keys, "sale", "chair", "b2", *sold)[:2] == ["short", 0]
    assert client.xlen(JOURNAL) == 1 and client.hget(ORDERS, "units") == b"1"


def test_message_is_persisted_with_the_effect_or_not_at_all(guarded, workspace):
    """The news of an effect in the same step: what was not done is not told, what was done twice is told once."""
    client = connect(guarded)
    client.set(STOCK, 3)
    keys, outbox = [STOCK, "{waybill:0}:outbox"], "{waybill:0}:outbox"

    def sell(number, units):
        return apply(client, keys, "sale", "chair", f"o{number}", "take", 1, units, "send", 2, 3, "orders.created",
                     f"o{number}", json.dumps({"units": units}))
    fresh = sell(1, 2)
    assert fresh[0] == "new" and uuid.UUID(fresh[2]).version == 7
    assert [sell(1, 2), sell(2, 2)] == [["duplicate"], ["short", 1]]
    (entry, fields), = client.xrange(outbox)
    assert fields == {b"topic": b"orders.created", b"key": b"o1", b"payload": b'{"units": 2}'}
    for words, wrong in [(["send", 1, 1, "t"], "WRONGTYPE"), (["send", 2, 8, *"12345678"], "in this order"),
                         (["send", 2, 0], "in this order"), (["send", 2, 2, "t"], "lacks words"),
                         (["send", 3, 1, "t"], "number of one of the keys")]:
        with pytest.raises(redis.exceptions.ResponseError, match=wrong):
            apply(client, keys, "sale", "chair", "o3", "add", 1, 1, *words)
    with pytest.raises(redis.exceptions.ResponseError, match="waybill migrate"):
        apply(client, [STOCK, "{waybill:7}:outbox"], "sale", "chair", "o3", "send", 2, 1, "t")
    assert int(client.get(STOCK)) == 1 and client.xlen(outbox) == 1
    assert workspace.run("status", "--json").expect().json["stores"][0]["sending"] == 1


def test_marks_that_look_alike_are_apart(guarded):
    client = connect(guarded)
    for names in [("a", "b:c", "d"), ("a", "b", "c:d"), ("a:b", "c", "d"), ("a", "b", "c"), ("a:", "b", "c")]:
        assert apply(client, [STOCK], *names) == ["new"]


def _deliver(port, password, operations, seed):
    """A consumer that gets every operation at least once, in any order, and is killed at any moment."""
    client = redis.Redis(port=port, password=password, socket_timeout=30)
    chance = random.Random(seed)
    order = operations[:]
    chance.shuffle(order)
    for number, units in order:
        while True:
            try:
                apply(client, [STOCK, ORDERS, JOURNAL], "sale", "chair", f"o{number}", "take", 1, units, "hset", 2,
                      f"o{number}", units, "journal", 3, 0, "order", f"o{number}", 2, "id", f"o{number}", "units", units)
                break
            except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError):
                pause(0.05)


def test_consumers_and_server_killed_thousands_of_times(guarded, chance, scale):
    """The books balance: each operation took its units once, whoever was killed and however often it came."""
    client = connect(guarded)
    operations = [(number, chance.randrange(1, 4)) for number in range(3000)]
    total = sum(units for _, units in operations)
    client.set(STOCK, total + 7)
    for round_number in range(8 * scale):
        consumers = [multiprocessing.Process(target=_deliver, args=(guarded.port, guarded.password, operations,
                                                                    chance.random())) for _ in range(3)]
        for consumer in consumers:
            consumer.start()
        pause(chance.uniform(0.05, 0.4))
        if round_number % 3 == 2:
            guarded.kill()
            guarded.start()
        for consumer in consumers:
            consumer.kill()
            consumer.join()
    for _ in range(2):
        _deliver(guarded.port, guarded.password, operations, chance.random())
    client = connect(guarded)
    assert int(client.get(STOCK)) == 7
    assert client.hlen(ORDERS) == len(operations)
    assert client.xlen(JOURNAL) == len(operations)
