"""`waybill failed` on a terminal: what the console does, with the same words."""

import pytest

from harness import binary
from harness.stores import EVERY
from harness.terminal import Terminal
from harness.traffic import names, send
from waybill_services import wait_until

FAILS = {"max_attempts": 1, "resend_after": "100ms"}


@pytest.fixture
def desk(workspace, topology, shop):
    """desk(store, count): that many messages have failed; gives the terminal with `waybill failed`."""
    made = []

    def start(store, count=30, make=send, command=("failed",), **environment):
        start.queue = topology.queue("nothing.leads.here")
        shop(store, route=FAILS, queue=start.queue)
        start.ids = names("m", count)
        make(store, start.ids)
        workspace.relay()
        wait_until(lambda: workspace.status()["stores"][0]["failed"] == count, 60, f"{count} messages to fail")
        with topology.channel() as channel:
            channel.queue_bind(start.queue, topology.exchange, "#")
        made.append(Terminal([binary.path(), *command, "-c", str(workspace.config)], environment))
        return made[-1]
    yield start
    for terminal in made:
        terminal.close()


@EVERY
def test_all_of_one_cause_are_resent_after_what_it_would_do(store, desk, workspace, topology):
    terminal = desk(store)
    consumer = topology.consume(desk.queue)
    terminal.expect("Failed, by cause")
    terminal.expect("unroutable")
    terminal.type("1")
    terminal.expect("m-0")
    terminal.type("n")
    terminal.expect("m-29")
    terminal.type("r")
    terminal.expect("What it would do")
    terminal.expect("resend 30 messages")
    terminal.expect("Reason, kept with each message")
    assert workspace.status()["stores"][0]["failed"] == 30
    terminal.type("the queue is bound again")
    terminal.expect("[y/N]")
    terminal.type("y")
    terminal.expect("30 messages resent")
    terminal.type("q")
    assert terminal.wait() == 0
    consumer.wait_ids(set(desk.ids))
    operation, = workspace.run("operations", "list", "--json").expect().json["operations"]
    assert operation["why"] == "the queue is bound again"


def test_one_message_is_a_story_and_can_be_dropped_and_restored(sqlite_store, desk, workspace):
    terminal = desk(sqlite_store, 3)
    terminal.expect("> ")
    terminal.type("/id:m-1")
    terminal.expect("m-1")
    terminal.type("1")
    terminal.expect("m-1: failed")
    terminal.expect("312 NO_ROUTE")
    terminal.expect("Payload, 1 bytes")
    terminal.type("s")
    terminal.expect("Reason, shown beside the cause")
    terminal.type("the queue is bound")
    wait_until(lambda: workspace.run("failed", "groups", "--json").json["groups"][0]["cause"]["state"] == "resolved", 20,
               "the cause to be resolved")
    terminal.type("x")
    terminal.expect("drop 1 messages")
    terminal.type("")
    terminal.expect("m-1: failed")
    terminal.type("x")
    terminal.expect("Reason")
    terminal.type("not needed")
    terminal.expect("[y/N]")
    terminal.type("y")
    terminal.expect("m-1: dropped")
    terminal.type("t")
    terminal.expect("Reason")
    terminal.type("needed after all")
    terminal.expect("[y/N]")
    terminal.type("y")
    terminal.expect("m-1: failed")
    terminal.type("b")
    terminal.type("q")
    assert terminal.wait() == 0
    assert workspace.status()["stores"][0]["failed"] == 3


def test_a_payload_is_edited_with_the_person_s_own_editor(sqlite_store, desk, topology, tmp_path):
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nprintf 'it was %s\\n' \"$(cat \"$2\")\" >\"$2\"\n")
    editor.chmod(0o755)
    terminal = desk(sqlite_store, 1, EDITOR=f"{editor} --wait", VISUAL="")
    consumer = topology.consume(desk.queue)
    terminal.type("a")
    terminal.expect("m-0")
    terminal.type("1")
    terminal.expect("m-0: failed")
    terminal.type("e")
    terminal.expect("Reason")
    terminal.type("a typo")
    terminal.expect("[y/N]")
    terminal.type("y")
    terminal.expect("sent as ")
    terminal.expect("m-0: dropped")
    wait_until(lambda: consumer.count() == 1, 20, "the new message")
    assert consumer.deliveries[0].body == b"it was x"
    terminal.type("q")
    assert terminal.wait() == 0


def test_foreign_text_cannot_write_to_the_terminal(sqlite_store, desk):
    def make(store, ids):
        with store.transaction() as transaction:
            transaction.message("orders.\x1b[2J", "\x1b]0;owned\x07", id=ids[0], key="\x1b[31m")
    terminal = desk(sqlite_store, 1, make=make)
    terminal.type("a")
    terminal.expect("\\x1b[2J")
    terminal.type("1")
    terminal.expect("\\x1b]0;owned\\x07")
    terminal.type("q")
    assert terminal.wait() == 0
    assert "\x1b" not in terminal.text


def test_without_a_terminal_it_says_what_to_say(workspace, shop, sqlite_store):
    shop(sqlite_store)
    assert "groups" in workspace.run("failed").expect(2).err


def test_status_watch_holds_a_route_back_and_shows_what_failed(sqlite_store, desk, workspace, topology):
    watch = desk(sqlite_store, count=2, command=("status", "--watch", "--interval", "200ms"))
    watch.expect("orders.*")
    watch.expect("p: pause a route")
    watch.type("p")
    watch.expect("Its number or topic")
    watch.type("1")
    watch.expect("Reason, shown to others and kept")
    assert not workspace.status()["stores"][0]["paused"]
    watch.type("the warehouse moves")
    watch.expect("route 'orders.*' is paused")
    watch.type("")
    watch.expect("the warehouse moves")
    assert workspace.status()["stores"][0]["paused"][0]["why"] == "the warehouse moves"
    watch.type("f")
    watch.expect("Failed, by cause")
    watch.type("q")
    watch.expect("p: pause a route")
    watch.type("r")
    watch.expect("Its number or topic")
    watch.type("orders.*")
    watch.expect("Reason: ")
    watch.type("")
    watch.expect("route 'orders.*' goes on")
    watch.type("")
    watch.expect("q: quit")
    watch.type("o")
    watch.expect("resume")
    watch.expect("pause")
    watch.type("")
    watch.expect("q: quit")
    watch.type("q")
    assert watch.wait() == 0
    assert not workspace.status()["stores"][0]["paused"]
