"""What is done to a play while it works: each fault at a random share of the work, so that it always meets traffic."""

from concurrent.futures import ThreadPoolExecutor

_SPREAD = 0.04


class Faults:
    """A plan is a list of shares and faults: `kill PROGRAM`, `restart SERVER`, `cut`, or a text and what to call. What is
    due is done in turn by step(). A server starts again in the background: the work goes on."""

    def __init__(self, stage, plan, display, random):
        self.stage, self.display = stage, display
        self.left = sorted(((share + random.uniform(-_SPREAD, _SPREAD), fault) for share, fault in plan),
                           key=lambda due: due[0])
        self.done = []
        self._background = ThreadPoolExecutor(1)
        self._starting = None

    def step(self, share, place):
        """`share` of the work is done; `place` says so in words."""
        if self._starting is not None:
            name, started = self._starting
            if not started.done():
                return
            started.result()
            self._starting = None
            self.display.event(f"{place}: {name} runs again")
        if self.left and share >= self.left[0][0]:
            _, fault = self.left.pop(0)
            self._do(fault, place)
            self.done.append(fault)

    def at_rest(self):
        return not self.left and self._starting is None

    def _do(self, fault, place):
        if not isinstance(fault, str):
            text, act = fault
            self.display.event(f"{place}: {text}")
            act()
        elif fault == "cut":
            self._cut_at_confirm(place)
        else:
            act, name = fault.split(" ", 1)
            self.display.event(f"{place}: SIGKILL to {name}")
            if act == "kill":
                self.stage.programs[name].kill()
                self.stage.programs[name].start()
            else:
                server = self.stage.servers[name]
                server.kill()
                self._starting = name, self._background.submit(server.start)

    def _cut_at_confirm(self, place):
        self.display.event(f"{place}: the connection is cut between a publication and its confirm")
        self.stage.broker.cut_at_confirm()
