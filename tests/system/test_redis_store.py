"""What is special about Redis as a store: what other programs write, losses inside the server, its refusals."""

import json

import pytest
import redis

import waybill_services as services
from harness.traffic import Traffic, names, send
from harness.web import Web
from waybill_services import wait_until

OUTBOX = "{waybill:0}:outbox"


def lost(workspace):
    return [message for message in workspace.failed() if message["reason"] == "lost_in_store"]


# ---- what other programs write ----

def test_plain_xadd_of_another_program(redis_store, shop, workspace, topology):
    """The documented fields are all it takes; the id is a UUIDv7."""
    consumer = topology.consume(shop(redis_store))
    client = redis_store.connect()
    client.xadd(OUTBOX, {"topic": "orders.created", "payload": b"\x00\xffraw", "headers": '{"a":"b"}', "key": "17"})
    client.xadd(OUTBOX, {"topic": "orders.created"})
    workspace.relay()
    consumer.wait_count(2)
    first, second = consumer.deliveries
    assert first.body == b"\x00\xffraw" and first.headers["a"] == "b" and first.headers["waybill-key"] == "17"
    assert second.body == b"" and second.id[14] == "7" and first.id != second.id


def test_fcall_gives_the_id_that_arrives(redis_store, shop, workspace, topology):
    consumer = topology.consume(shop(redis_store))
    given = redis_store.connect().execute_command("FCALL", "waybill_send", 1, OUTBOX, "orders.created").decode()
    assert json.loads(workspace.run("explain", given, "--json").expect().out)["state"] == "waiting"
    workspace.relay()
    consumer.wait_ids({given})


@pytest.mark.parametrize("fields, words", [
    ({"payload": "x"}, "topic"), ({"topic": "orders.a", "hdrs": "{}"}, "unknown field 'hdrs'"),
    ({"topic": "orders.a", "headers": "[1]"}, "headers"), ({"topic": "orders.a", "not_before": "soon"}, "not_before"),
    ({"topic": "t" * 300}, "300 bytes"), ({"topic": "orders.a", "key": "k" * 300}, "300 bytes")])
def test_malformed_entry_fails_with_its_reason(redis_store, shop, workspace, topology, fields, words):
    """Fault case 42: one bad entry fails alone, and says why."""
    consumer = topology.consume(shop(redis_store))
    redis_store.connect().xadd(OUTBOX, fields)
    send(redis_store, ["good"])
    workspace.relay()
    consumer.wait_ids({"good"})
    wait_until(workspace.failed, 20, "the bad entry to fail")
    failed, = workspace.failed()
    assert failed["reason"] == "malformed" and words in failed["answer"], failed


def test_entry_ids_that_a_program_chose(redis_store, shop, workspace, topology):
    """Ids before 2020 or with huge numbers fit into no ticket: they are sent all the same."""
    consumer = topology.consume(shop(redis_store))
    client = redis_store.connect()
    client.xadd(OUTBOX, {"topic": "orders.created", "id": "old"}, id="5-1")
    client.xadd(OUTBOX, {"topic": "orders.created", "id": "huge"}, id="1795606544938-99999999")
    send(redis_store, ["usual"])
    workspace.relay()
    consumer.wait_ids({"old", "huge", "usual"})
    wait_until(lambda: workspace.sending() == 0, 20, "an empty store")


def test_wrong_calls_are_told(redis_store, shop, workspace):
    shop(redis_store)
    client = redis_store.connect()
    for key, arguments, words in [("outbox", ["t"], "{waybill:0}:outbox"), ("{waybill:7}:outbox", ["t"], "no lane 7"),
                                  (OUTBOX, [], "takes topic")]:
        with pytest.raises(redis.exceptions.ResponseError, match=words):
            client.execute_command("FCALL", "waybill_send", 1, key, *arguments)
    assert workspace.sending() == 0


