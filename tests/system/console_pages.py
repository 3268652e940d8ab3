"""The console with a shop behind it."""

import pytest

from harness.browser import Console
from harness.traffic import names, send
from harness.web import Web
from waybill_services import free_port, wait_until

FAILS = {"max_attempts": 1, "resend_after": "100ms"}


@pytest.fixture
def opened(browser, workspace, shop, tokens):
    """opened(store, role="operator", ...) sets the shop up, starts a relay, and opens its console."""
    made = []

    def start(store, role="operator", browser_options=None, **options):
        lines = {f"the-{name}": lines for name, (_, lines) in tokens.items()}
        http = {"listen": f"127.0.0.1:{free_port()}"}
        start.queue = shop(store, http=http, tokens=lines, **options)
        start.web = Web(workspace.relay())
        made.append(Console(browser, start.web.url, role and tokens[role][0], **(browser_options or {})))
        return made[-1]
    yield start
    for console in made:
        assert console.complaints == []
        console.close()


@pytest.fixture
def with_failed(opened, workspace, topology):
    """with_failed(store, count): a console, and so many messages that no queue was bound for."""
    def start(store, count=30, make=send, **options):
        queue = start.queue = topology.queue("nothing.leads.here")
        console = opened(store, route=FAILS, queue=queue, **options)
        start.ids = names("m", count)
        make(store, start.ids)
        wait_until(lambda: workspace.status()["stores"][0]["failed"] == count, 60, f"{count} messages to fail")
        with topology.channel() as channel:
            channel.queue_bind(queue, topology.exchange, "#")
        return console
    return start
