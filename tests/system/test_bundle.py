"""`waybill bundle`: all that helps others to see what is wrong, and nothing that they must not see."""

import json
import stat

import pytest

from harness import stores
from waybill_services import free_port, wait_until

PLANTED = "planted-3f9a"


@pytest.fixture
def troubled(postgresql_store, workspace, topology, shop, tokens):
    """A running relay with a failed message; what is secret, or somebody else's business, is marked."""
    shop(postgresql_store, queue=topology.queue(binding="orders.created"),
         http={"listen": f"127.0.0.1:{free_port()}"}, tokens={name: lines for name, (_, lines) in tokens.items()})
    with postgresql_store.transaction() as transaction:
        transaction.message("orders.stray", f"payload-{PLANTED}", id="stray-1", key=f"key-{PLANTED}",
                            headers={"card": f"header-{PLANTED}"})
    workspace.relay()
    wait_until(workspace.failed, 30, "the message to fail")
    return workspace


def read(answer, workspace):
    [file] = workspace.folder.glob("waybill-bundle-*.json")
    assert str(file.name) in answer.out and "read it before you give it away" in answer.out
    return file, json.loads(file.read_text())


def test_it_has_what_a_helper_asks_for(troubled, tokens):
    answer = troubled.run("bundle", "--interval", "200ms",
                          environment={"WAYBILL_TOKEN": tokens["stats"][0]}).expect()
    file, bundle = read(answer, troubled)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert bundle["version"] and bundle["host"]["processors"] > 0
    settings = bundle["configuration"]["settings"]
    assert settings["route[0].topic"] == "orders.*" and ":***@" in settings["store.shop.url"]
    assert bundle["configuration"]["errors"] == []
    first, second = bundle["looks"]
    assert first["at"] < second["at"]
    assert first["status"]["stores"][0]["failed"] == 1
    assert 'waybill_outbox_failed{store="shop"' in second["metrics"]
    assert {finding["code"] for finding in bundle["doctor"]["findings"]} >= {"WB-D101"}
    [cause] = bundle["failed"]["shop"]
    assert cause["reason"] == "unroutable" and cause["sample_id"] == "stray-1"
    assert bundle["operations"]["shop"] == []


def test_no_secret_and_no_content_is_in_it(troubled, postgresql_store, topology, tokens):
    """Planted as passwords, tokens and hashes, as payload, key and header, and in a comment of the file."""
    with open(troubled.config, "a", encoding="utf-8") as file:
        file.write(f"# an old one: amqp://shop:{PLANTED}@broker\n"
                   f"[traces]\nendpoint = \"http://127.0.0.1:1\"\nheaders = {{ Authorization = \"Bearer {PLANTED}\" }}\n")
    troubled.run("failed", "drop", "--id", "stray-1", "--yes", "--why", "not needed").expect()
    answer = troubled.run("bundle", "--interval", "0s", environment={"WAYBILL_TOKEN": tokens["operator"][0]}).expect()
    file, bundle = read(answer, troubled)
    assert bundle["operations"]["shop"][0]["act"] == "drop"
    text = file.read_text() + answer.out + answer.err
    secrets = [PLANTED, postgresql_store.server.password, f":{topology.broker.password}@"]
    secrets += [secret for token, lines in tokens.values() for secret in (token, lines["hash"].split(":")[1])]
    for secret in secrets:
        assert len(secret) > 4 and secret not in text, secret


def test_it_is_made_when_nothing_works(workspace, postgresql, topology):
    away = stores.PostgreSQL(postgresql, "no_such_database")
    workspace.configure(away.url, topology.broker.url(), [{"topic": "orders.*", "exchange": topology.exchange}])
    bundle = workspace.run("bundle", "--interval", "0s", "--output", "-").expect().json
    assert "no_such_database" in bundle["looks"][0]["status"]["stores"][0]["error"]["message"]
    assert "no_such_database" in bundle["failed"]["shop"]["error"]["message"]
    assert "[http] listen" in bundle["looks"][0]["metrics"]["error"]["message"]
    workspace.config.write_text("[store.shop]\nurl = \"redis://:" + PLANTED + "@h\"\nlanse = 3\n")
    answer = workspace.run("bundle", "--output", "-").expect()
    assert "lanes" in answer.json["configuration"]["errors"][0] and "looks" not in answer.json
    assert PLANTED not in answer.out + answer.err
    workspace.config.unlink()
    assert "waybill.toml" in workspace.run("bundle", "--output", "-").expect().json["configuration"]["errors"][0]


def test_a_file_that_is_there_stays(workspace):
    kept = workspace.folder / "mine.json"
    kept.write_text("mine")
    refused = workspace.run("bundle", "--output", kept).expect(1).err
    assert "already there" in refused and "--force" not in refused, "it has no such option"
    assert kept.read_text() == "mine"
    assert workspace.run("bundle", "--output", "/no/such/folder/x").expect(2).err
    assert "--interval" in workspace.run("bundle", "--interval", "soon").expect(2).err
