"""The console in a real browser: what a person sees and does when messages don't move."""

import json
import time

import pytest

from console_pages import opened, with_failed  # noqa: F401 - fixtures
from harness.browser import Console
from harness.traffic import names, send
from waybill_services import wait_until


def test_the_overview_follows_a_broker_that_goes_and_comes(sqlite_store, opened, gate, topology):
    console = opened(sqlite_store, broker_url=gate.url(topology.broker.url()))
    console.wait_text("idle")
    gate.cut()
    console.wait_text("✕ down")
    send(sqlite_store, names("m", 25))
    console.page.locator(".card dd", has_text="25").first.wait_for()
    console.picture("overview-broker-down")
    gate.open()
    consumer = topology.consume(opened.queue)
    consumer.wait_ids(set(names("m", 25)))
    console.page.locator(".state.calm, .state.good").first.wait_for()
    wait_until(lambda: "✕ down" not in console.text(), 20, "the route to flow again")


def test_a_relay_that_is_gone_is_said_and_found_again(sqlite_store, opened, workspace):
    console = opened(sqlite_store)
    console.wait_text("idle")
    workspace.relays[0].sigkill()
    console.wait_text("The relay does not answer")
    assert "idle" in console.text(), "what was known stays on the page"
    workspace.relay()
    wait_until(lambda: "does not answer" not in console.text(), 20, "the page to find the relay again")


def test_the_search_line_is_completed(sqlite_store, with_failed):
    """Names of conditions, and behind a name what is there; what stands before stays."""
    console = with_failed(sqlite_store, 3)
    page = console.open("failed")
    console.wait_text("NO_ROUTE")

    def offered(typed):
        page.get_by_role("search").get_by_role("combobox").fill(typed)
        return page.locator("datalist option").evaluate_all("options => options.map(option => option.value)")

    assert offered("re") == ["reason:"] and offered("reason:") == ["reason:unroutable"]
    assert offered("reason:unroutable t") == ["reason:unroutable topic:"]
    assert "since:1h topic:orders.created" in offered("since:1h topic:orders.c")
    assert offered("since:") == ["since:15m", "since:1h", "since:24h", "since:7d"]
    assert offered("nothing") == offered("reason:unroutable") == []
    assert console.complaints == []


def test_a_message_is_a_story_with_its_payload(sqlite_store, with_failed):
    payload = '{"order":12345678901234567890,"price":1.10,"empty":{},"list":[1,{"a":"b, {c}"}]}'

    def make(store, ids):
        with store.transaction() as transaction:
            transaction.message("orders.created", payload, key="17", id=ids[0], headers={"x": "y"})
            transaction.message("orders.created", b"\x00\x01\xff", id=ids[1])
    console = with_failed(sqlite_store, 2, make=make)
    page = console.open("messages/m-0")
    console.wait_text("312 NO_ROUTE")
    shown = page.inner_text("pre")
    assert json.loads(shown) == json.loads(payload)
    assert "12345678901234567890" in shown and "1.10" in shown, "a number is shown as it was sent"
    page.get_by_role("button", name="Text").click()
    assert page.inner_text("pre") == payload
    page.get_by_role("button", name="Hex").click()
    assert page.inner_text("pre").startswith("00000000  7b 22 6f 72")
    console.picture("message")
    page = console.open("messages/m-1")
    page.get_by_text("00000000  00 01 ff").wait_for()


def test_conflicts_of_the_inbox_stand_side_by_side(postgresql_store, opened, workspace):
    console = opened(postgresql_store)
    for digest, message in (("aa" * 32, "first"), ("bb" * 32, "second")):
        postgresql_store.query("SELECT waybill.once('inventory', 'chair', 'order 17', %s, %s)", (digest, message))
    page = console.open("inbox")
    page.get_by_role("heading", name="Kept").wait_for()
    text = console.text()
    for shown in ("inventory", "chair", "order 17", "aa" * 32, "bb" * 32, "first", "second", "Refused"):
        assert shown in text, shown
    console.picture("inbox")


