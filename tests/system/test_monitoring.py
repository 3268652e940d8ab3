"""What monitors and deployments ask on the command line: one verdict, a limit, and the end of what is sending."""

import subprocess
import threading
import time

from harness.traffic import names, send
from waybill_services import wait_until


def health(workspace, *arguments):
    return workspace.run("check", "health", *arguments)


def fail_one(workspace, store, topology, shop):
    """One message that no queue takes."""
    shop(store, queue=topology.queue(binding="orders.created"))
    send(store, ["stray"], topic="orders.stray")
    workspace.relay("--drain").wait()


# ---- status --fail-if ----

def test_fail_if_shows_the_status_and_ends_with_1(sqlite_store, workspace, topology, shop):
    fail_one(workspace, sqlite_store, topology, shop)
    answer = workspace.run("status", "--fail-if", "failed>0", "--fail-if", "sending>0").expect(1)
    assert "failed>0: failed is 1" in answer.err and "sending>0" not in answer.err
    assert "STORE" in answer.out
    document = workspace.run("status", "--fail-if", "failed>0", "--json").expect(1).json
    assert document["stores"][0]["failed"] == 1
    workspace.run("status", "--fail-if", "failed>1", "--fail-if", "oldest>=5m").expect(0)


def test_fail_if_names_what_is_wrong_with_it(sqlite_store, workspace, shop):
    shop(sqlite_store)
    for wrong, said in {"fialed>0": "no figure 'fialed'", "failed": "failed>0", "failed>many": "'many' is no number",
                        "oldest>5 minutes": "oldest>5 minutes"}.items():
        answer = workspace.run("status", "--fail-if", wrong).expect(2)
        assert said in answer.err and "--fail-if" in answer.err and answer.out == "", answer.err


def test_options_that_exclude_each_other(sqlite_store, workspace, shop):
    shop(sqlite_store)
    for arguments in (("--watch", "--json"), ("--watch", "--wait-drained"), ("--watch", "--fail-if", "failed>0"),
                      ("--timeout", "5s"), ("--wait-drained", "--timeout", "soon"),
                      ("--wait-drained", "--interval", "0s")):
        assert workspace.run("status", *arguments).expect(2).err


# ---- status --wait-drained ----

def test_wait_drained_ends_when_a_relay_has_sent_all(store, workspace, topology, shop):
    queue = shop(store)
    send(store, names("a", 200))
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(
        workspace.run("status", "--wait-drained", "--interval", "100ms", "--fail-if", "failed>0", "--json")))
    waiting.start()
    waiting.join(1.5)
    assert waiting.is_alive(), "nothing is sent without a relay"
    consumer = topology.consume(queue)
    workspace.relay()
    waiting.join(60)
    assert not waiting.is_alive() and answers[0].expect(0).json["stores"][0]["sending"] == 0
    consumer.wait_ids(set(names("a", 200)))


def test_wait_drained_gives_up_at_its_time(sqlite_store, workspace, shop):
    shop(sqlite_store)
    send(sqlite_store, names("a", 3))
    started = time.monotonic()
    answer = workspace.run("status", "--wait-drained", "--timeout", "2s").expect(1)
    assert 2 <= time.monotonic() - started < 10
    assert "not drained after 2s: 3 still sending, and no relay is running" in answer.err
    assert "STORE" in answer.out


def test_wait_drained_gives_up_when_a_condition_holds(sqlite_store, workspace, topology, shop):
    """What waits behind a failed message of its key would be waited for without an end."""
    shop(sqlite_store, route={"order": "key"}, queue=topology.queue(binding="orders.created"))
    send(sqlite_store, ["stray"], topic="orders.stray", key="17")
    workspace.relay()
    wait_until(workspace.failed, 30, "it to fail")
    send(sqlite_store, ["behind"], key="17")
    answer = workspace.run("status", "--wait-drained", "--interval", "100ms", "--fail-if", "failed>0").expect(1)
    assert "failed>0: failed is 1" in answer.err and "not drained" not in answer.err


