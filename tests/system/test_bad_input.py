"""Bad input: a clear error that names the thing at fault, the exit code as specified, and nothing lost."""

import json

import pytest

GOOD = """
[store.shop]
url = "sqlite:///tmp/never-opened/shop.db"

[broker.main]
url = "amqp://guest:pass-word@127.0.0.1:1"

[[route]]
topic = "orders.*"
broker = "main"
exchange = "shop"
"""

# A change of the good file: what is replaced, by what, and what the error must name.
WRONG = {
    "unknown key": ("exchange = ", "exchang = ", ["exchang", "exchange", "waybill.toml:10:"]),
    "unknown section": ("[store.shop]", "[sotre.shop]", ["sotre", "store"]),
    "not TOML": ("[[route]]", "[[route]", ["waybill.toml:"]),
    "wrong type": ('topic = "orders.*"', "topic = 5", ["topic", "waybill.toml:8:"]),
    "unknown broker": ('broker = "main"', 'broker = "mian"', ["mian", "main"]),
    "unknown store scheme": ("sqlite://", "sqlit://", ["sqlit"]),
    "unknown broker scheme": ("amqp://", "amqpx://", ["amqpx"]),
    "unknown value": ('exchange = "shop"', 'exchange = "shop"\non_nack = "retry"', ["retry", "resend", "drop", "fail"]),
    "bad duration": ('exchange = "shop"', 'exchange = "shop"\nresend_after = "soon"', ["soon", "resend_after"]),
    "lanes of a file": ('.db"', '.db"\nlanes = 2', ["lanes", "one writer", "waybill.toml:3:"]),
    "zero attempts": ('exchange = "shop"', 'exchange = "shop"\nmax_attempts = 0', ["max_attempts"]),
    "window too large": ("[store.shop]", "[relay]\nwindow = 100000\n[store.shop]", ["window"]),
    "missing secret": ("pass-word", "${WAYBILL_NO_SUCH_VARIABLE}", ["WAYBILL_NO_SUCH_VARIABLE"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_configuration(workspace, name):
    """Exit code 2, the place in the file, the nearest known name; the password is in no output."""
    old, new, words = WRONG[name]
    assert old in GOOD
    workspace.config.write_text(GOOD.replace(old, new).lstrip("\n"))
    for command in (["check", "--offline"], ["relay"], ["send", "--topic", "orders.created", "--payload", "x"]):
        answer = workspace.run(*command)
        assert answer.code == 2, (command, answer.code, answer.out + answer.err)
        for word in words:
            assert word in answer.out + answer.err, (command, word, answer.out + answer.err)
        assert "pass-word" not in answer.out + answer.err


def test_all_errors_at_once(workspace):
    text = GOOD.replace("exchange = ", "exchang = ").replace('broker = "main"', 'broker = "other"')
    workspace.config.write_text(text)
    answer = workspace.run("check", "--offline").expect(2)
    assert "exchang" in answer.out + answer.err and "other" in answer.out + answer.err


def test_missing_file_and_missing_secret_file(workspace):
    assert str(workspace.config.name) in workspace.run("check", "--offline").expect(2).err
    workspace.config.write_text(GOOD.replace('"sqlite:///tmp/never-opened/shop.db"', '"file:/no/such/secret"'))
    assert "/no/such/secret" in workspace.run("check", "--offline").expect(2).err


@pytest.fixture
def ready(shop, sqlite_store):
    shop(sqlite_store)
    return sqlite_store


def waiting(store):
    return store.query(f"SELECT count(*) FROM {store.outbox}")[0][0]


SEND = {
    "topic without a route": (["--topic", "payments.made", "--payload", "x"], ["payments.made"]),
    "no topic": (["--payload", "x"], ["topic"]),
    "topic too long": (["--topic", "orders." + "x" * 300, "--payload", "x"], ["topic", "255"]),
    "id too long": (["--topic", "orders.a", "--id", "i" * 256, "--payload", "x"], ["id", "255"]),
    "key too long": (["--topic", "orders.a", "--key", "k" * 256, "--payload", "x"], ["key", "255"]),
    "malformed header": (["--topic", "orders.a", "--header", "novalue", "--payload", "x"], ["novalue"]),
    "header name too long": (["--topic", "orders.a", "--header", "h" * 256 + "=1", "--payload", "x"], ["header", "255"]),
    "unknown option": (["--topic", "orders.a", "--payloda", "x"], ["payloda"]),
    "bad delay": (["--topic", "orders.a", "--delay", "later", "--payload", "x"], ["later"]),
    "no such file": (["--topic", "orders.a", "--payload-file", "/no/such/file"], ["/no/such/file"]),
}


@pytest.mark.parametrize("name", SEND)
def test_send_refuses(workspace, ready, name):
    arguments, words = SEND[name]
    answer = workspace.run("send", *arguments).expect(2)
    for word in words:
        assert word in answer.err, answer.err
    assert waiting(ready) == 0


def test_payload_over_the_limit_is_refused_with_both_figures(workspace, shop, sqlite_store):
    shop(sqlite_store, store_options={"max_payload": 1000})
    answer = workspace.run("send", "--topic", "orders.a", "-", text="x" * 1001).expect(2)
    assert "1001" in answer.err.replace(",", "") and "1000" in answer.err.replace(",", "")
    assert waiting(sqlite_store) == 0
    workspace.run("send", "--topic", "orders.a", "-", text="x" * 1000).expect()


def test_id_that_is_there_already(workspace, ready):
    workspace.run("send", "--topic", "orders.a", "--id", "same", "--payload", "x").expect()
    # Ids are the caller's business: the second one is another message.
    workspace.run("send", "--topic", "orders.a", "--id", "same", "--payload", "x").expect()
    assert waiting(ready) == 2


GOOD_LINE = json.dumps({"topic": "orders.a", "payload": "x"})
# A malformed line, and at which column and with which words it is refused.
BATCH = {
    "not JSON": ('{"topic": "orders.a", "payload": ', "34: syntax error"),
    "not an object": ("[1]", "1: a message must be a JSON object"),
    "unknown field": ('{"topic": "orders.a", "payload": "x", "paylod": "y"}',
                      "1: field 'paylod' is unknown: did you mean 'payload'?"),
    "no topic": ('{"payload": "x"}', "1: topic is empty"),
    "topic without a route": ('{"topic": "payments.made", "payload": "x"}', "1: no route matches topic 'payments.made'"),
    "both payloads": ('{"topic": "orders.a", "payload": "x", "payload_base64": "eA=="}',
                      "1: 'payload' and 'payload_base64' exclude each other"),
    "bad base64": ('{"topic": "orders.a", "payload_base64": "***"}', "1: field 'payload_base64' is not base64"),
    "headers not strings": ('{"topic": "orders.a", "payload": "x", "headers": {"a": {}}}',
                            "1: headers: value of 'a' is an object, not a string"),
    "id too long": (json.dumps({"topic": "orders.a", "payload": "x", "id": "i" * 256}), "1: id has 256 bytes"),
}


@pytest.mark.parametrize("name", BATCH)
def test_malformed_batch_sends_nothing(workspace, ready, name):
    """File, line and column are named, and nothing of the batch is sent."""
    line, words = BATCH[name]
    file = workspace.folder / "batch.ndjson"
    file.write_text("\n".join([GOOD_LINE] * 6 + [line] + [GOOD_LINE] * 3) + "\n")
    answer = workspace.run("send", "--batch", file).expect(2)
    assert f"{file}:7:{words}" in answer.err, answer.err
    assert waiting(ready) == 0


def test_good_batch(workspace, ready, topology):
    file = workspace.folder / "batch.ndjson"
    lines = [{"topic": "orders.a", "id": "one", "key": "k", "headers": {"h": "v"}, "payload": "text"},
             {"topic": "orders.a", "id": "two", "payload_base64": "AP8="}]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    answer = workspace.run("send", "--batch", file, "--json").expect()
    assert "one" in answer.out and "two" in answer.out
    assert waiting(ready) == 2


@pytest.mark.parametrize("arguments", [[], ["frobnicate"], ["failed"], ["status", "--no-such-option"], ["explain"]])
def test_wrong_usage_is_exit_code_2(workspace, ready, arguments):
    answer = workspace.run(*arguments, config=False)
    assert answer.code == 2, answer.out + answer.err
    assert answer.err
