"""Payloads that a program makes readable: Protobuf on the page, in the terminal and by the API, and no way around a mask."""

import base64
import shutil

import pytest

from harness.browser import Console
from harness.web import Web
from waybill_services import free_port, wait_until

FAILS = {"topic": "*", "max_attempts": 1, "resend_after": "100ms"}
PROTO = 'syntax = "proto3";\npackage shop;\nmessage Order { int32 number = 1; string card = 2; }\n'
ORDER = b"\x08\x11\x12\x044111"  # number 17, card 4111


@pytest.fixture
def decoding(sqlite_store, shop, workspace, topology, tokens, tmp_path):
    """decoding(http) starts a relay with decoders; one failed message of each kind that they read, or can't."""
    def start(http=None):
        (tmp_path / "order.proto").write_text(PROTO)
        lines = {f"the-{role}": made[1] for role, made in tokens.items()}
        queue = topology.queue("nothing.leads.here")
        shop(sqlite_store, route=FAILS, queue=queue, http={"listen": f"127.0.0.1:{free_port()}", **(http or {})}, tokens=lines)
        workspace.config.write_text(workspace.config.read_text() + f"""
[decoder.orders]
topics = ["orders.*"]
command = ["{shutil.which("protoc")}", "--decode=shop.Order", "--proto_path={tmp_path}", "order.proto"]

[decoder.bills]
topics = ["bills.*", "*.bills"]
command = ["/usr/bin/base64", "-d"]
""")
        with sqlite_store.transaction() as transaction:
            transaction.message("orders.created", ORDER, id="order")
            transaction.message("orders.created", b"\xff\xff\xff", id="broken")
            transaction.message("bills.sent", base64.b64encode(b'{"card": "4111", "sum": 1.10}').decode(), id="bill")
            transaction.message("plain", "x", id="plain")
        web = Web(workspace.relay())
        wait_until(lambda: workspace.status()["stores"][0]["failed"] == 4, 30, "the messages to fail")
        return web
    return start


def test_a_person_reads_what_was_bytes(decoding, workspace, browser, tokens):
    web = decoding()
    operator = tokens["operator"][0]
    assert web.json("/api/v1/messages/order/decoded", operator) == {"decoder": "orders", "text": 'number: 17\ncard: "4111"\n'}
    assert web.json("/api/v1/messages/order", operator)["decoder"] == "orders"
    assert web.json("/api/v1/messages/plain", operator)["decoder"] is None
    shown = workspace.run("failed", "show", "order").expect()
    assert 'number: 17\ncard: "4111"' in shown.out
    assert workspace.run("failed", "show", "order", "--json").expect().json["decoded"].startswith("number: 17")
    console = Console(browser, web.url, operator)
    page = console.open("messages/order")
    console.wait_text("As decoder orders reads it")
    console.wait_text("number: 17")
    assert console.accessibility() == []
    page = console.open("messages/broken")
    console.wait_text("Failed to parse input")
    assert page.locator("pre").count() == 1, "its bytes are there all the same"
    assert [one for one in console.complaints if "409" not in one] == []
    console.close()


def test_what_can_not_be_decoded_is_told(decoding, workspace, tokens):
    web = decoding()
    operator, viewer, stats = (tokens[role][0] for role in ("operator", "viewer", "stats"))
    broken = web.get("/api/v1/messages/broken/decoded", operator)
    assert broken.status_code == 409 and "Failed to parse input" in broken.json()["detail"], broken.text
    assert "decoder 'orders'" in web.get("/api/v1/messages/broken/decoded?lang=en", operator).json()["detail"]
    assert web.get("/api/v1/messages/broken/decoded?lang=zh", operator).json()["detail"].startswith("解码器 'orders'：")
    assert web.get("/api/v1/messages/plain/decoded", operator).status_code == 404
    assert web.get("/api/v1/messages/none/decoded", operator).status_code == 404
    assert web.get("/api/v1/messages/order/decoded", viewer).status_code == 403, "payloads are not for it"
    assert web.get("/api/v1/messages/order/decoded", stats).status_code == 403
    shown = workspace.run("failed", "show", "broken").expect()
    assert "Failed to parse input" in shown.err and "broken" in shown.out


def test_a_mask_holds_for_what_was_decoded(decoding, tokens):
    web = decoding({"mask": ["card"]})
    operator = tokens["operator"][0]
    assert web.json("/api/v1/messages/bill/decoded", operator)["text"] == '{"card": "***", "sum": 1.10}'
    refused = web.get("/api/v1/messages/order/decoded", operator)
    assert refused.status_code == 403 and "4111" not in refused.text, "what is no JSON can't be masked"
    failed = web.get("/api/v1/messages/broken/decoded", operator)
    assert failed.status_code == 409 and "parse" not in failed.text, "its complaint may repeat what is masked"
    assert "unmasked" in failed.json()["detail"]


@pytest.mark.parametrize("lines, told", [
    ('topics = ["a"]\ncommand = ["protoc"]', "absolute path"), ('topics = ["a"]', "has no 'command'"),
    ('topics = ["a"]\ncommand = []', "absolute path"), ('topics = ["a"]\ncommand = ["/bin/cat"]\ntimeout = "1h"', "timeout"),
    ('topic = "a"\ncommand = ["/bin/cat"]', "did you mean 'topics'"), ('topics = ["a"]\ncommand = "/bin/cat"', "command")])
def test_a_wrong_decoder_is_told_before_anything_runs(workspace, lines, told):
    workspace.config.write_text(f'[store.shop]\nurl = "sqlite:///tmp/x"\n[decoder.orders]\n{lines}\n')
    answer = workspace.run("check", "--offline").expect(2)
    assert told in answer.err + answer.out, answer.err + answer.out


def test_doctor_names_a_program_that_is_not_there(sqlite_store, shop, workspace):
    shop(sqlite_store)
    workspace.config.write_text(workspace.config.read_text() + '\n[decoder.orders]\ntopics = ["*"]\ncommand = ["/nowhere/protoc"]\n')
    found, = [one for one in workspace.run("doctor", "--json").json["findings"] if one["code"] == "WB-D915"]
    assert found["subject"] == "decoder orders" and "/nowhere/protoc" in found["text"]
