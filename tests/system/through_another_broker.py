"""P1, P3, P4 and P5 through another broker: the very tests of RabbitMQ, behind the fixture `topology` of who imports this.

`make test` runs the audit of relays killed at random moments with every store, and the others with one; `make soak` all."""

import test_p1_nothing_is_lost as p1
import test_p4_order_per_key as p4
from conftest import SOAK
from test_p1_nothing_is_lost import test_relays_killed_at_random_moments  # noqa: F401
from test_p4_order_per_key import test_second_relay_takes_over_a_stopped_one  # noqa: F401

if SOAK:
    from test_p1_nothing_is_lost import test_broker_killed_under_load, test_database_server_killed_under_load  # noqa: F401
    from test_p4_order_per_key import (test_order_over_relays_killed_at_random_moments,  # noqa: F401
                                       test_several_relays_share_the_lanes)


def test_broker_killed_under_load_with_one_store(sqlite_store, shop, workspace, topology, chance, seed, scale):
    p1.test_broker_killed_under_load(sqlite_store, shop, workspace, topology, chance, seed, scale)


def test_order_over_relays_killed_with_one_store(postgresql_store, shop, workspace, topology, chance, seed, scale):
    p4.test_order_over_relays_killed_at_random_moments(postgresql_store, shop, workspace, topology, chance, seed, scale)
