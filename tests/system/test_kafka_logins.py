"""Kafka as it is found in production: TLS with SCRAM, and TLS where the client's certificate is the login."""

import pytest
import waybill_services as services
from confluent_kafka.admin import AdminClient, ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
from waybill_services.certificate import make_certificate

from harness.kafka import KafkaTopology
from harness.messages import persist

SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


@pytest.fixture(scope="module")
def scram_broker():
    """Knows its user by SCRAM alone, with both hashes."""
    settings = {"listener.name.secure.sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512",
                "listener.name.secure.scram-sha-256.sasl.jaas.config": SCRAM,
                "listener.name.secure.scram-sha-512.sasl.jaas.config": SCRAM}
    with services.Kafka(gates=0, settings=settings) as started:
        admin = AdminClient({"bootstrap.servers": f"127.0.0.1:{started.port}"})
        for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
            wanted = UserScramCredentialUpsertion(started.user, ScramCredentialInfo(mechanism, 4096),
                                                  started.password.encode())
            admin.alter_user_scram_credentials([wanted])[started.user].result(30)
        yield started


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """A client's certificate and key."""
    return make_certificate(tmp_path_factory.mktemp("client"))


@pytest.fixture(scope="module")
def certificate_broker(client):
    """Lets in whose certificate it trusts, and asks for no password."""
    settings = {"listener.security.protocol.map": "CLIENT:PLAINTEXT,SECURE:SSL,CONTROLLER:PLAINTEXT",
                "listener.name.secure.ssl.client.auth": "required", "listener.name.secure.ssl.truststore.type": "PEM",
                "listener.name.secure.ssl.truststore.location": client[0]}
    with services.Kafka(gates=0, settings=settings) as started:
        yield started


@pytest.fixture
def deliver(sqlite_store, workspace):
    """Configures a route by that URL, and sends one message through it."""
    topologies = []

    def configured(broker, url, **options):
        topologies.append(KafkaTopology(broker))
        workspace.configure(sqlite_store.url, url, [{"topic": "orders.*", "exchange": topologies[-1].exchange}],
                            broker_options={"ca_file": str(broker.certificate), **options})

    def delivered(broker, url, **options):
        configured(broker, url, **options)
        workspace.run("migrate").expect()
        sqlite_store.prepare()
        workspace.run("check").expect()
        consumer = topologies[-1].consume(topologies[-1].queue())
        relay = workspace.relay()
        persist(sqlite_store, ["one"])
        consumer.wait_ids({"one"})
        assert relay.stop() == 0

    delivered.configure = configured
    yield delivered
    for topology in topologies:
        topology.close()


def login(mechanism):
    return {"sasl.mechanisms": mechanism}


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_scram_logs_in(scram_broker, deliver, mechanism):
    deliver(scram_broker, scram_broker.secure_url(), properties=login(mechanism))


@pytest.mark.parametrize("mechanism, password, named", [("SCRAM-SHA-512", "wrong", "uthentication"), ("PLAIN", None, "PLAIN")])
def test_a_refused_login_is_named(scram_broker, deliver, workspace, mechanism, password, named):
    url = scram_broker.secure_url()
    if password:
        url = url.replace(scram_broker.password, password)
    deliver.configure(scram_broker, url, properties=login(mechanism))
    refused = workspace.run("check")
    assert refused.code == 3 and named in refused.err, refused.err
    assert scram_broker.password not in refused.err


def test_a_clients_certificate_logs_in(certificate_broker, deliver, client):
    certificate, key = client
    deliver(certificate_broker, f"kafkas://127.0.0.1:{certificate_broker.secure_port}", cert_file=str(certificate),
            key_file=str(key))


def test_a_missing_certificate_is_named(certificate_broker, deliver, workspace):
    deliver.configure(certificate_broker, f"kafkas://127.0.0.1:{certificate_broker.secure_port}")
    refused = workspace.run("check")
    assert refused.code == 3 and "set cert_file and key_file" in refused.err, refused.err
    assert "not like Kafka" not in refused.err