def test_wait_drained_waits_for_a_store_that_went_away(own_server, own_store, workspace, topology, shop):
    """Its messages are not sent: neither drained, nor an error, while there is hope."""
    shop(own_store)
    send(own_store, names("a", 3))
    answers = []
    started = threading.Thread(target=lambda: answers.append(
        workspace.run("status", "--wait-drained", "--interval", "100ms", "--timeout", "60s")))
    started.start()
    started.join(1)
    own_server.kill()
    started.join(2)
    assert started.is_alive()
    own_server.start()
    workspace.relay()
    started.join(60)
    assert answers and answers[0].code == 0, answers
    own_server.kill()
    assert "can't connect" in workspace.run("status", "--wait-drained").expect(3).err


# ---- check health ----

def test_health_without_a_relay_is_critical(sqlite_store, workspace, shop):
    shop(sqlite_store)
    answer = health(workspace).expect(1)
    assert answer.out.startswith("CRITICAL\n") and "unheld>0: unheld is 1" in answer.out
    document = health(workspace, "--json").expect(1).json
    assert document["level"] == "critical" and document["figures"]["unheld"] == 1
    assert document["reasons"] == ["unheld>0: unheld is 1"]


def test_health_as_a_monitor_reads_it(sqlite_store, workspace, topology, shop):
    fail_one(workspace, sqlite_store, topology, shop)
    workspace.relay()
    wait_until(lambda: workspace.status()["stores"][0]["lanes"][0]["holder"], 30, "a relay to hold the lane")
    warned = health(workspace, "--format", "nagios")
    assert warned.code == 1 and warned.out.count("\n") == 1
    verdict, _, figures = warned.out.strip().partition(" | ")
    assert verdict == "WAYBILL WARNING - failed>0: failed is 1"
    assert dict(one.split("=") for one in figures.split())["failed"] == "1"
    fine = health(workspace, "--format", "nagios", "--warn", "failed>1")
    assert fine.code == 0 and fine.out.startswith("WAYBILL OK - all is well | sending=0 failed=1 oldest=0.000s ")
    critical = health(workspace, "--format", "nagios", "--critical", "failed>0", "--warn", "sending>1000")
    assert critical.code == 2 and critical.out.startswith("WAYBILL CRITICAL - failed>0: failed is 1 | ")


def test_health_as_prometheus_reads_it(sqlite_store, workspace, topology, shop):
    fail_one(workspace, sqlite_store, topology, shop)
    answer = health(workspace, "--format", "prometheus", "--critical", "failed>0").expect(1)
    subprocess.run(["promtool", "check", "metrics"], input=answer.out, text=True, check=True)
    lines = answer.out.splitlines()
    assert {"waybill_health_level 2", "waybill_health_failed 1", "waybill_health_oldest_seconds 0.000"} <= set(lines)
    workspace.config.write_text("[relay]\nwindwo = 3\n")
    assert "waybill_health_level 3" in health(workspace, "--format", "prometheus").expect(2).out.splitlines()


def test_health_of_what_cant_be_read(postgresql_store, workspace, topology, shop):
    shop(postgresql_store)
    url = postgresql_store.server.url(postgresql_store.database, password="wrong-secret")
    workspace.configure(url, topology.broker.url(), [{"topic": "orders.*", "exchange": topology.exchange}])
    answer = health(workspace, "--format", "nagios")
    assert answer.code == 2 and answer.out.startswith("WAYBILL CRITICAL - store 'shop': can't"), answer.out
    assert "password" in answer.out and "|" not in answer.out, "no figures without the store"
    assert "wrong-secret" not in answer.out + answer.err
    assert health(workspace).code == 3
    workspace.config.write_text("[relay]\nwindwo = 3\n")
    unknown = health(workspace, "--format", "nagios")
    assert unknown.code == 3 and unknown.out.startswith("WAYBILL UNKNOWN - ") and "window" in unknown.out
    assert unknown.out.count("\n") == 1
    assert health(workspace).code == 2
    assert "no figure" in health(workspace, "--warn", "fialed>0").expect(2).err
