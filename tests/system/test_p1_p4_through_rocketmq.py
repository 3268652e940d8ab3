"""P1, P3, P4 and P5 through RocketMQ: the very tests of RabbitMQ, with another broker behind the same fixture."""

import pytest

from test_p1_nothing_is_lost import (test_broker_killed_under_load, test_database_server_killed_under_load,  # noqa: F401
                                     test_relays_killed_at_random_moments)
from test_p4_order_per_key import (test_order_over_relays_killed_at_random_moments,  # noqa: F401
                                   test_second_relay_takes_over_a_stopped_one, test_several_relays_share_the_lanes)


@pytest.fixture
def topology(rocketmq_topology):
    return rocketmq_topology