def test_discarded_multi_sends_nothing(redis_store, shop, workspace, topology):
    """P2: MULTI, both writes, DISCARD; and an EXEC that WATCH made fail."""
    consumer = topology.consume(shop(redis_store))
    workspace.relay()
    client = redis_store.connect()
    for number in range(20):
        with client.pipeline() as pipeline:
            pipeline.watch("stock")
            pipeline.multi()
            pipeline.set("stock", number)
            pipeline.execute_command("FCALL", "waybill_send", 1, OUTBOX, "orders.created", "", "x", "", "", "",
                                     f"no-{number}")
            redis_store.connect().set("stock", -1)
            with pytest.raises(redis.exceptions.WatchError):
                pipeline.execute()
    send(redis_store, ["yes"])
    consumer.wait_ids({"yes"})
    assert consumer.ids() == {"yes"}


# ---- losses inside the server (fault case 37) ----

def test_unread_entries_that_were_trimmed_are_counted(redis_store, shop, workspace, topology):
    consumer = topology.consume(shop(redis_store))
    send(redis_store, names("m", 30))
    redis_store.connect().xtrim(OUTBOX, maxlen=10, approximate=False)
    workspace.relay()
    consumer.wait_ids({f"m-{number}" for number in range(20, 30)})
    wait_until(lambda: lost(workspace), 20, "the loss to be seen")
    assert "20 messages were removed" in lost(workspace)[0]["answer"]


def test_pending_entry_that_was_deleted_is_a_loss(redis_store, shop, workspace, topology, gate):
    """A relay held it without an answer and died; before the next one came, somebody removed it."""
    queue = shop(redis_store, broker_url=gate.url(topology.broker.url()))
    consumer = topology.consume(queue)
    relay = workspace.relay()
    send(redis_store, ["first"])
    consumer.wait_ids({"first"})
    wait_until(lambda: workspace.sending() == 0, 20, "the first to be settled")
    gate.withhold_confirms()
    send(redis_store, names("m", 3))
    client = redis_store.connect()
    wait_until(lambda: client.xpending(OUTBOX, "waybill")["pending"] == 3, 20, "all to be handed out")
    relay.sigkill()
    client.xdel(OUTBOX, client.xrange(OUTBOX)[1][0])
    gate.open()
    workspace.relay()
    wait_until(lambda: lost(workspace), 20, "the loss to be seen")
    assert "removed from the stream" in lost(workspace)[0]["answer"]
    consumer.wait_ids({"first", "m-0", "m-2"})
    wait_until(lambda: workspace.sending() == 0, 20, "the others to be settled")
    assert workspace.run("failed", "resend", "--reason", "lost_in_store", "--yes").code in (0, 4)
    assert len(lost(workspace)) == 1, "there is nothing to send again"


def test_flushed_database_is_no_silent_loss(own_store, own_server, shop, workspace, topology):
    """FLUSHALL takes all there is: the relay says so, and goes on after `waybill migrate`."""
    consumer = topology.consume(shop(own_store))
    relay = workspace.relay()
    send(own_store, ["before"])
    consumer.wait_ids({"before"})
    own_server.command("FLUSHALL")
    wait_until(lambda: "are gone" in relay.text(), 30, "the relay to notice")
    failed = workspace.run("status")
    assert failed.code != 0 and "waybill migrate" in failed.err
    workspace.run("migrate").expect()
    send(own_store, ["after"])
    consumer.wait_ids({"after"})


def test_lost_group_is_made_again_where_it_stood(own_store, own_server, shop, workspace, topology):
    consumer = topology.consume(shop(own_store))
    relay = workspace.relay()
    send(own_store, names("a", 10))
    consumer.wait_ids(set(names("a", 10)))
    wait_until(lambda: workspace.sending() == 0, 20, "all to be settled")
    own_server.command("XGROUP", "DESTROY", OUTBOX, "waybill")
    send(own_store, names("b", 10))
    consumer.wait_ids(set(names("a", 10) + names("b", 10)))
    assert relay.alive()
    assert sorted(delivery.id for delivery in consumer.deliveries) == sorted(names("a", 10) + names("b", 10))


