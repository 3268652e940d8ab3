"""What a relay answers: health, metrics, the REST API; and that nobody who asks can hold it up."""

import json
import signal
import socket
import ssl
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from harness import binary
from harness.stores import EVERY, PostgreSQL
from harness.terminal import Terminal
from harness.traffic import Traffic, names, send
from harness.web import Web
from waybill_services import Gate, free_port, wait_until
from waybill_services.certificate import make_certificate

ANY_PORT = {"listen": "127.0.0.1:0"}
MIB = 1 << 20


@pytest.fixture
def serve(workspace, shop):
    """serve(store, ...) sets the shop up, starts a relay that answers at a port of its own, and gives the client."""
    def start(store, tokens=None, http=None, **options):
        lines = {f"the-{role}": made[1] for role, made in (tokens or {}).items()}
        start.queue = shop(store, http={**ANY_PORT, **(http or {})}, tokens=lines, **options)
        relay = workspace.relay()
        return Web(relay, ca=(http or {}).get("cert_file"))
    return start


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_metrics_tell_of_a_transaction_that_stays_open(kind, request, serve):
    store = request.getfixturevalue(f"{kind}_store")
    web = serve(store)
    name = 'waybill_oldest_transaction_seconds{store="shop"}'
    with store.transaction() as transaction:
        transaction.message("orders.created", "x", id="slow")
        wait_until(lambda: web.metrics()[name] > 2, 20, "the open transaction to be seen")
    wait_until(lambda: web.metrics()[name] < 2, 20, "it to be over")


def put_tokens(workspace, tokens):
    """Writes other tokens into the configuration."""
    text = workspace.config.read_text().split("\n[http.token.")[0]
    for name, (_, lines) in tokens.items():
        text += f'\n[http.token.the-{name}]\nrole = "{lines["role"]}"\nhash = "{lines["hash"]}"\n'
    workspace.config.write_text(text)


def reload(relay, word):
    relay.process.send_signal(signal.SIGHUP)
    relay.wait_logged(word)


@EVERY
def test_metrics_count_what_a_store_sends(store, serve, topology):
    web = serve(store)
    consumer = topology.consume(serve.queue)
    wanted = names("m", 300)
    send(store, wanted)
    consumer.wait_ids(set(wanted))
    route = '{store="shop",route="orders.*"'
    wait_until(lambda: web.metrics()[f'waybill_messages_total{route},outcome="confirmed"}}'] == 300, 20, "300 confirms")
    figures = web.metrics()
    for name in ("waybill_confirm_seconds", "waybill_commit_to_confirm_seconds"):
        assert figures[f"{name}_count{route}}}"] == 300
        assert 0 < figures[f"{name}_sum{route}}}"] < 300 * 10, f"{name}: the clocks are not those of one store"
    wait_until(lambda: web.metrics().get('waybill_outbox_sending{store="shop"}') == 0, 20, "nothing to wait")
    assert figures['waybill_store_up{store="shop"}'] == 1