def multiply_failed(store, count):
    """Makes so many failed messages of the only one there is."""
    table = "waybill.retry" if store.kind == "postgresql" else "waybill_retry"
    listed = ("SELECT column_name FROM information_schema.columns WHERE table_schema = 'waybill' AND table_name = 'retry'"
              if store.kind == "postgresql" else "SELECT name FROM pragma_table_info('waybill_retry')")
    columns = [name for name, in store.query(listed)]
    changed = {"seq": "seq + n", "id": "id || '-' || n", "answer": "answer || ' ' || n"}
    series = f"WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < {count - 1})"
    store.query(f"{series} INSERT INTO {table} ({', '.join(columns)}) "
                f"SELECT {', '.join(changed.get(name, name) for name in columns)} FROM {table}, series")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_100_000_failed_messages_are_looked_through_page_by_page(kind, request, with_failed, workspace):
    store = request.getfixturevalue(f"{kind}_store")
    console = with_failed(store, 1)
    multiply_failed(store, 100_000)
    begun = time.monotonic()
    page = console.open("failed")
    console.wait_text("99,999")  # of one cause, with the numbers of their answers left out
    page.get_by_role("link", name="m-0", exact=True).first.wait_for()
    assert time.monotonic() - begun < 10
    for _ in range(3):
        first = page.locator("tbody tr").last.inner_text()
        page.get_by_role("link", name="Next page").click()
        wait_until(lambda: page.locator("tbody tr").last.inner_text() != first, 10, "the next page")
    page.get_by_role("search").get_by_role("combobox").fill("id:m-0-99999")
    page.get_by_role("search").get_by_role("combobox").press("Enter")
    page.get_by_role("link", name="m-0-99999", exact=True).first.wait_for()
    page = console.open("failed")
    page.get_by_role("button", name="Resend all that match").click()
    page.get_by_text("100,000 messages").first.wait_for(timeout=60_000)  # the dry run reads them all
    assert workspace.relays[0].peak_memory_bytes() < 64 << 20


def test_a_wrong_token_is_told_and_forgotten(sqlite_store, opened):
    console = opened(sqlite_store, role=None)
    console.page.get_by_label("A token, as", exact=False).fill("wb_wrong")
    console.page.get_by_role("button", name="Sign in").click()
    console.wait_text("This token is not known")
    assert console.page.evaluate("sessionStorage.length") == 0


def test_both_languages_and_both_themes_are_whole(sqlite_store, with_failed):
    console = with_failed(sqlite_store, 3)
    page = console.page
    def ground():
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    light = ground()
    page.get_by_role("button", name="中文").click()
    page.get_by_label("主题").select_option("dark")
    wait_until(lambda: ground() != light, 10, "the page to be dark")
    dark = ground()
    console.open("messages/m-0")
    console.wait_text("它处于 failed 状态")
    console.wait_text("等人处理")
    console.open("failed")
    console.wait_text("按原因")
    console.wait_text("没有队列绑定该路由键")
    console.picture("failed-chinese-dark")
    page.reload()
    console.wait_text("按原因")
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert ground() == dark


def test_what_the_relay_says_is_in_chinese_too(sqlite_store, with_failed, workspace):
    console = with_failed(sqlite_store, 3)
    page = console.page
    workspace.run("pause", "orders.*", "--why", "mending").expect()
    console.wait_text("mending")
    page.get_by_text("What a power cut could take").click()
    console.wait_text("quorum queues survive")
    page.get_by_role("button", name="中文").click()
    console.wait_text("暂停：mending")
    console.wait_text("仲裁队列断电后仍在")
    assert "quorum queues" not in console.text()
    page = console.open("failed")
    page.get_by_role("button", name="重发全部匹配").click()
    console.wait_text("3 条到 中间件 ")
    page.get_by_label("原因（随每条消息保存）").fill("试一下")
    page.get_by_role("button", name="开始").click()
    console.wait_text("已重发")
    assert "REST API，" in console.text()
    assert workspace.run("operations", "list", "--json").expect().json["operations"][0]["from"].startswith("REST API, ")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible(sqlite_store, with_failed, workspace, theme):
    console = with_failed(sqlite_store, 3, browser_options={"bypass_csp": True, "color_scheme": theme})
    workspace.run("failed", "drop", "--id", "m-2", "--yes").expect()
    operation = workspace.run("operations", "list", "--json").expect().json["operations"][0]["id"]
    for place, word in (("", "Confirms/s"), ("failed", "NO_ROUTE"), ("messages/m-0", "NO_ROUTE"), ("operations", "done"), ("inbox", "Conflicts"),
                        (f"operations/{operation}", "dropped"), ("sign-in", "A token")):
        console.open(place)
        console.wait_text(word)
        assert console.accessibility() == [], place
    page = console.open("failed")
    page.get_by_role("button", name="Resend all that match").click()
    console.wait_text("2 messages")
    assert console.accessibility() == []
    for place, button in (("", "Pause route orders.*"), ("messages/m-0", "Edit and resend")):
        page.goto("about:blank")
        page.goto(console.url)
        page = console.open(place)
        page.get_by_role("button", name=button).click()
        assert console.accessibility() == [], button


def test_it_is_readable_on_a_phone(sqlite_store, with_failed):
    console = with_failed(sqlite_store, 3, browser_options={"viewport": {"width": 375, "height": 700}})
    for place, word in (("", "Confirms/s"), ("failed", "NO_ROUTE"), ("messages/m-0", "NO_ROUTE"), ("operations", "Operations"), ("inbox", "Conflicts")):
        console.open(place)
        console.wait_text(word)
        wide = console.page.evaluate("document.scrollingElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{place} is {wide} pixels too wide"
    console.open("failed")
    console.wait_text("NO_ROUTE")
    console.picture("failed-phone")
