"""P1, P3, P4 and P5 through Kafka."""

import pytest

from through_another_broker import *  # noqa: F401, F403 - the tests


@pytest.fixture
def topology(kafka_topology):
    return kafka_topology