def test_promtool_finds_nothing_wrong_with_the_metrics(sqlite_store, serve):
    page = serve(sqlite_store).get("/metrics")
    assert page.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    checked = subprocess.run(["promtool", "check", "metrics"], input=page.text, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_health_follows_the_broker(sqlite_store, serve, gate, topology):
    web = serve(sqlite_store, broker_url=gate.url(topology.broker.url()))
    wait_until(web.ready, 20, "the relay to be ready")
    assert web.get("/healthz?route=orders.*").status_code == 200
    gate.cut()
    wait_until(lambda: not web.ready(), 20, "the relay to see that the broker is gone")
    parts = {part["part"]: part for part in web.get("/readyz").json()["parts"]}
    assert parts["store shop"]["ready"] and not parts["broker main for store shop"]["ready"]
    assert web.get("/healthz").json()["routes"][0]["state"] == "down"
    assert web.get("/livez").status_code == 200
    gate.open()
    wait_until(web.ready, 30, "the relay to be ready again")
    assert web.get("/healthz").status_code == 200


def test_a_failed_message_is_found_by_its_cause_and_explained(store, serve, tokens, workspace):
    web = serve(store, tokens, route={"exchange": "nowhere-{topic}", "max_attempts": 1, "resend_after": "100ms"})
    sent = names("m", 3)
    send(store, sent)
    wait_until(lambda: len(workspace.failed()) == 3, 30, "the messages to fail")
    viewer, operator = tokens["viewer"][0], tokens["operator"][0]
    group, = web.json("/api/v1/failed/groups", viewer)["groups"]
    assert group["count"] == 3 and group["reason"] == "route_fault" and "NOT_FOUND" in group["answer"]
    assert group["code"] == "WB-R07" and group["remedy"].startswith("Declare it")
    assert web.get("/api/v1/failed/groups?lang=fr", viewer).status_code == 400
    in_chinese, = web.json("/api/v1/failed/groups?lang=zh", viewer)["groups"]
    assert "路由" in in_chinese["means"] + in_chinese["remedy"]
    refused = web.get("/api/v1/operations/none?lang=zh", viewer)
    assert refused.status_code == 404 and refused.json()["detail"] == "没有操作 'none'" and refused.json()["code"] == "not_found"
    assert "值不可能有效" in web.get("/api/v1/failed?lang=zh&topics=x", viewer).json()["detail"]
    listed = web.json("/api/v1/failed?q=cause:NOT_FOUND+topic:orders.*&limit=2", viewer)
    assert len(listed["messages"]) == 2 and listed["next"]
    told = web.json(f"/api/v1/messages/{sent[0]}", operator)
    assert told["state"] == "failed" and told["history"] and told["message"]["payload"]
    assert told == {**workspace.run("explain", sent[0], "--json").expect().json, "content_hidden": False, "content_masked": False,
                    "decoder": None}
    assert web.get(f"/api/v1/messages/{sent[0]}", tokens["stats"][0]).status_code == 403
    wait_until(lambda: web.metrics(viewer).get(
        'waybill_outbox_failed{store="shop",route="orders.*",reason="route_fault"}') == 3, 20, "the metric to count them")


def test_the_description_is_what_the_server_does(sqlite_store, serve, tokens):
    """schemathesis asks all it can think of, and compares each answer with the OpenAPI document."""
    web = serve(sqlite_store, tokens)
    send(sqlite_store, ["m-1"])
    wait_until(web.ready, 20, "the relay to be ready")
    asked = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", f"{web.url}/api/v1/openapi.json", "--checks", "all",
         # No schema can say which search lines and times are well-formed.
         "--exclude-checks", "positive_data_acceptance", "--max-examples", "40", "--seed", "1", "--header", f"Authorization: Bearer {tokens['operator'][0]}"],
        capture_output=True, text=True, check=False, timeout=300)
    assert asked.returncode == 0, asked.stdout[-6000:] + asked.stderr[-2000:]


def send_until_refused(connection, part, seconds=20):
    """Sends the part again and again; the other side has to end that."""
    deadline = time.monotonic() + seconds
    with connection, pytest.raises(OSError):
        while time.monotonic() < deadline:
            connection.sendall(part)


def test_slow_and_endless_requests_hold_up_nobody(sqlite_store, serve, workspace):
    web = serve(sqlite_store)
    relay = workspace.relays[0]
    slow = [web.connect() for _ in range(50)]
    for one in slow:
        one.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n")
    endless = web.connect()
    endless.sendall(b"GET /livez HTTP/1.1\r\n")
    send_until_refused(endless, b"x: " + b"a" * 900 + b"\r\n")
    for head in (b"Transfer-Encoding: chunked\r\n\r\n", b"Content-Length: 9999999999\r\n\r\n"):
        fat = web.connect()
        fat.sendall(b"POST /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n" + head)
        send_until_refused(fat, b"10000\r\n" + b"b" * 65536 + b"\r\n")
    begun = time.monotonic()
    assert web.get("/livez").status_code == 200
    assert time.monotonic() - begun < 2
    assert relay.memory_bytes() < 64 * MIB
    # Each of the slow ones is given up after ten seconds, however often it sends a byte.
    def is_ended(connection):
        try:
            connection.sendall(b"a: b\r\n")
            connection.settimeout(0.01)
            return connection.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True
    wait_until(lambda: all([is_ended(one) for one in slow]), 30, "slow requests to be given up")


def test_too_much_is_refused_with_the_limit(sqlite_store, serve):
    web = serve(sqlite_store)
    assert web.get("/livez", headers={"x": "a" * 20_000}).status_code == 431
    answer = web.get("/livez", method="POST", data=b"b" * (2 * MIB))
    assert answer.status_code == 413 and "1 MiB" in answer.json()["detail"]
    assert web.get("/api/v1/route?topic=" + "t" * 9_000).status_code == 404


@pytest.mark.parametrize("sent", [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64, b"HELO there\r\n\r\n", b"GET /livez HTTP/9.9\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"GET /livez HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"GET /li vez HTTP/1.1\r\n\r\n",
    b"GET /livez\r\n\r\n", b"\r\n\r\n\r\n\r\n"])
def test_what_is_no_request_is_refused_and_forgotten(sqlite_store, serve, sent):
    web = serve(sqlite_store)
    with web.connect() as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(65536)
        assert answer == b"" or b" 400 " in answer.splitlines()[0], answer
    assert web.get("/livez").status_code == 200


