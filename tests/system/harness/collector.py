"""What a consumer in another language has received."""

import threading
from dataclasses import dataclass, field

from waybill_services import wait_until


@dataclass
class Delivery:
    """One message as it arrived."""

    id: str
    topic: str
    key: str
    attempt: int
    redelivered: bool
    body: bytes
    headers: dict = field(default_factory=dict)
    content_type: str = None
    persistent: bool = False
    partition: int = None
    timestamp: int = None


class Collector:
    """Collects deliveries in its own thread, from start() until close(); `_run` is the broker's own part."""

    def __init__(self):
        self.deliveries = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()
        return self

    def close(self):
        self._stop.set()
        self._thread.join(30)

    def count(self):
        return len(self.deliveries)

    def ids(self):
        return {delivery.id for delivery in list(self.deliveries)}

    def wait_count(self, number, seconds=120):
        """Waits for `number` deliveries in all, duplicates included."""
        wait_until(lambda: self.count() >= number, seconds, f"{number} deliveries (have {self.count()})")

    def wait_ids(self, wanted, seconds=120):
        """Waits until every one of these ids has arrived; the failure names some that have not."""
        wanted, seen, position = set(wanted), set(), 0

        def all_here():
            nonlocal position
            arrived = self.deliveries[position:]
            position += len(arrived)
            seen.update(delivery.id for delivery in arrived)
            return wanted <= seen
        try:
            wait_until(all_here, seconds, f"{len(wanted)} messages")
        except TimeoutError:
            missing = sorted(wanted - seen)
            raise AssertionError(f"{len(missing)} of {len(wanted)} messages did not arrive in {seconds} s, "
                                 f"for example {missing[:5]}") from None
