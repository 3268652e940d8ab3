"""A person holds a route back: its messages wait, uncounted, whoever dies, and go on when they are let go."""

import threading

from harness.stores import EVERY
from harness.traffic import names, send
from harness.web import Web
from waybill_services import wait_until

QUICK = {"max_attempts": 1, "resend_after": "100ms"}


def state(workspace):
    return workspace.route()["state"]


@EVERY
def test_a_paused_route_waits_through_restarts_and_goes_on_where_it_was(store, shop, workspace, topology):
    queue = shop(store, route=QUICK)
    consumer = topology.consume(queue)
    relay = workspace.relay()
    send(store, names("before", 20))
    consumer.wait_ids(set(names("before", 20)))
    wait_until(lambda: workspace.status()["relays"], 20, "the relay to report")
    workspace.run("pause", "orders.*", "--why", "the warehouse is moving").expect()
    wait_until(lambda: state(workspace) == "paused", 10, "the relay to take it in")
    assert "the warehouse is moving" in workspace.route()["detail"]
    wanted = names("held", 200)
    send(store, wanted)
    relay.sigkill()
    relay = workspace.relay()
    wait_until(lambda: workspace.sending() == 200, 20, "all to wait")
    # Longer than it takes to be sent, and than any try.
    threading.Event().wait(3)
    assert consumer.count() == 20 and state(workspace) == "paused"
    assert workspace.status()["stores"][0]["failed"] == 0
    workspace.run("resume", "orders.*").expect()
    consumer.wait_ids({*names("before", 20), *wanted})
    wait_until(lambda: state(workspace) in ("idle", "flowing"), 20, "the route to flow")
    assert consumer.count() == 220, "nothing was sent twice"
    acts = workspace.run("operations", "list", "--json").expect().json["operations"]
    assert [(one["act"], one["state"]) for one in acts] == [("resume", "done"), ("pause", "done")]
    assert relay.stop() == 0


@EVERY
def test_one_route_is_held_back_and_the_other_flows(store, workspace, topology):
    queue = topology.queue()
    routes = [{"topic": topic, "exchange": topology.exchange} for topic in ("orders.a*", "orders.*")]
    workspace.configure(store.url, topology.broker.url(), routes)
    workspace.run("migrate").expect()
    store.prepare()
    consumer = topology.consume(queue)
    workspace.relay()
    # From then on it says itself what it has taken in.
    wait_until(lambda: workspace.status()["relays"], 20, "the relay to report")
    workspace.run("pause", "orders.a*", "--why", "audit").expect()
    wait_until(lambda: workspace.status()["routes"][0]["state"] == "paused", 10, "the relay to take it in")
    held, flowing = names("held", 3000), names("flows", 3000)
    for first in range(0, 3000, 500):
        send(store, held[first:first + 500], topic="orders.audited")
        send(store, flowing[first:first + 500], topic="orders.sold")
    consumer.wait_ids(set(flowing), seconds=60)
    assert consumer.count() == 3000
    set_aside = workspace.run("explain", held[1], "--json").expect().json
    assert "set aside" in str(set_aside), set_aside
    workspace.run("resume", "orders.a*").expect()
    # Of what went out of memory meanwhile nothing is due within 30 s: it comes all the same.
    consumer.wait_ids({*held, *flowing}, seconds=20)
    assert consumer.count() == 6000, "nothing was sent twice"


def test_what_is_wrong_with_a_pause_is_named(sqlite_store, shop, workspace):
    shop(sqlite_store)
    workspace.run("pause", "orders.*").expect(2)
    assert "orders.*" in workspace.run("pause", "order.*", "--why", "x").expect(4).err
    workspace.run("pause", "orders.*", "--why", "x").expect()
    assert "already" in workspace.run("pause", "orders.*", "--why", "y").expect(1).err
    assert workspace.status()["stores"][0]["paused"][0]["why"] == "x"
    workspace.run("resume", "orders.*").expect()
    workspace.run("resume", "orders.*").expect(4)


@EVERY
def test_an_edited_message_is_sent_in_place_of_the_failed_one(store, shop, workspace, topology, tokens):
    queue = topology.queue("nothing.leads.here")
    shop(store, route=QUICK, queue=queue, http={"listen": "127.0.0.1:0"}, tokens={"ann": tokens["operator"][1]})
    send(store, ["wrong", "also-wrong"])
    web = Web(workspace.relay())
    wait_until(lambda: workspace.status()["stores"][0]["failed"] == 2, 30, "them to fail")
    with topology.channel() as channel:
        channel.queue_bind(queue, topology.exchange, "#")
    consumer = topology.consume(queue)
    plan = workspace.run("failed", "edit", "wrong", "--payload", "right", "--dry-run", "--json").expect().json
    assert plan["id"] is None and workspace.status()["stores"][0]["failed"] == 2
    workspace.run("failed", "edit", "wrong", "--payload", "right").expect(2)
    new = workspace.run("failed", "edit", "wrong", "--payload", "right", "--header", "colour=red", "--why", "typo",
                        "--yes").expect().out.strip()
    answer = web.get("/api/v1/messages/also-wrong/edit", tokens["operator"][0], method="POST",
                     json={"payload": "too", "why": "typo"})
    assert answer.status_code == 201, answer.text
    consumer.wait_ids({new, answer.json()["id"]})
    sent = {one.id: one for one in consumer.deliveries}
    assert sent[new].body == b"right" and sent[new].headers["waybill-origin"] == "wrong"
    assert sent[new].headers["colour"] == "red"
    assert workspace.run("explain", "wrong", "--json").expect().json["state"] == "dropped"
    assert new in workspace.run("explain", "wrong").expect().out


def test_a_message_that_no_route_took_is_edited_to_another_topic(sqlite_store, shop, workspace, topology):
    queue = shop(sqlite_store)
    with sqlite_store.transaction() as transaction:
        transaction.message("payments.made", "x", id="astray", headers={"colour": "red", "size": "small"})
    workspace.relay()
    wait_until(lambda: workspace.status()["stores"][0]["failed"] == 1, 30, "it to fail")
    consumer = topology.consume(queue)
    new = workspace.run("failed", "edit", "astray", "--topic", "orders.paid", "--header", "colour=blue", "--remove-header", "size",
                        "--why", "wrong topic", "--yes").expect().out.strip()
    consumer.wait_ids({new})
    sent, = consumer.deliveries
    assert sent.topic == "orders.paid" and sent.headers["colour"] == "blue" and "size" not in sent.headers
    assert sent.headers["waybill-origin"] == "astray"
