"""`waybill check --schema`: what editors are told of the configuration is what the reader takes."""

import json
import re
import tomllib
from pathlib import Path

import jsonschema_rs
import pytest

REFERENCE = Path(__file__).resolve().parents[2] / "docs/reference/configuration.md"

WHOLE = """
[store.shop]
url = "postgresql://shop@db/shop"
lanes = 4
max_payload = "1MiB"
[store.cache]
url = "rediss://cache"
replicas = 1
ca_file = "/etc/ca.pem"
[broker.main]
url = "kafka://k:9092"
properties = { "linger.ms" = 5, "enable.gapless.guarantee" = true, sasl = { mechanism = "PLAIN" } }
[[route]]
topic = "orders.*"
broker = "main"
order = "key"
on_failed_key = "skip"
resend_after = "${WAIT}"
[relay]
window = 500
stop_timeout = "10s"
buffer_bytes = 1048576
[http]
listen = "127.0.0.1:7280"
mask = ["card.*"]
[http.token.anna]
role = "operator"
hash = "sha256:00"
may = ["resend"]
[http.proxy]
hash = "sha256:00"
user_header = "x-user"
[http.user.bert]
role = "viewer"
[log]
format = "json"
[traces]
endpoint = "http://127.0.0.1:4318"
headers = { Authorization = "x" }
[decoder.avro]
topics = ["orders.*"]
command = ["/usr/bin/avro"]
timeout = "1s"
[sync.sale]
from = "cache"
journal = "{sale}:journal"
into = "shop"
[sync.sale.apply]
take = "UPDATE stock SET n = n - :n"
[inbox]
shards = ["shop"]
"""

# What the reader refuses by its form alone, and why.
WRONG = {
    "unknown key": '[store.shop]\nurl = "x"\nlanse = 3\n',
    "unknown section": "[stroe.shop]\nurl = 1\n",
    "no url": "[store.shop]\nlanes = 3\n",
    "another type": '[store.shop]\nurl = "x"\nlanes = "4"\n',
    "out of range": '[store.shop]\nurl = "x"\nlanes = 65\n',
    "no duration": '[relay]\nstop_timeout = "soon"\n',
    "no choice": '[[route]]\ntopic = "a"\nbroker = "b"\norder = "keys"\n',
    "no name": '[store."a b"]\nurl = "x"\n',
    "a table for an array": '[route]\ntopic = "a"\nbroker = "b"\n',
    "no size": '[relay]\nbuffer_bytes = "1 MB"\n',
}


@pytest.fixture
def schema(workspace):
    return workspace.run("check", "--schema").expect().json


def takes(schema, text):
    return jsonschema_rs.Draft7Validator(schema).is_valid(tomllib.loads(text))


def test_it_takes_what_the_reader_takes(schema, workspace):
    workspace.run("init").expect()
    assert takes(schema, workspace.config.read_text())
    assert takes(schema, WHOLE)
    workspace.config.write_text(WHOLE)
    errors = workspace.run("check", "--offline", environment={"WAIT": "30s"}).err
    assert "unknown" not in errors and "needed" not in errors, errors


@pytest.mark.parametrize("text", WRONG.values(), ids=list(WRONG))
def test_it_refuses_what_the_reader_refuses(schema, workspace, text):
    assert not takes(schema, text)
    workspace.config.write_text(text)
    assert workspace.run("check", "--offline").code == 2


def documented():
    """Section -> its keys, as the reference lists them."""
    found, sections = {}, []
    for line in REFERENCE.read_text().splitlines():
        if line.startswith("#"):
            sections = [name.strip("[]") for name in re.findall(r"`(\[+[\w.]+\]+)`", line)]
        elif line.startswith("| `"):
            for name in re.findall(r"`([^`]+)`", line.split("|")[1]):
                table, _, key = name.strip("[]").rpartition(".")
                for section in [table] if table else sections:
                    found.setdefault(section, set()).add(key)
    return found


def keys_of(schema, section):
    for part in section.split("."):
        schema = schema["additionalProperties"] if part == "NAME" else schema["properties"][part]
        schema = schema.get("items", schema)
    return set(schema["properties"]) - {"token", "user", "group", "proxy"}


def test_the_reference_explains_each_key_and_no_other(schema):
    explained = documented()
    assert len(explained) > 10
    sections = {"store.NAME", "broker.NAME", "route", "relay", "http", "http.token.NAME", "http.proxy", "log", "traces",
                "decoder.NAME", "inbox", "sync.NAME"}
    for section in sections:
        assert explained[section] == keys_of(schema, section), section


def test_it_needs_no_configuration(workspace):
    assert json.loads(workspace.run("check", "--schema", config=False).expect().out)["title"] == "waybill.toml"
