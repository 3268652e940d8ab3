"""Fault cases 28 and 29: the store continues from an older state of itself, on a new timeline."""

import shutil
import subprocess

import pytest

import waybill_services as services
from harness import stores
from harness.audit import audit
from waybill_services import wait_until


@pytest.fixture
def primary():
    with services.PostgreSQL() as server:
        yield server


def continue_from(server, saved):
    """Recovers the server from a saved data folder, as a standby that lagged behind is promoted: a new timeline begins."""
    server.stop()
    shutil.rmtree(server.data)
    saved.rename(server.data)
    (server.data / "recovery.signal").touch()
    server.settings["restore_command"] = "/bin/false"
    server.start()
    wait_until(lambda: server.psql("SELECT pg_is_in_recovery()").strip() == "f", 30, "the end of recovery")


def test_messages_that_the_new_primary_does_not_know_as_sent_come_again_and_are_flagged(primary, workspace, topology):
    primary.psql("CREATE DATABASE shop")
    store = stores.PostgreSQL(primary, "shop")
    queue = topology.queue()
    workspace.configure(store.url, topology.broker.url(), [{"topic": "orders.*", "exchange": topology.exchange}])
    workspace.run("migrate").expect()
    consumer = topology.consume(queue)
    assert workspace.relay("--drain").wait(30) in (0, None)
    with store.transaction() as transaction:
        for number in range(300):
            transaction.message("orders.created", "x", id=f"before-{number}")
    names = {f"before-{number}" for number in range(300)}
    store.forget_connection()
    primary.stop()
    saved = primary.data.with_name("saved")
    subprocess.run(["cp", "-a", primary.data, saved], check=True)
    primary.start()
    relay = workspace.relay()
    consumer.wait_ids(names)
    wait_until(lambda: workspace.sending() == 0, 30, "an empty outbox")
    assert relay.stop() == 0

    continue_from(primary, saved)
    workspace.relay()
    wait_until(lambda: consumer.count() >= 600, 60, "all messages once more")
    with store.transaction() as transaction:
        transaction.message("orders.created", "x", id="after")
    consumer.wait_ids({"after"})
    books = audit(names | {"after"}, consumer.deliveries).expect(most_sent_twice=300)
    assert books.sent_twice == 300
    assert [delivery.attempt for delivery in consumer.deliveries if delivery.id == "after"] == [1]
    store.forget_connection()
