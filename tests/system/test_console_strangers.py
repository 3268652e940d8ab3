"""What strangers wrote is text in the console, wherever it is shown, and nothing else."""

from urllib.parse import quote

from console_pages import opened, with_failed  # noqa: F401 - fixtures
from harness.markup import MARKUP, STRANGE
from waybill_services import wait_until

EACH = 20  # texts in the headers and the payload of one message
BUNCHES = [MARKUP[first:first + EACH] for first in range(0, len(MARKUP), EACH)]


def expect_only_text(page):
    assert page.evaluate("window.hit") is None
    assert page.evaluate(STRANGE) == []


def fits(text):
    return text.encode()[:200].decode(errors="ignore")


def test_texts_as_topics_keys_ids_and_answers_of_the_broker(sqlite_store, with_failed):
    assert len(MARKUP) >= 200

    def make(store, ids):
        with store.transaction() as transaction:
            for name, text in zip(ids, MARKUP):
                transaction.message(fits(f"orders.{text}"), text, key=text, id=fits(name + text))
    console = with_failed(sqlite_store, len(MARKUP), make=make)
    sqlite_store.query("UPDATE waybill_retry SET answer = CAST(payload AS text)")
    page = console.open("failed")
    shown = set()
    while True:
        page.get_by_role("table", name="Messages").locator("tbody tr").nth(1).wait_for()
        expect_only_text(page)
        cells = set(page.evaluate("[...document.querySelectorAll('td')].map(one => one.textContent)"))
        more = page.get_by_role("link", name="Next page", exact=True)
        shown |= cells
        if not more.count():
            break
        page.goto(more.evaluate("one => one.href"))
        wait_until(lambda: not cells >= set(page.get_by_role("table", name="Messages").locator("td").all_text_contents()), 20, "the next page")
    assert [text for text in MARKUP if text not in shown] == []


def test_texts_as_ids_and_payloads_of_single_messages(sqlite_store, with_failed):
    some = MARKUP[::9]

    def make(store, ids):
        with store.transaction() as transaction:
            for text in some:
                transaction.message("orders.created", text, id=fits(f"m {text}"))
    console = with_failed(sqlite_store, len(some), make=make)
    for text in some:
        console.page.goto("about:blank")
        page = console.open(f"messages/{quote(fits(f'm {text}'), safe='')}")
        page.locator("pre").wait_for()
        assert page.inner_text("pre") == text
        expect_only_text(page)


def test_texts_in_headers_and_payloads(sqlite_store, with_failed):
    def make(store, ids):
        with store.transaction() as transaction:
            for name, texts in zip(ids, BUNCHES):
                transaction.message("orders.created", "\n".join(texts), id=name,
                                    headers={f"{number} {fits(text)}": text for number, text in enumerate(texts)})
    console = with_failed(sqlite_store, len(BUNCHES), make=make)
    for name, texts in zip(with_failed.ids, BUNCHES):
        page = console.open(f"messages/{name}")
        page.get_by_text(name, exact=True).first.wait_for()
        page.locator("pre", has_text=texts[0][:30]).wait_for()
        expect_only_text(page)


def test_scripts_come_from_the_relay_alone(sqlite_store, opened):
    console = opened(sqlite_store)
    csp = console.page.request.get(console.url).headers["content-security-policy"]
    assert "script-src 'self'" in csp and "unsafe" not in csp
