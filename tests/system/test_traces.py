"""The publications of traced messages reach an OpenTelemetry collector; a collector that is away costs no message."""

import json
import signal
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness.web import Web
from waybill_services import free_port, wait_until
from waybill_services.certificate import make_certificate

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
RECORDED = f"00-{TRACE}-{PARENT}-01"


class Collector:
    """Takes what OTLP over HTTP brings, as JSON."""

    def __init__(self, port=0, answers=(), certificate=None):
        self.requests, self.answers = [], list(answers)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):  # noqa: N802  (the library's name)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = outer.answers.pop(0) if outer.answers else 200
                outer.requests.append((self.path, dict(self.headers), json.loads(body), status))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def spans(self):
        """Each span that was taken, its attributes as a dictionary."""
        taken = []
        for _, _, body, status in self.requests:
            for resource in body["resourceSpans"] if status == 200 else ():
                for scope in resource["scopeSpans"]:
                    taken += scope["spans"]
        return [{**span, "attributes": {one["key"]: next(iter(one["value"].values())) for one in span["attributes"]}}
                for span in taken]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def test_check_tries_the_collector(sqlite_store, shop, workspace, collector):
    there = collector(answers=[200, 404])
    shop(sqlite_store)
    plain = workspace.config.read_text()
    workspace.config.write_text(plain + f'\n[traces]\nendpoint = "http://127.0.0.1:{there.port}"\n')
    workspace.run("check").expect()
    refused = workspace.run("check").expect(1)
    assert "answered 404 to POST /v1/traces" in refused.err
    workspace.config.write_text(plain + f'\n[traces]\nendpoint = "http://127.0.0.1:{free_port()}"\n')
    assert "collector of traces" in workspace.run("check").expect(3).err
    workspace.run("check", "--offline").expect()


@pytest.fixture
def collector():
    made = []

    def start(**options):
        made.append(Collector(**options))
        return made[-1]
    yield start
    for one in made:
        one.close()


@pytest.fixture
def traced(sqlite_store, shop, workspace):
    """A shop whose relay tells its traces: traced(port) gives the queue."""
    def set_up(port, lines="", scheme="http", **options):
        queue = shop(sqlite_store, http={"listen": "127.0.0.1:0"}, **options)
        with workspace.config.open("a") as file:
            file.write(f'\n[traces]\nendpoint = "{scheme}://127.0.0.1:{port}"\n{lines}\n')
        workspace.run("check", "--offline").expect()
        return queue
    return set_up


def send(workspace, name, traceparent=RECORDED, topic="orders.created"):
    workspace.run("send", "--topic", topic, "--id", name, "--payload", "{}", "--header",
                  f"traceparent={traceparent}").expect()


def test_each_publication_is_a_span_in_the_trace_of_its_service(traced, collector, workspace, topology):
    told = collector()
    queue = traced(told.port, 'service = "shop-relay"\nheaders = { Authorization = "Bearer of-news" }')
    consumer = topology.consume(queue)
    workspace.relay()
    send(workspace, "traced")
    send(workspace, "not-recorded", traceparent=RECORDED[:-1] + "0")
    workspace.run("send", "--topic", "orders.created", "--id", "untraced", "--payload", "{}").expect()
    consumer.wait_ids({"traced", "not-recorded", "untraced"})
    wait_until(told.spans, 20, "a span")
    path, headers, body, _ = told.requests[0]
    assert path == "/v1/traces" and headers["Authorization"] == "Bearer of-news"
    assert headers["Content-Type"] == "application/json"
    names = {one["key"]: one["value"]["stringValue"] for one in body["resourceSpans"][0]["resource"]["attributes"]}
    assert names["service.name"] == "shop-relay"
    [span] = told.spans()
    assert (span["traceId"], span["parentSpanId"], span["links"][0]["spanId"]) == (TRACE, PARENT, PARENT)
    assert span["attributes"]["messaging.message.id"] == "traced"
    assert span["attributes"]["waybill.outcome"] == "confirmed"
    assert 0 < int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"]) < 10e9
    # What the consumer gets is the service's own context, so that it can go on from there.
    assert next(one for one in consumer.deliveries if one.id == "traced").headers["traceparent"] == RECORDED


def test_what_the_broker_refused_is_an_error_in_its_words(traced, collector, workspace):
    told = collector()
    traced(told.port, route={"exchange": "", "routing_key": "nowhere"})
    workspace.relay()
    send(workspace, "lost")
    wait_until(told.spans, 20, "a span")
    [span] = told.spans()
    assert span["status"]["code"] == 2 and "NO_ROUTE" in span["status"]["message"]
    assert span["name"] == "publish nowhere"


def test_a_collector_that_is_away_costs_no_message(traced, collector, workspace, topology):
    port = free_port()
    queue = traced(port)
    consumer = topology.consume(queue)
    relay = workspace.relay()
    send(workspace, "while-away")
    consumer.wait_ids({"while-away"})
    relay.wait_logged("traces: the collector takes no spans")
    told = collector(port=port, answers=[503, 429])
    wait_until(told.spans, 60, "the span that was kept")
    assert told.spans()[0]["attributes"]["messaging.message.id"] == "while-away"
    relay.wait_logged("traces: the collector takes spans again")
    metrics = Web(relay).metrics()
    assert (metrics['waybill_spans_total{result="sent"}'], metrics['waybill_spans_total{result="dropped"}']) == (1, 0)
    assert relay.stop() == 0


def test_spans_that_the_collector_refuses_are_dropped_and_counted(traced, collector, workspace, topology):
    told = collector(answers=[400])
    queue = traced(told.port)
    consumer = topology.consume(queue)
    relay = workspace.relay()
    send(workspace, "refused")
    consumer.wait_ids({"refused"})
    relay.wait_logged("it answered 400; 1 spans were dropped so far")
    send(workspace, "taken")
    wait_until(told.spans, 20, "a span")
    assert [span["attributes"]["messaging.message.id"] for span in told.spans()] == ["taken"]
    assert Web(relay).metrics()['waybill_spans_total{result="dropped"}'] == 1


def test_a_relay_that_stops_tells_what_it_has(traced, collector, workspace, topology):
    told = collector()
    queue = traced(told.port)
    consumer = topology.consume(queue)
    send(workspace, "last")
    relay = workspace.relay("--drain")
    consumer.wait_ids({"last"})
    assert relay.wait() == 0
    assert [span["attributes"]["messaging.message.id"] for span in told.spans()] == ["last"]


def test_over_tls_the_collector_must_be_who_it_says(traced, collector, workspace, topology, tmp_path):
    certificate, key = make_certificate(tmp_path)
    told = collector(certificate=(certificate, key))
    queue = traced(told.port, scheme="https")
    consumer = topology.consume(queue)
    relay = workspace.relay()
    send(workspace, "unknown-authority")
    consumer.wait_ids({"unknown-authority"})
    relay.wait_logged("certificate verify failed")
    assert not told.requests
    with workspace.config.open("a") as file:
        file.write(f'ca_file = "{certificate}"\n')
    relay.process.send_signal(signal.SIGHUP)
    relay.wait_logged("reloaded")
    send(workspace, "known")
    wait_until(told.spans, 20, "a span")
    assert told.spans()[0]["attributes"]["messaging.message.id"] == "known"
