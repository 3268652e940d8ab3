"""PostgreSQL over TLS: what the URL asks for is had, or nothing is sent."""

import pytest
import waybill_services as services
from waybill_services.certificate import make_certificate


@pytest.fixture(scope="module")
def server():
    """Takes nobody without TLS."""
    server = services.PostgreSQL()
    certificate, key = make_certificate(server.directory)
    key.chmod(0o600)
    logins = server.directory / "pg_hba.conf"
    logins.write_text("local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n")
    server.settings = {"ssl": "on", "ssl_cert_file": certificate, "ssl_key_file": key, "hba_file": logins}
    with server:
        yield server


@pytest.fixture
def certificate(server):
    return server.directory / "server.pem"


@pytest.fixture
def migrate(workspace):
    def run(url, command=("migrate",)):
        workspace.configure(url, "amqp://127.0.0.1:1", [{"topic": "orders.*", "exchange": "shop"}])
        return workspace.run(*command)
    return run


def elsewhere(server):
    """The same server by a name that is not in its certificate, as if it were on another host."""
    return server.url().replace("@127.0.0.1:", "@db.example:") + "?hostaddr=127.0.0.1"


def test_tls_is_had_when_the_url_asks_for_it(server, certificate, migrate):
    migrate(f"{server.url()}?sslmode=verify-full&sslrootcert={certificate}").expect()
    migrate(f"{server.url()}?sslmode=require").expect()
    migrate(f"{server.url()}?sslmode=disable").expect(3)


def test_a_certificate_is_checked_when_the_url_says_so(server, certificate, migrate, tmp_path):
    another, _ = make_certificate(tmp_path)
    refused = migrate(f"{server.url()}?sslmode=verify-ca&sslrootcert={another}")
    assert refused.code == 3 and "certificate" in refused.err, refused.err
    refused = migrate(f"{elsewhere(server)}&sslmode=verify-full&sslrootcert={certificate}")
    assert refused.code == 3 and "db.example" in refused.err, refused.err
    migrate(f"{elsewhere(server)}&sslmode=verify-ca&sslrootcert={certificate}").expect()


def test_a_server_without_tls_gets_nothing_from_a_url_that_asks_for_it(postgresql, migrate):
    refused = migrate(f"{postgresql.url()}?sslmode=require")
    assert refused.code == 3 and "SSL" in refused.err, refused.err


def test_doctor_says_how_open_the_way_is(server, certificate, postgresql, migrate):
    migrate(server.url()).expect()
    migrate(postgresql.url()).expect()
    by_parameter = postgresql.url().replace("@127.0.0.1:", "@:") + "?host=db.example&hostaddr=127.0.0.1"
    for url, said in ((f"{elsewhere(server)}&sslmode=require", "pose as the server"), (by_parameter, "not encrypted")):
        found = migrate(url, ("doctor",)).out
        assert "WB-D118" in found and said in found, found
    checked = f"{elsewhere(server)}&sslmode=verify-ca&sslrootcert={certificate}"
    assert "certificate checked" in migrate(checked, ("doctor",)).out


@pytest.mark.parametrize("parameter, named", [("sslmod=require", "did you mean 'sslmode'"), ("sslmode=yes", "sslmode")])
def test_a_parameter_that_means_nothing_is_refused(server, migrate, parameter, named):
    refused = migrate(f"{server.url()}?{parameter}")
    assert refused.code == 2 and named in refused.err, refused.err
