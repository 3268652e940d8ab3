"""What a person does in the console to messages and routes, in a real browser."""

from console_pages import opened, with_failed  # noqa: F401 - fixtures
from harness.traffic import names, send
from waybill_services import wait_until


def test_failed_messages_are_found_by_cause_and_resent_after_a_dry_run(store, with_failed, workspace, topology):
    console = with_failed(store, 30)
    page = console.open("failed")
    page.get_by_role("link", name="unroutable").click()
    console.wait_text("NO_ROUTE")
    wait_until(lambda: page.get_by_role("search").get_by_role("combobox").input_value().startswith("reason:unroutable"), 10, "the search to be shown")
    console.picture("failed")
    page.get_by_role("button", name="Resend all that match").click()
    console.wait_text("30 messages")
    console.wait_text(f"exchange '{topology.exchange}'")
    assert workspace.status()["stores"][0]["failed"] == 30, "a dry run changes nothing"
    page.get_by_label("Reason, kept").fill("the queue is bound again")
    page.get_by_role("button", name="Dry run").click()
    console.wait_text("takes about")
    console.picture("resend")
    page.get_by_role("button", name="Start").click()
    console.wait_text("✓ done")
    console.wait_text("30 of 30")
    console.picture("operation")
    consumer = topology.consume(with_failed.queue)
    consumer.wait_ids(set(with_failed.ids))
    operation, = workspace.run("operations", "list", "--json").expect().json["operations"]
    assert operation["who"] == "the-operator" and operation["why"] == "the queue is bound again"


def test_a_cause_is_taken_and_resolved_and_says_when_it_returns(sqlite_store, with_failed, workspace, topology):
    console = with_failed(sqlite_store, 2)
    page = console.open("failed")
    console.wait_text("○ open")
    page.get_by_role("button", name="I am on it").click()
    page.get_by_label("Reason", exact=True).fill("binding the queue")
    page.get_by_role("button", name="I am on it", exact=True).last.click()
    console.wait_text("being mended")
    console.wait_text("binding the queue")
    page.get_by_role("button", name="It is resolved").click()
    page.get_by_label("Reason", exact=True).fill("bound")
    page.get_by_role("button", name="It is resolved", exact=True).last.click()
    console.wait_text("✓ resolved")
    with topology.channel() as channel:
        channel.queue_unbind(with_failed.queue, topology.exchange, "#")
    send(sqlite_store, ["late"])
    wait_until(lambda: workspace.status()["stores"][0]["failed"] == 3, 30, "the message to fail")
    console.wait_text("returned")
    acts = [one["act"] for one in workspace.run("operations", "list", "--json").expect().json["operations"]]
    assert acts == ["resolve", "take"]


def test_some_are_dropped_and_restored_by_keys_alone(sqlite_store, with_failed, workspace):
    console = with_failed(sqlite_store, 5)
    page = console.open("failed")
    page.locator("tr.marked").wait_for()
    page.keyboard.press("j")
    page.keyboard.press("x")
    console.wait_text("1 selected")
    page.get_by_role("button", name="Drop", exact=True).press("Enter")
    console.wait_text("1 messages")
    page.get_by_label("Reason, kept").fill("not needed")
    page.keyboard.press("Enter")
    console.wait_text("✓ done")
    assert workspace.status()["stores"][0]["failed"] == 4
    page.keyboard.press("g")
    page.keyboard.press("f")
    page.get_by_role("button", name="Dropped").press("Enter")
    page.get_by_role("link", name="m-1", exact=True).first.wait_for()
    page.keyboard.press("?")
    console.wait_text("x select")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.type") == "search"


