"""Several relays on one store share its lanes: the user adds a process, nothing else."""

import psycopg

from harness.audit import audit
from harness.traffic import Traffic
from waybill_services import wait_until

ORDERED = {"order": "key", "max_attempts": 100}


def holders(workspace):
    """How many of the store's lanes each relay holds; None while a lane is held by nobody."""
    held = {}
    for lane in workspace.status()["stores"][0]["lanes"]:
        if not lane["holder"]:
            return None
        held[lane["holder"]] = held.get(lane["holder"], 0) + 1
    return held


def shared(workspace, counts):
    held = holders(workspace)
    return held is not None and sorted(held.values()) == counts and held


def test_lanes_move_to_relays_that_come_and_back_from_those_that_go(postgresql_store, shop, workspace, topology, seed):
    """One relay holds all four lanes, two hold two each, three at least one each; those of a killed one are taken over.
    Meanwhile messages flow: nothing is lost, the order per key holds, and a lane given back doubles nothing."""
    queue = shop(postgresql_store, route=ORDERED, relay={"unsettled": 500, "window": 200}, store_options={"lanes": 4})
    consumer = topology.consume(queue)
    workspace.relay()
    wait_until(lambda: shared(workspace, [4]), 30, "one relay to hold all lanes")
    traffic = Traffic(postgresql_store, 6000, seed, keys=60, writers=2, batch=2, rate=200).start()
    second = workspace.relay()
    wait_until(lambda: shared(workspace, [2, 2]), 30, "two relays to hold two lanes each")
    third = workspace.relay()
    wait_until(lambda: shared(workspace, [1, 1, 2]), 30, "three relays to share the lanes")
    assert third.stop() == 0
    wait_until(lambda: shared(workspace, [2, 2]), 30, "the lanes of a relay that stopped to be taken over")
    committed_before = set(traffic.committed_ids())
    consumer.wait_ids(committed_before, 60)
    assert audit(committed_before, consumer.deliveries).sent_twice == 0, "a lane changed hands and messages were doubled"
    second.sigkill()
    wait_until(lambda: shared(workspace, [4]), 20, "the lanes of a killed relay to be taken over")
    traffic.join()
    committed = traffic.committed_ids()
    consumer.wait_ids(committed, 120)
    audit(committed, consumer.deliveries).expect(ordered=True)


SLEEPING = ("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND granted "
            "AND objid = 4294967295 AND classid = 2002876770")


def test_an_idle_lane_does_not_make_the_commits_for_a_busy_one_notify(postgresql_store, shop, workspace, topology, seed):
    """P7: a commit notifies only while a lane sleeps, and a lane does not sleep while others are written to."""
    queue = shop(postgresql_store, store_options={"lanes": 2})
    consumer = topology.consume(queue)
    relay = workspace.relay()
    wait_until(lambda: shared(workspace, [2]), 30, "the lanes to be held")
    with psycopg.connect(postgresql_store.url, autocommit=True) as listener:
        wait_until(lambda: listener.execute(SLEEPING).fetchone()[0] > 0, 30, "the lanes to fall asleep")
        listener.execute("LISTEN waybill_wake")
        traffic = Traffic(postgresql_store, 400, seed, keys=1, writers=1, batch=1, rate=200).start()
        traffic.join()
        notified = len(list(listener.notifies(timeout=1)))
    consumer.wait_ids(traffic.committed_ids())
    assert notified <= 40, f"{notified} of 400 commits sent a notification"
    assert relay.stop() == 0