def test_a_thousand_open_pages_cost_what_one_does(postgresql_store, serve, workspace, topology):
    web = serve(postgresql_store)
    consumer = topology.consume(serve.queue)
    pages = [web.connect() for _ in range(1000)]
    for round_ in range(2):
        for page in pages:
            page.sendall(b"GET /api/v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        statuses = [page.recv(65536).split(b" ", 2)[1] for page in pages]
        assert statuses.count(b"200") + statuses.count(b"503") == 1000
        assert statuses.count(b"200") >= 60, "who waits for its turn is answered"
    assert web.get("/livez").status_code == 200
    wanted = names("m", 200)
    send(postgresql_store, wanted)
    consumer.wait_ids(set(wanted))
    assert workspace.relays[0].peak_memory_bytes() < 64 * MIB
    for page in pages:
        page.close()
    wait_until(lambda: web.get("/api/v1/status").status_code == 200, 20, "pages to be answered again")


@pytest.mark.parametrize("path", ["/api/v1/failed/groups", "/api/v1/inbox"])
def test_what_grows_with_the_data_is_read_once_for_all_who_ask(sqlite_store, serve, path):
    web = serve(sqlite_store)
    first, second = (web.json(path)["age_seconds"] for _ in range(2))
    assert 0 <= first < second < 1


def test_a_store_that_does_not_answer_keeps_nobody_from_livez(postgresql_store, serve):
    with Gate(postgresql_store.server.port, amqp=False) as gate:
        url = postgresql_store.server.url(postgresql_store.database, port=gate.port)
        web = serve(_at(url, postgresql_store))
        assert web.get("/api/v1/failed").status_code == 200
        gate.stall()
        with ThreadPoolExecutor(20) as readers:
            waiting = [readers.submit(web.get, "/api/v1/failed") for _ in range(20)]
            for _ in range(5):
                begun = time.monotonic()
                assert web.get("/livez").status_code == 200
                assert web.get("/readyz").status_code in (200, 503)
                assert time.monotonic() - begun < 2
            gate.open()
            assert all(one.result().status_code in (200, 503) for one in waiting)


def _at(url, store):
    """The same store at another address."""
    moved = PostgreSQL(store.server, store.database)
    moved.url = url
    return moved


def test_tls_is_served_and_old_versions_are_not(sqlite_store, serve, tokens, tmp_path):
    certificate, key = make_certificate(tmp_path)
    web = serve(sqlite_store, tokens, http={"cert_file": str(certificate), "key_file": str(key)})
    assert web.json("/api/v1/status", tokens["viewer"][0])["stores"]
    assert web.handshake(ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    with pytest.raises(OSError):
        web.handshake(ssl.TLSVersion.TLSv1_1)
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(web.url + "/livez", timeout=10)
    with web.connect() as plain:
        plain.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert not plain.recv(100).startswith(b"HTTP")


def test_a_reload_takes_tokens_and_routes_and_loses_no_confirm(store, serve, tokens, workspace, topology, seed):
    web = serve(store, tokens)
    relay = workspace.relays[0]
    consumer = topology.consume(serve.queue)
    traffic = Traffic(store, 3000, seed, rate=600).start()
    viewer, operator = tokens["viewer"][0], tokens["operator"][0]
    for turn in range(3):
        known = {"viewer": tokens["viewer"]} if turn % 2 == 0 else tokens
        put_tokens(workspace, known)
        before = relay.text().count("info reloaded")
        relay.process.send_signal(signal.SIGHUP)
        wait_until(lambda: relay.text().count("info reloaded") > before, 30, "the relay to reload")
        assert web.get("/api/v1/status", viewer).status_code == 200
        assert web.get("/api/v1/status", operator).status_code == (401 if turn % 2 == 0 else 200)
    traffic.join()
    consumer.wait_ids(traffic.committed_ids())
    assert consumer.count() == len(traffic.committed_ids()), "a reload sent something twice"
    assert relay.stop() == 0


def test_a_reload_of_nonsense_changes_nothing_and_is_seen(sqlite_store, serve, workspace):
    web = serve(sqlite_store)
    relay = workspace.relays[0]
    good = workspace.config.read_text()
    workspace.config.write_text(good.replace("[relay]", "[relay]\nwindwo = 3"))
    reload(relay, "not reloaded")
    assert "did you mean 'window'" in relay.text()
    assert web.metrics()["waybill_config_last_reload_success"] == 0
    wait_until(web.ready, 20, "the relay to go on")
    workspace.config.write_text(good)
    reload(relay, "info reloaded")
    assert web.metrics()["waybill_config_last_reload_success"] == 1


def test_a_reload_to_an_address_that_is_taken_goes_back(sqlite_store, serve, workspace, topology):
    web = serve(sqlite_store)
    relay = workspace.relays[0]
    consumer = topology.consume(serve.queue)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        text = workspace.config.read_text()
        workspace.config.write_text(text.replace("127.0.0.1:0", f"127.0.0.1:{taken.getsockname()[1]}"))
        reload(relay, "not reloaded")
    assert "Address already in use" in relay.text()
    again = Web(relay)
    assert again.metrics()["waybill_config_last_reload_success"] == 0
    send(sqlite_store, names("m", 20))
    consumer.wait_ids(set(names("m", 20)))
    assert consumer.count() == 20


def test_an_address_that_is_taken_is_an_error_if_it_was_asked_for(sqlite_store, shop, workspace):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        shop(sqlite_store, http={"listen": f"127.0.0.1:{taken.getsockname()[1]}"})
        refused = workspace.relay()
        assert refused.wait(20) == 2
        assert "Address already in use" in refused.text()


def test_two_relays_of_one_host_go_on_with_the_usual_address(sqlite_store, shop, workspace):
    shop(sqlite_store)
    workspace.config.write_text(workspace.config.read_text().replace('listen = "off"', ""))
    first, second = workspace.relay(), workspace.relay()
    for relay in (first, second):
        relay.wait_logged("started")
        assert relay.alive()
        assert "answers" in relay.text() or "nothing is served" in relay.text()
        assert relay.stop() == 0


def test_no_secret_is_in_a_log_or_an_answer(postgresql_store, serve, tokens, workspace, topology):
    web = serve(postgresql_store, tokens)
    token = tokens["operator"][0]
    send(postgresql_store, ["m-1"])
    text = "".join(web.get(path, token).text for path in (
        "/metrics", "/readyz", "/healthz", "/api/v1/status", "/api/v1/failed", "/api/v1/messages/m-1", "/api/v1/nothing"))
    text += web.get("/api/v1/status", "wb_guessed").text
    password = postgresql_store.server.password
    for secret in [password, *(made[0] for made in tokens.values()), "wb_guessed"]:
        assert len(secret) > 4 and secret not in text + workspace.relays[0].text()


def test_tap_shows_answers_as_they_go_by(sqlite_store, shop, workspace, topology, tokens):
    port = free_port()
    queue = topology.queue("orders.taken")
    shop(sqlite_store, route={"max_attempts": 1, "resend_after": "100ms"}, queue=queue, http={"listen": f"127.0.0.1:{port}"},
         tokens={"ann": tokens["viewer"][1]})
    workspace.relay().wait_logged(" answers")
    ann = {"WAYBILL_TOKEN": tokens["viewer"][0]}
    assert "WB-E09" in workspace.run("tap", "--count", "1").expect(3).err
    send(sqlite_store, names("fine", 3), topic="orders.taken")
    send(sqlite_store, ["lost"], topic="orders.nowhere")
    wait_until(lambda: workspace.status()["stores"][0]["failed"] == 1, 30, "the lost one to fail")
    lines = workspace.run("tap", "orders.*", "--count", "4", "--json", environment=ann).expect().out.splitlines()
    shown = {one["id"]: one for one in map(json.loads, lines)}
    assert shown["fine-0"]["outcome"] == "confirmed" and 0 < shown["fine-0"]["seconds"] < 30
    assert shown["lost"]["outcome"] == "unroutable" and "NO_ROUTE" in shown["lost"]["answer"]
    assert " ms " in workspace.run("tap", "--count", "1", environment=ann).expect().out
    workspace.run("tap", "none", environment=ann).expect(4)
    workspace.relays[0].stop()
    assert "no relay answers" in workspace.run("tap", environment=ann).expect(3).err


def test_tap_goes_on_after_a_reload(sqlite_store, shop, workspace, tokens):
    shop(sqlite_store, http={"listen": f"127.0.0.1:{free_port()}"}, tokens={"ann": tokens["viewer"][1]})
    relay = workspace.relay()
    relay.wait_logged(" answers")
    send(sqlite_store, names("before", 4))
    wait_until(lambda: workspace.sending() == 0, 20, "them to be confirmed")
    tap = Terminal([binary.path(), "tap", "-c", str(workspace.config)], {"WAYBILL_TOKEN": tokens["viewer"][0]})
    try:
        tap.expect("before-3")
        reload(relay, "info reloaded")
        send(sqlite_store, ["after"])
        tap.expect("after")
    finally:
        tap.close()


def test_tap_asks_over_tls_for_the_relay_s_own_certificate(sqlite_store, serve, workspace, tokens, tmp_path):
    certificate, key = make_certificate(tmp_path)
    serve(sqlite_store, tokens, {"listen": f"127.0.0.1:{free_port()}", "cert_file": str(certificate), "key_file": str(key)})
    send(sqlite_store, ["one"])
    shown = workspace.run("tap", "--count", "1", "--json", environment={"WAYBILL_TOKEN": tokens["viewer"][0]}).expect()
    assert json.loads(shown.out)["id"] == "one"