def test_lost_functions_are_loaded_again(own_store, own_server, shop, workspace, topology):
    """FUNCTION FLUSH; SCRIPT FLUSH does nothing to functions."""
    consumer = topology.consume(shop(own_store))
    relay = workspace.relay()
    send(own_store, ["a"])
    consumer.wait_ids({"a"})
    own_server.command("SCRIPT", "FLUSH")
    own_server.command("FUNCTION", "FLUSH")
    wait_until(lambda: "waybill" in own_server.command("FUNCTION", "LIST"), 20, "the functions to be back")
    send(own_store, ["b"])
    consumer.wait_ids({"a", "b"})
    assert relay.alive()


# ---- the server's refusals ----

@pytest.mark.parametrize("own_server", [{"maxmemory": "8mb", "databases": "16"}], indirect=True)
def test_full_memory_refuses_senders_and_still_drains(own_store, own_server, shop, workspace, topology):
    """-OOM: the service is told before anything is written; the relay makes room, and all goes on."""
    consumer = topology.consume(shop(own_store))
    sent = set()
    with pytest.raises(redis.exceptions.OutOfMemoryError):
        for number in range(5000):
            with own_store.transaction() as transaction:
                transaction.order(number)
                transaction.message("orders.created", "x" * 5000, id=f"m-{number}")
            sent.add(f"m-{number}")
    assert own_store.committed() == {int(name[2:]) for name in sent}
    refused = workspace.run("send", "--topic", "orders.created", "--payload", "x")
    assert refused.code == 1 and "maxmemory" in refused.err, refused.err
    workspace.relay()
    consumer.wait_ids(sent)
    wait_until(lambda: workspace.sending() == 0, 20, "an empty store")
    workspace.run("send", "--topic", "orders.created", "--id", "later", "--payload", "x").expect()
    consumer.wait_ids(sent | {"later"})


def test_replica_is_refused_and_named(own_store, own_server, shop, workspace):
    shop(own_store)
    with services.RedisReplica(own_server) as replica:
        workspace.configure(replica.url(), "amqp://localhost", [{"topic": "*", "exchange": "x"}])
        doctor = workspace.run("doctor", "--json")
        assert any(finding["code"] == "WB-D505" and finding["severity"] == "critical"
                   for finding in json.loads(doctor.out)["findings"]), doctor.out
        sent = workspace.run("send", "--topic", "t", "--payload", "x")
        assert sent.code != 0 and "primary" in sent.err, sent.err


def test_wrong_password_and_closed_port(redis_store, shop, workspace):
    shop(redis_store)
    url = redis_store.url
    for wrong, code, words in [(url.replace(redis_store.server.password, "wrong"), 3, "password"),
                               (url.replace(str(redis_store.server.port), "1"), 3, "refused"),
                               (url.rsplit("/", 1)[0] + "/shop", 2, "number of a database")]:
        workspace.configure(wrong, "amqp://localhost", [{"topic": "*", "exchange": "x"}])
        answer = workspace.run("status")
        assert answer.code == code and words in answer.err.lower(), (answer.code, answer.err)
        assert "wrong" not in answer.err.replace("WRONGPASS", "")


def test_user_with_no_more_rights_than_needed(own_store, own_server, shop, workspace, topology):
    """The rights that the guide names are enough, and without CONFIG GET doctor says what it can't see."""
    own_server.command("ACL", "SETUSER", "relay", "on", ">secret", "~{waybill:*", "+@all", "-@dangerous", "+info",
                       "+role", "+client|list")
    queue = shop(own_store)
    workspace.configure(f"redis://relay:secret@127.0.0.1:{own_server.port}/0", topology.broker.url(),
                        [{"topic": "orders.*", "exchange": topology.exchange}])
    workspace.run("migrate").expect()
    consumer = topology.consume(queue)
    workspace.relay()
    send(own_store, names("m", 10))
    consumer.wait_ids(set(names("m", 10)))
    assert "WB-D509" in workspace.run("doctor", "--json").out
    own_server.command("ACL", "SETUSER", "poor", "on", ">secret", "~*", "+ping")
    workspace.configure(f"redis://poor:secret@127.0.0.1:{own_server.port}/0", topology.broker.url(),
                        [{"topic": "orders.*", "exchange": topology.exchange}])
    refused = workspace.run("send", "--topic", "orders.created", "--payload", "x")
    assert refused.code == 3 and "ACL SETUSER" in refused.err, (refused.code, refused.err)


