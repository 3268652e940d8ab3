"""What is done to the shop while it works: each fault at a random order, so that it always meets traffic."""

from concurrent.futures import ThreadPoolExecutor

from waybill_services import wait_until

from .books import ORDERS

# The share of the orders at which each fault happens, give or take.
_PLAN = (("kill_relay", 0.10), ("cut_at_confirm", 0.25), ("kill_relay", 0.40), ("kill_broker", 0.55),
         ("kill_relay", 0.80))
_SPREAD = 0.06


class Faults:
    """Faults that are due are done in turn by step(). The broker starts again in the background: the orders go on."""

    def __init__(self, scene, display, random):
        self.scene = scene
        self.display = display
        self.left = [(name, int(ORDERS * (share + random.uniform(-_SPREAD, _SPREAD)))) for name, share in _PLAN]
        self.done = []
        self._background = ThreadPoolExecutor(1)
        self._starting = None

    def step(self, orders):
        if self._starting is not None:
            if not self._starting.done():
                return
            self._starting.result()
            self._starting = None
            self.display.event(f"order {orders:,}: RabbitMQ runs again")
        if self.left and orders >= self.left[0][1]:
            name, _ = self.left.pop(0)
            getattr(self, "_" + name)(orders)
            self.done.append(name)

    def _kill_relay(self, orders):
        self.display.event(f"order {orders:,}: SIGKILL to the relay")
        self.scene.relay.kill()
        self.scene.relay.start()

    def _cut_at_confirm(self, orders):
        self.display.event(f"order {orders:,}: the connection is cut between a publication and its confirm")
        before = self.scene.gate.connections_total
        self.scene.gate.cut_at_confirm()
        wait_until(lambda: self.scene.gate.connections_total > before, 30, "the relay to connect again")

    def _kill_broker(self, orders):
        self.display.event(f"order {orders:,}: SIGKILL to RabbitMQ")
        self.scene.broker.kill()
        self._starting = self._background.submit(self.scene.broker.start)
