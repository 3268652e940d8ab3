"""Who may see and do what: rights of one team, for one act, for an hour, and of people whom a proxy names."""

import pytest

from harness.browser import Console
from harness.proxy import Proxy
from harness.web import Web
from waybill_services import free_port, wait_until

ROUTE = {"topic": "*", "max_attempts": 1, "resend_after": "100ms"}


@pytest.fixture
def two_teams(sqlite_store, shop, workspace, topology):
    """two_teams(sections) starts a relay with more sections of the configuration; an order and a bill have failed."""
    def start(*sections, http=None):
        queue = topology.queue("nothing.leads.here")
        shop(sqlite_store, route=ROUTE, queue=queue, http={"listen": f"127.0.0.1:{free_port()}", **(http or {})})
        workspace.config.write_text(workspace.config.read_text() + "\n" + "\n\n".join(sections) + "\n")
        with sqlite_store.transaction() as transaction:
            transaction.message("orders.created", "x", id="order")
            transaction.message("bills.sent", "x", id="bill")
        web = Web(workspace.relay())
        wait_until(lambda: workspace.status()["stores"][0]["failed"] == 2, 30, "both messages to fail")
        return web
    return start


def made(workspace, *arguments):
    """A token as a person makes it, and its lines of the configuration."""
    told = workspace.run("token", *arguments, "--json", config=False).expect().json
    return told["token"], told["section"]


def ids(web, token):
    return [one["id"] for one in web.json("/api/v1/failed", token)["messages"]]


def test_one_team_for_one_act_and_a_short_time(two_teams, workspace):
    lee, section = made(workspace, "lee", "--role", "operator", "--topic", "orders.*", "--may", "resend", "--for", "15s")
    web = two_teams(section)
    assert ids(web, lee) == ["order"]
    me = web.json("/api/v1/me", lee)
    assert (me["topics"], me["may"]) == (["orders.*"], ["resend"]) and me["expires"]
    order = {"act": "resend", "all": True, "why": "the queue is bound again"}
    assert web.get("/api/v1/operations", lee, method="POST", json={**order, "act": "drop"}).status_code == 403
    begun = web.get("/api/v1/operations", lee, method="POST", json=order)
    assert begun.status_code == 202, begun.text
    wait_until(lambda: workspace.run("operations", "show", begun.json()["id"], "--json").json["state"] == "done", 30,
               "the operation to end")
    assert workspace.run("operations", "show", begun.json()["id"], "--json").json["changed"] == 1
    wait_until(lambda: web.get("/api/v1/me", lee).status_code == 401, 30, "the token to expire")
    assert "has expired" in web.get("/api/v1/me", lee).text


def test_a_route_has_its_button_for_who_may_pause_it(two_teams, workspace, topology, browser):
    token, section = made(workspace, "lee", "--role", "operator", "--topic", "orders.*", "--may", "pause")
    mine = f'[[route]]\ntopic = "orders.eu.*"\nbroker = "main"\nexchange = "{topology.exchange}"'
    web = two_teams(section, mine)
    told = {route["topic"]: route["may_pause"] for route in web.json("/api/v1/status", token)["routes"]}
    assert told == {"*": False, "orders.eu.*": True}
    console = Console(browser, web.url, token)
    console.page.get_by_role("button", name="Pause route orders.eu.*").wait_for()
    assert console.page.get_by_role("button", name="Pause route").count() == 1
    assert console.complaints == []
    console.close()


def test_doctor_tells_of_rights_that_end(sqlite_store, shop, workspace):
    shop(sqlite_store)
    _, section = made(workspace, "lee", "--for", "1h")
    digest = "sha256:" + "0" * 64
    over = f'[http.token.kim]\nrole = "viewer"\nhash = "{digest}"\nexpires = 2024-01-01T00:00:00Z'
    workspace.config.write_text(workspace.config.read_text() + f"\n{section}\n\n{over}\n")
    found = [one for one in workspace.run("doctor", "--json").json["findings"] if one["code"] == "WB-D914"]
    assert [(one["subject"], one["severity"]) for one in found] == [("token lee", "info"), ("token kim", "warning")]


