"""What a relay says to the service manager that started it."""

import signal
import socket
from pathlib import Path

import pytest

from waybill_services import wait_until

UNIT = Path(__file__).resolve().parents[2] / "deploy/systemd/waybill-relay.service"


@pytest.fixture
def manager(tmp_path):
    """The socket of a service manager: `said` collects what comes."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        said = []

        def collect():
            while True:
                try:
                    said.append(listening.recv(4096).decode())
                except BlockingIOError:
                    return said
        collect.path = tmp_path / "notify"
        yield collect


def test_the_service_manager_is_told_how_the_relay_stands(sqlite_store, shop, workspace, manager):
    shop(sqlite_store)
    relay = workspace.relay(environment={"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "400000"})
    wait_until(lambda: "READY=1" in manager(), 20, "the relay to be ready")
    wait_until(lambda: manager().count("WATCHDOG=1") > 3, 20, "signs of life")
    wait_until(lambda: "STATUS=1 of 1 lanes held, 0 in flight" in manager(), 20, "a line for who looks")
    relay.process.send_signal(signal.SIGHUP)
    wait_until(lambda: manager().count("READY=1") == 2, 20, "the relay to be ready again")
    reloading = next(one for one in manager() if one.startswith("RELOADING=1"))
    assert "MONOTONIC_USEC=" in reloading
    assert relay.stop() == 0
    assert manager()[-1] == "STOPPING=1" or "STOPPING=1" in manager()


def test_a_manager_that_is_gone_is_no_trouble(sqlite_store, shop, workspace, tmp_path):
    shop(sqlite_store)
    for name in (str(tmp_path / "nobody"), "@nobody", "x" * 200, "@"):
        relay = workspace.relay(environment={"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "many"})
        relay.wait_logged("started")
        assert relay.stop() == 0


def test_the_unit_waits_longer_than_the_relay(sqlite_store, shop, workspace):
    """The limits of the unit and of the relay belong together."""
    settings = dict(line.split("=", 1) for line in UNIT.read_text().splitlines() if "=" in line and line[0] not in "#[")
    assert settings["Type"] == "notify" and settings["NoNewPrivileges"] == "yes"
    assert int(settings["TimeoutStopSec"]) >= 40, "relay.stop_timeout is 30 s"
    assert int(settings["WatchdogSec"]) > 30
