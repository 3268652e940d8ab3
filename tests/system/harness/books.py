"""The end of a test's traffic."""

from waybill_services import wait_until


def settle_the_books(workspace, relay, consumer, wanted, seconds=120):
    """Waits until everything wanted has arrived and the store is empty; then the relay must end well and nothing have
    failed. Gives what was wanted, for the audit."""
    # On a busy machine the slowest of the consumers, which are Python, takes a few hundred a second.
    consumer.wait_ids(wanted, seconds + len(wanted) / 300)
    wait_until(lambda: workspace.sending() == 0, 60, "an empty outbox")
    assert relay.stop() == 0, relay.text()[-3000:]
    assert workspace.failed() == []
    return wanted