def test_wrong_rights_are_told_before_anything_runs(two_teams, workspace):
    answer = workspace.run("token", "lee", "--for", "soon", config=False).expect(2)
    assert "--for" in answer.err and "30s" in answer.err
    workspace.run("token", "lee", "--may", "everything", config=False).expect(2)
    workspace.run("token", "front", "--proxy", "--role", "viewer", config=False).expect(2)
    assert "--role operator" in workspace.run("token", "lee", "--may", "drop", config=False).expect(2).err
    assert "no message" in workspace.run("token", "lee", "--role", "stats", "--topic", "a", config=False).expect(2).err
    _, section = made(workspace, "lee", "--role", "viewer")
    workspace.config.write_text(f'[store.shop]\nurl = "sqlite:///tmp/x"\n{section}\nmay = ["drop"]\n')
    assert "only the role operator acts" in workspace.run("check", "--offline").expect(2).err


@pytest.fixture
def signed_in(two_teams, workspace, browser):
    """signed_in(session): the console as somebody sees it who is signed in at the proxy in front."""
    token, section = made(workspace, "proxy", "--proxy")
    web = two_teams(section, '[http.user.mei]\nname = "mei@example.org"\nrole = "operator"\ntopics = ["orders.*"]',
                    '[http.group.billing]\nrole = "viewer"')
    proxy = Proxy(web.url, token, {"mei": {"X-Forwarded-User": "mei@example.org"},
                                   "li": {"X-Forwarded-User": "li@example.org", "X-Forwarded-Groups": "a,billing"},
                                   "zoe": {"X-Forwarded-User": "zoe@example.org", "X-Forwarded-Groups": "a"}})
    consoles = []

    def start(session):
        cookie = {"name": "session", "value": session, "domain": "127.0.0.1", "path": "/", "expires": -1, "httpOnly": True,
                  "secure": False, "sameSite": "Lax"}
        consoles.append(Console(browser, proxy.url, storage_state={"cookies": [cookie], "origins": []}))
        return consoles[-1]
    yield start
    for console in consoles:
        assert console.complaints == []
        console.close()
    proxy.close()


def test_masked_parts_reach_no_page_and_survive_an_edit(two_teams, sqlite_store, workspace, browser):
    token, section = made(workspace, "ann", "--role", "operator")
    web = two_teams(section, http={"mask": ["card.number"], "mask_headers": ["authorization"]})
    payload = '{"price": 1.10, "card": {"number": "4111 1111", "month": 3}}'
    with sqlite_store.transaction() as transaction:
        transaction.message("orders.created", payload, id="paid", headers={"authorization": "Bearer x", "kind": "order"})
    wait_until(lambda: workspace.status()["stores"][0]["failed"] == 3, 30, "the message to fail")
    console = Console(browser, web.url, token)
    page = console.open("messages/paid")
    console.wait_text("Parts of it are masked")
    assert "4111" not in page.content() and "Bearer x" not in page.content() and "1.10" in page.inner_text("pre")
    page.get_by_role("button", name="Edit and resend").click()
    page.get_by_label("Key").fill("17")
    page.get_by_label("Reason").fill("it had no key")
    page.get_by_role("button", name="Dry run").click()
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url("**#/messages/0*")
    wait_until(lambda: any(one["key"] == "17" for one in workspace.failed()), 30, "it to fail again")
    sent = next(one for one in workspace.failed() if one["key"] == "17")
    assert workspace.run("failed", "show", sent["id"], "--json").expect().json["payload"] == payload
    assert console.complaints == []
    console.close()


def test_a_person_whom_a_proxy_names_acts_under_that_name(signed_in, workspace):
    console = signed_in("mei")
    console.wait_text("mei@example.org, operator · only orders.*")
    assert console.page.get_by_role("link", name="Sign in").count() == 0
    page = console.open("messages/order")
    page.get_by_role("button", name="Drop").click()
    page.get_by_label("Reason, kept with each message").fill("test data")
    page.get_by_role("button", name="Dry run").click()
    page.get_by_role("button", name="Start").click()
    wait_until(lambda: workspace.status()["stores"][0]["failed"] == 1, 20, "the message to be dropped")
    done = workspace.run("operations", "list", "--json").json["operations"]
    assert [(one["who"], one["act"]) for one in done] == [("mei@example.org", "drop")]
    page = console.open("messages/bill")
    console.wait_text("nothing is known of message 'bill'")


def test_groups_that_a_proxy_tells_give_rights(signed_in):
    console = signed_in("li")
    console.wait_text("li@example.org, viewer")
    page = console.open("failed")
    page.get_by_role("link", name="bill", exact=True).first.wait_for()
    assert page.get_by_role("button", name="Drop", exact=True).count() == 0


def test_whom_the_configuration_does_not_know_is_told_so(signed_in):
    console = signed_in("zoe")
    console.wait_text("You are signed in as zoe@example.org, who has no rights here")
