"""Bulk acts on messages, started by the command line or the REST API: each message once, whoever dies."""

import contextlib
import signal
import sqlite3
import statistics
import subprocess
import threading
import time
from collections import Counter

import psycopg
import pytest

from harness import binary
from harness.stores import EVERY
from harness.traffic import names, send
from harness.web import Web
from waybill_services import wait_until

FAILS = {"max_attempts": 1, "resend_after": "100ms"}


@pytest.fixture
def failed(workspace, topology, shop, tokens):
    """failed(store, count): that many messages have failed, since no queue was bound. Gives their ids."""
    def make(store, count):
        make.token = tokens["operator"][0]
        make.queue = topology.queue("nothing.leads.here")
        shop(store, route=FAILS, queue=make.queue, http={"listen": "127.0.0.1:0"}, tokens={"ann": tokens["operator"][1]})
        ids = names("m", count)
        send(store, ids)
        relay = workspace.relay()
        wait_until(lambda: workspace.status()["stores"][0]["failed"] == count, 60 + count / 2000, f"{count} messages to fail")
        assert relay.stop() == 0
        with topology.channel() as channel:
            channel.queue_bind(make.queue, topology.exchange, "#")
        return ids
    return make


def operation(workspace, name, results=False):
    return workspace.run("operations", "show", name, "--json", *(["--results"] if results else [])).expect().json


def until_over(workspace, name, seconds=60):
    wait_until(lambda: operation(workspace, name)["state"] in ("done", "stopped"), seconds, "the operation to be over")
    return operation(workspace, name, results=True)


@EVERY
def test_a_relay_carries_out_what_was_left_to_it(store, failed, workspace, topology):
    ids = failed(store, 1200)
    name = workspace.run("failed", "resend", "--all", "--yes", "--detach", "--rate", "0", "--why", "bound").expect().out.strip()
    assert operation(workspace, name)["state"] == "waiting"
    workspace.relay()
    consumer = topology.consume(failed.queue)
    ended = until_over(workspace, name)
    assert ended["state"] == "done" and ended["changed"] == ended["expected"] == 1200
    assert Counter(one["result"] for one in ended["results"]) == {"resent": 1200}
    assert {one["id"] for one in ended["results"]} == set(ids)
    consumer.wait_ids(set(ids))
    assert consumer.count() == 1200
    listed = workspace.run("operations", "list", "--json").expect().json["operations"]
    assert [one["id"] for one in listed] == [name] and listed[0]["why"] == "bound"


def test_a_killed_runner_is_followed_by_another_and_nothing_is_done_twice(store, failed, workspace, topology):
    ids = failed(store, 600)
    consumer = topology.consume(failed.queue)
    first = workspace.relay()
    name = workspace.run("failed", "resend", "--all", "--yes", "--detach", "--rate", "100").expect().out.strip()
    wait_until(lambda: 100 < operation(workspace, name)["looked_at"] < 500, 30, "the operation to be half done")
    first.sigkill()
    workspace.relay()
    ended = until_over(workspace, name, 90)
    assert ended["state"] == "done" and ended["changed"] == 600
    assert len(ended["results"]) == len({one["id"] for one in ended["results"]}) == 600
    consumer.wait_ids(set(ids))
    for one in ids[::50]:
        history = store_history(workspace, store, one)
        assert history.count("resent by operator") == 1, f"{one}: {history}"


def store_history(workspace, store, message):
    """What operators did to a message that has left the store."""
    told = workspace.run("explain", message, "--json")
    return [attempt["outcome"] for attempt in told.json["history"]]


def test_two_people_at_once_send_each_message_once(store, failed, workspace, topology, tokens):
    ids = failed(store, 900)
    consumer = topology.consume(failed.queue)
    web = Web(workspace.relay())
    answers = []
    people = [threading.Thread(target=lambda: answers.append(workspace.run("failed", "resend", "--all", "--yes")))
              for _ in range(2)]
    people.append(threading.Thread(target=lambda: answers.append(web.get(
        "/api/v1/operations", tokens["operator"][0], method="POST", json={"act": "resend", "all": True, "why": "me too"}))))
    for person in people:
        person.start()
    for person in people:
        person.join()
    wait_until(lambda: all(one["state"] == "done" for one in web.json("/api/v1/operations", tokens["operator"][0])["operations"]),
               60, "all operations to end")
    operations = web.json("/api/v1/operations", tokens["operator"][0])["operations"]
    assert sum(one["changed"] for one in operations) == 900, operations
    consumer.wait_ids(set(ids))
    assert consumer.count() == 900


def test_the_api_starts_follows_and_stops(sqlite_store, failed, workspace, tokens):
    failed(sqlite_store, 500)
    web, token = Web(workspace.relay()), tokens["operator"][0]
    plan = web.get("/api/v1/operations", token, method="POST",
                   json={"act": "resend", "q": "topic:orders.* reason:unroutable", "dry_run": True}).json()["plan"]
    assert plan["count"] == 500 and plan["seconds"] == 1.0
    begun = web.get("/api/v1/operations", token, method="POST",
                    json={"act": "resend", "topic": "orders.*", "why": "slowly", "rate": 20})
    assert begun.status_code == 202, begun.text
    name = begun.json()["id"]
    wait_until(lambda: web.json(f"/api/v1/operations/{name}", token)["changed"] >= 10, 30, "the first to go")
    assert web.get(f"/api/v1/operations/{name}/stop", token, method="POST").status_code == 200
    ended = until_over(workspace, name, 20)
    assert ended["state"] == "stopped" and ended["stopped_by"] == "ann" and ended["changed"] < 300
    assert workspace.status()["stores"][0]["failed"] == 500 - ended["changed"]
    again = workspace.run("failed", "resend", "--all", "--yes", "--rate", "0", "--json").expect().json
    assert again["changed"] == 500 - ended["changed"]


