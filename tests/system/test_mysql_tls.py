"""MariaDB over TLS: what the URL asks for is had, or nothing is sent."""

import pytest
import waybill_services as services
from waybill_services.certificate import make_certificate


@pytest.fixture(scope="module")
def server():
    """Takes nobody without TLS. Its user can read the key in its own folder, wherever pytest's folders are closed."""
    server = services.MariaDB()
    certificate, key = make_certificate(server.directory)
    key.chmod(0o644)
    server.settings = {"ssl-cert": certificate, "ssl-key": key, "require-secure-transport": "ON"}
    with server:
        yield server


@pytest.fixture
def certificate(server):
    return server.directory / "server.pem"


@pytest.fixture(scope="module")
def plain_server():
    with services.MariaDB() as started:
        yield started


@pytest.fixture
def migrate(workspace):
    def run(server, parameters, environment=None):
        workspace.configure(server.url() + parameters, "amqp://127.0.0.1:1", [{"topic": "orders.*", "exchange": "shop"}])
        return workspace.run("migrate", environment=environment)
    return run


def test_tls_is_had_when_the_url_asks_for_it(server, certificate, migrate):
    migrate(server, f"?ssl_ca={certificate}").expect()
    # As if the server's authority were one of the system's.
    migrate(server, "?ssl=1", {"SSL_CERT_FILE": str(certificate)}).expect()
    migrate(server, "?ssl=unverified").expect()
    migrate(server, "?ssl=0").expect(3)
    migrate(server, "").expect(3)


def test_a_certificate_is_checked_unless_the_url_says_not_to(server, migrate, tmp_path):
    for parameters in (f"?ssl_ca={make_certificate(tmp_path)[0]}", "?ssl=1"):
        refused = migrate(server, parameters)
        assert refused.code == 3 and "certificate" in refused.err, refused.err


def test_doctor_says_that_the_certificate_is_not_checked(server, migrate, workspace, certificate):
    migrate(server, "?ssl=unverified").expect()
    assert "pose as the server" in workspace.run("doctor").out
    migrate(server, f"?ssl_ca={certificate}").expect()
    assert "WB-D408" not in workspace.run("doctor").out


def test_a_server_without_tls_gets_nothing_from_a_url_that_asks_for_it(plain_server, migrate):
    migrate(plain_server, "").expect()
    for parameters in ("?ssl=1", "?ssl=unverified"):
        refused = migrate(plain_server, parameters)
        assert refused.code == 3 and "TLS" in refused.err, refused.err


@pytest.mark.parametrize("parameter, named", [("sslmode=require", "sslmode"), ("ssl-ca=x", "did you mean 'ssl_ca'"),
                                              ("ssl=yes", "unverified")])
def test_a_parameter_that_means_nothing_is_refused(plain_server, migrate, parameter, named):
    refused = migrate(plain_server, f"?{parameter}")
    assert refused.code == 2 and named in refused.err, refused.err
