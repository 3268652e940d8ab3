"""MariaDB over TLS: what the URL asks for is had, or nothing is sent."""

import pytest
import waybill_services as services
from waybill_services.certificate import make_certificate


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """The server's certificate and key, where the server's user can read them."""
    folder = tmp_path_factory.mktemp("tls")
    made = make_certificate(folder)
    for path in (folder.parent.parent, folder.parent, folder):
        path.chmod(0o755)
    made[1].chmod(0o644)
    return made


@pytest.fixture(scope="module")
def server(certificate):
    """Takes nobody without TLS."""
    settings = {"ssl-cert": certificate[0], "ssl-key": certificate[1], "require-secure-transport": "ON"}
    with services.MariaDB(settings=settings) as started:
        yield started


@pytest.fixture(scope="module")
def plain_server():
    with services.MariaDB() as started:
        yield started


@pytest.fixture
def migrate(workspace):
    def run(server, parameters):
        workspace.configure(server.url() + parameters, "amqp://127.0.0.1:1", [{"topic": "orders.*", "exchange": "shop"}])
        return workspace.run("migrate")
    return run


def test_tls_is_had_when_the_url_asks_for_it(server, certificate, migrate):
    migrate(server, f"?ssl_ca={certificate[0]}").expect()
    migrate(server, "?ssl=1").expect()
    migrate(server, "?ssl=0").expect(3)
    migrate(server, "").expect(3)


def test_another_authority_is_refused(server, migrate, tmp_path):
    refused = migrate(server, f"?ssl_ca={make_certificate(tmp_path)[0]}")
    assert refused.code == 3 and "certificate" in refused.err, refused.err


def test_a_server_without_tls_gets_nothing_from_a_url_that_asks_for_it(plain_server, migrate):
    migrate(plain_server, "").expect()
    refused = migrate(plain_server, "?ssl=1")
    assert refused.code == 3 and "the server speaks none" in refused.err, refused.err


@pytest.mark.parametrize("parameter, named", [("sslmode=require", "sslmode"), ("ssl-ca=x", "did you mean 'ssl_ca'"),
                                              ("ssl=yes", "0 or 1")])
def test_a_parameter_that_means_nothing_is_refused(plain_server, migrate, parameter, named):
    refused = migrate(plain_server, f"?{parameter}")
    assert refused.code == 2 and named in refused.err, refused.err