def test_ctrl_c_stops_what_the_command_line_runs(sqlite_store, failed, workspace):
    failed(sqlite_store, 400)
    command = [binary.path(), "failed", "resend", "--all", "--yes", "--rate", "20", "--json", "-c", str(workspace.config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        def changed():
            listed = workspace.run("operations", "list", "--json")
            return listed.json["operations"][0]["changed"] if listed.code == 0 else 0
        wait_until(lambda: changed() > 0, 30, "the first to be sent")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 1, out + err
    assert "stopped by" in err
    assert workspace.status()["stores"][0]["failed"] > 300


def test_what_is_dropped_is_restored_by_another_operation(store, failed, workspace):
    ids = failed(store, 20)
    dropped = workspace.run("failed", "drop", "--id", ids[3], "--id", ids[4], "--yes", "--why", "test data", "--json").expect().json
    assert dropped["changed"] == 2 and workspace.status()["stores"][0]["failed"] == 18
    assert workspace.run("failed", "restore", "--all", "--yes", "--json").expect().json["changed"] == 2
    assert workspace.status()["stores"][0]["failed"] == 20
    assert [one["act"] for one in workspace.run("operations", "list", "--json").expect().json["operations"]] == [
        "restore", "drop"]


class LockWaits:
    """Looks fifty times a second whether a service's insert waits for a lock."""

    ASKED = """SELECT query FROM pg_stat_activity
               WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ILIKE 'insert into waybill.outbox%'"""

    def __init__(self, url):
        self._url, self._seen, self._looks, self._over = url, [], 0, threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self):
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self._over.wait(0.02):
                self._seen += [row[0] for row in connection.execute(self.ASKED).fetchall()]
                self._looks += 1

    def close(self):
        self._over.set()
        self._thread.join()
        assert self._looks > 10
        return self._seen


def test_a_great_resend_is_not_felt_by_the_service(postgresql_store, failed, workspace, topology, scale):
    count = 1_000_000 if scale > 1 else 20_000
    ids = failed(postgresql_store, count)
    consumer = topology.consume(failed.queue)
    relay = workspace.relay()
    name = workspace.run("failed", "resend", "--all", "--yes", "--detach", "--rate", "0").expect().out.strip()
    times = []
    waits = LockWaits(postgresql_store.url)
    while operation(workspace, name)["state"] not in ("done", "stopped"):
        begun = time.monotonic()
        with postgresql_store.transaction() as transaction:
            transaction.message("orders.created", "x", id=f"live-{len(times)}")
        times.append(time.monotonic() - begun)
    ended = operation(workspace, name)
    assert ended["state"] == "done" and ended["changed"] == count, ended
    assert waits.close() == [], "an insert waited for a lock"
    assert max(times) < 2, "an insert waited"
    assert statistics.median(times) < 0.1
    print(f"{count} resent, {len(times)} inserts meanwhile: median {statistics.median(times) * 1000:.1f} ms, "
          f"longest {max(times) * 1000:.0f} ms; the relay's peak {relay.peak_memory_bytes() >> 20} MiB")
    consumer.wait_ids(set(ids) | {f"live-{number}" for number in range(len(times))}, 120 + count / 1000)
    assert relay.peak_memory_bytes() < 64 << 20


def test_a_large_inbox_is_asked_in_bounded_memory(sqlite_store, failed, workspace, topology):
    """A relay that leaves out what consumers have done holds what is selected, not what the inbox holds."""
    ids = failed(sqlite_store, 300)
    done, marks = ids[::3], 1_000_000
    consumed = (("inventory", f"order-{number}", "", f"old-{number:08d}-0000-7000-8000-000000000000") for number in range(marks))
    with contextlib.closing(sqlite3.connect(sqlite_store.file)) as database, database:
        database.executemany("INSERT INTO waybill_inbox (consumer, unique_id, fingerprint, message_id) VALUES (?, ?, ?||'x', ?)",
                             consumed)
        database.executemany("INSERT INTO waybill_inbox (consumer, unique_id, fingerprint, message_id) "
                             "VALUES ('inventory', ?1, ?1, ?1)", ((name,) for name in done))
    relay = workspace.relay()
    web = Web(relay)
    order = {"act": "resend", "all": True, "skip_consumed": True, "rate": 0, "why": "bound"}
    plan = web.get("/api/v1/operations", failed.token, method="POST", json={**order, "dry_run": True}).json()["plan"]
    assert (plan["count"], plan["consumed"]) == (200, 100)
    name = web.get("/api/v1/operations", failed.token, method="POST", json=order).json()["id"]
    consumer = topology.consume(failed.queue)
    ended = until_over(workspace, name, 120)
    assert (ended["changed"], ended["consumed"]) == (200, 100)
    consumer.wait_ids(set(ids) - set(done))
    assert relay.peak_memory_bytes() < 64 << 20
