"""RabbitMQ as it is found in production: its own TLS listener, which may ask for the client's certificate."""

import subprocess

import pytest
import waybill_services as services
from waybill_services.certificate import make_certificate

from harness.broker import Topology
from harness.messages import persist


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The broker's certificate and key."""
    return make_certificate(tmp_path_factory.mktemp("server"))


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Signs clients: Erlang trusts no certificate that signs itself."""
    return make_certificate(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def client(authority, tmp_path_factory):
    """A client's certificate and key."""
    folder = tmp_path_factory.mktemp("client")
    certificate, key, request = (folder / name for name in ("client.pem", "client.key", "client.csr"))
    for command in (["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=relay", "-keyout", key, "-out", request],
                    ["x509", "-req", "-in", request, "-CA", authority[0], "-CAkey", authority[1], "-CAcreateserial", "-days",
                     "30", "-out", certificate]):
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    return certificate, key


def listening(server, **more):
    """A broker with one more listener, for TLS, and that listener's port."""
    port = services.free_port()
    settings = {"listeners.ssl.1": f"127.0.0.1:{port}", "ssl_options.certfile": server[0], "ssl_options.keyfile": server[1],
                **{f"ssl_options.{name}": value for name, value in more.items()}}
    return services.RabbitMQ(settings=settings), port


@pytest.fixture(scope="module")
def open_broker(server):
    broker, port = listening(server)
    with broker:
        yield broker, port


@pytest.fixture(scope="module")
def strict_broker(server, authority):
    """Lets in who brings a certificate of the authority's."""
    broker, port = listening(server, cacertfile=authority[0], verify="verify_peer", fail_if_no_peer_cert="true")
    with broker:
        yield broker, port


@pytest.fixture
def configure(workspace, sqlite_store, server):
    """Gives the topology behind a route by that URL."""
    made = []

    def configured(broker, url, **options):
        made.append(Topology(broker))
        workspace.configure(sqlite_store.url, url, [{"topic": "orders.*", "exchange": made[-1].exchange}],
                            broker_options={"ca_file": str(server[0]), **options} if url.startswith("amqps") else None)
        workspace.run("migrate").expect()
        sqlite_store.prepare()
        return made[-1]

    yield configured
    for topology in made:
        topology.close()


def expect_delivery(workspace, store, topology):
    consumer = topology.consume(topology.queue())
    workspace.run("check").expect()
    relay = workspace.relay()
    persist(store, ["one"])
    consumer.wait_ids({"one"})
    assert relay.stop() == 0


def secure(port):
    return f"amqps://guest:guest@127.0.0.1:{port}"


def test_messages_pass_over_tls(open_broker, configure, workspace, sqlite_store):
    broker, port = open_broker
    expect_delivery(workspace, sqlite_store, configure(broker, secure(port)))


def test_a_clients_certificate_is_brought(strict_broker, configure, workspace, sqlite_store, client):
    broker, port = strict_broker
    topology = configure(broker, secure(port), cert_file=str(client[0]), key_file=str(client[1]))
    expect_delivery(workspace, sqlite_store, topology)


def test_a_missing_certificate_is_named(strict_broker, configure, workspace):
    broker, port = strict_broker
    configure(broker, secure(port))
    refused = workspace.run("check")
    assert refused.code == 3 and "cert_file and key_file" in refused.err, refused.err


def test_a_url_without_tls_is_named(open_broker, configure, workspace):
    broker, port = open_broker
    configure(broker, f"amqp://guest:guest@127.0.0.1:{port}")
    refused = workspace.run("check")
    assert refused.code == 3 and "write the URL with amqps://" in refused.err, refused.err


def test_a_url_with_tls_at_a_plain_port_is_named(open_broker, configure, workspace):
    broker, _ = open_broker
    configure(broker, secure(broker.port))
    refused = workspace.run("check")
    assert refused.code == 3 and "TLS" in refused.err, refused.err
    assert "certificate" not in refused.err