def test_server_that_still_loads_is_waited_for(own_store, own_server, shop, workspace, topology):
    """-LOADING after a restart with a large file: nothing fails."""
    consumer = topology.consume(shop(own_store))
    client = own_store.connect()
    pipeline = client.pipeline(transaction=False)
    for number in range(60000):
        pipeline.set(f"ballast-{number}", "x" * 100)
    pipeline.execute()
    relay = workspace.relay()
    traffic = Traffic(own_store, 2000, 1, writers=2, rate=500).start()
    consumer.wait_count(200)
    own_server.kill()
    own_server.start()
    traffic.join()
    committed = traffic.committed_ids()
    consumer.wait_ids(committed)
    assert relay.alive() and workspace.failed() == []


# ---- what a doctor says ----

@pytest.mark.parametrize("own_server, code, severity", [
    ({"appendonly": "no"}, "WB-D501", "critical"), ({"appendfsync": "everysec"}, "WB-D503", "warning"),
    ({"maxmemory-policy": "allkeys-lru"}, "WB-D504", "critical"), ({}, "WB-D503", "ok")], indirect=["own_server"])
def test_doctor_explains_the_server(own_store, shop, workspace, code, severity):
    shop(own_store)
    answer = workspace.run("doctor", "--json")
    found = {finding["code"]: finding for finding in json.loads(answer.out)["findings"]}
    assert found[code]["severity"] == severity, found[code]
    assert (answer.code == 0) == (severity != "critical")


# ---- lanes ----

def test_more_lanes_are_taken_into_use(own_store, own_server, shop, workspace, topology):
    """Raised after the fact: what goes into the new lane is sent too, by as many relays as there are."""
    consumer = topology.consume(shop(own_store))
    send(own_store, names("one", 20))
    shop(own_store, store_options={"lanes": 2}, queue=consumer.queue)
    workspace.relay()
    workspace.relay()
    client = own_store.connect()
    for lane in (0, 1):
        for number in range(20):
            client.xadd(f"{{waybill:{lane}}}:outbox", {"topic": "orders.created", "id": f"lane{lane}-{number}"})
    for number in range(20):
        workspace.run("send", "--topic", "orders.created", "--key", f"k{number}", "--id", f"cli-{number}", "--payload",
                      "x").expect()
    wanted = {name for prefix in ("one", "lane0", "lane1", "cli") for name in names(prefix, 20)}
    consumer.wait_ids(wanted)
    wait_until(lambda: workspace.sending() == 0, 20, "an empty store")
    assert len(workspace.status()["stores"][0]["lanes"]) == 2
    assert sorted(delivery.id for delivery in consumer.deliveries) == sorted(wanted), "each once"


# ---- memory ----

def test_many_failed_messages_are_counted_in_bounded_memory(redis_store, shop, workspace, tokens):
    """What is asked at each scrape, the causes with their counts, is read page by page."""
    count = 100_000
    shop(redis_store, http={"listen": "127.0.0.1:0"}, tokens={"ann": tokens["stats"][1]})
    with redis_store.connect().pipeline(transaction=False) as pipeline:
        for number in range(count):
            pipeline.xadd(OUTBOX, {"topic": "stock.moved", "payload": "x" * 100, "id": f"m-{number}"})
            if number % 5000 == 4999:
                pipeline.execute()
    relay = workspace.relay()
    web = Web(relay)
    counted = f'waybill_outbox_failed{{store="shop",route="",reason="no_route"}} {count}\n'
    wait_until(lambda: counted in web.get("/metrics", tokens["stats"][0]).text, 120, "all to be counted as failed", 1)
    assert relay.peak_memory_bytes() < 64 << 20