def test_a_route_is_paused_and_resumed_with_a_reason(sqlite_store, opened, workspace, topology):
    console = opened(sqlite_store)
    page = console.page
    consumer = topology.consume(opened.queue)
    page.get_by_role("button", name="Pause route orders.*").click()
    page.get_by_label("Reason").fill("the warehouse is moving")
    page.get_by_role("dialog").get_by_role("button", name="Pause route").click()
    console.wait_text("paused by the-operator: the warehouse is moving")
    send(sqlite_store, names("m", 10))
    page.locator(".card dd", has_text="10").first.wait_for()
    console.picture("paused")
    assert consumer.count() == 0
    page.get_by_role("button", name="Resume route orders.*").click()
    page.get_by_label("Reason").fill("it has moved")
    page.get_by_role("dialog").get_by_role("button", name="Resume route").click()
    consumer.wait_ids(set(names("m", 10)))
    page = console.open("operations")
    console.wait_text("it has moved")
    assert "Pause route" in console.text() and "Resume route" in console.text()


def test_a_failed_message_is_edited_and_sent_in_place_of_the_old_one(sqlite_store, with_failed, topology):
    def make(store, ids):
        with store.transaction() as transaction:
            transaction.message("orders.created", '{"order": 17,\n "prise": 1.10}', key="17", id=ids[0], headers={"colour": "red: dark"})
            transaction.message("orders.created", b"\x00\x01\xff", id=ids[1])
    console = with_failed(sqlite_store, 2, make=make)
    consumer = topology.consume(with_failed.queue)
    page = console.open("messages/m-0")
    page.get_by_role("button", name="Edit and resend").click()
    page.get_by_label("Payload").fill('{"order": 17, "price": 1.10}')
    page.get_by_role("button", name="Dry run").click()
    console.wait_text("by route orders.* to broker main")
    console.picture("edit")
    page.get_by_label("Reason").fill("a typo")
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url("**#/messages/0*")
    wait_until(lambda: consumer.count() == 1, 20, "the new message")
    sent, = consumer.deliveries
    assert sent.body == b'{"order": 17, "price": 1.10}' and sent.id == page.url.split("/messages/")[1].split("?")[0]
    assert sent.headers["waybill-origin"] == "m-0" and sent.headers["colour"] == "red: dark" and sent.key == "17"
    page = console.open("messages/m-0")
    console.wait_text("dropped")
    page = console.open("messages/m-1")
    page.get_by_role("button", name="Edit and resend").click()
    console.wait_text("it stays as it is")


def test_a_viewer_sees_and_does_not_touch(sqlite_store, with_failed):
    console = with_failed(sqlite_store, 3, role="viewer")
    page = console.open("failed")
    page.get_by_role("link", name="m-1", exact=True).first.wait_for()
    assert page.get_by_role("button", name="Resend").count() == 0
    assert page.get_by_role("checkbox").count() == 0
    console.open("")
    console.wait_text("Confirms/s")
    assert page.get_by_role("button", name="Pause route").count() == 0
    page = console.open("messages/m-1")
    console.wait_text("You may not see headers and payloads")
    assert page.locator("pre").count() == 0


def test_an_answer_that_got_lost_is_asked_for_again_and_nothing_begins_twice(sqlite_store, with_failed, workspace, topology):
    console = with_failed(sqlite_store, 3)
    lost = []

    def lose(route):
        if not lost and "dry_run" not in route.request.post_data:
            lost.append(route.fetch().json()["id"])
            route.abort()
        else:
            route.continue_()

    page = console.open("failed")
    page.route("**/api/v1/operations", lose)
    page.get_by_role("button", name="Resend all that match").click()
    console.wait_text("3 messages")
    page.get_by_label("Reason, kept").fill("the queue is bound again")
    page.get_by_role("button", name="Start").click()
    console.wait_text("Asking again is safe")
    wait_until(lambda: workspace.status()["stores"][0]["failed"] == 0, 20, "all to be sent again")
    page.get_by_role("button", name="Start").click()
    console.wait_text("3 of 3")
    operation, = workspace.run("operations", "list", "--json").expect().json["operations"]
    assert [operation["id"]] == lost
