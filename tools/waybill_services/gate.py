"""A gate for TCP connections: it lets them pass, stalls them, delays them, or cuts them, on command.

A gate in front of a broker can also look at the frames the broker sends, to withhold confirms or to cut the connection
between a publication and its confirm.
"""

import re
import socket
import threading

from .gate_filter import deafen, hear_again
from .gate_pipe import Pipe
from .ports import free_port


class Gate:
    """Accepts on `port`, or on one of its own, and forwards to the port `target` on loopback.

    `amqp` says that a broker is behind it, whose confirms the gate can withhold or cut at.
    """

    def __init__(self, target, amqp=True, port=None):
        self.target = target
        self.amqp = amqp
        self.port = port or free_port()
        self.delay = 0.0
        self.cut_after_bytes = None
        self.confirms = "pass"
        self.connections_total = 0
        self.confirms_withheld = 0
        self.lock = threading.Lock()
        self._open_to = {"server": threading.Event(), "client": threading.Event()}
        self._refusing = False
        self._vanished = False
        self._pairs = []
        self._listener = None
        self._thread = None

    def start(self):
        self.open()
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self._thread = threading.Thread(target=self._accept, args=(self._listener,), daemon=True)
        self._thread.start()
        return self

    def close(self):
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._thread.join()
            self._listener = None
        self._break_all()

    def open(self):
        """Everything passes again; what was stalled goes on where it stopped."""
        self._refusing = False
        self.delay = 0.0
        self.cut_after_bytes = None
        self.confirms = "pass"
        if self._vanished:
            self._vanished = False
            self._each_socket(hear_again)
        for event in self._open_to.values():
            event.set()

    def cut(self):
        """Resets all connections and refuses new ones until open()."""
        self._refusing = True
        self._break_all()

    def break_connections(self):
        """Resets all connections; new ones pass."""
        self._break_all()

    def stall(self, to="both"):
        """Connections stay open and new ones are accepted, but no byte passes to the `server`, the `client`, or both."""
        for side, event in self._open_to.items():
            if to in (side, "both"):
                event.clear()

    def vanish(self):
        """No byte passes, and the kernel acknowledges none: what the loss of a host or of all its packets looks like to
        both sides. New connections get no answer either, until open()."""
        self.stall()
        self._vanished = True
        self._each_socket(deafen)

    def cut_after(self, number):
        """Resets all connections once the server has sent `number` more bytes in all; new ones pass."""
        self.cut_after_bytes = number

    def withhold_confirms(self):
        """Drops every confirm (AMQP basic.ack and basic.nack) that the broker sends, and forwards all else."""
        self.confirms = "drop"

    def cut_at_confirm(self):
        """Resets all connections in place of forwarding the next confirm: published, but the publisher can't know."""
        self.confirms = "cut"

    def url(self, url):
        """The same URL with the gate's port."""
        return re.sub(r"(@|//)127\.0\.0\.1:\d+", rf"\g<1>127.0.0.1:{self.port}", url)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    # Called by the pipes.

    def wait_open(self, side):
        self._open_to[side].wait()

    def count_from_server(self, number):
        """How many of the next `number` bytes may still pass before the cut."""
        with self.lock:
            if self.cut_after_bytes is None:
                return number
            allowed = min(number, self.cut_after_bytes)
            self.cut_after_bytes -= allowed
            return allowed

    def break_at_limit(self):
        self.cut_after_bytes = None
        self._break_all()

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.connections_total += 1
            if self._refusing:
                client.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pair = [Pipe(self, client, server, "server"), Pipe(self, server, client, "client")]
            with self.lock:
                self._pairs = [kept for kept in self._pairs if any(pipe.is_alive() for pipe in kept)] + [pair]
            if self._vanished:
                self._each_socket(deafen)
            for pipe in pair:
                pipe.start()

    def _each_socket(self, change):
        for pair in list(self._pairs):
            for pipe in pair:
                change(pipe.source)
        if self._listener is not None:
            change(self._listener)

    def _break_all(self):
        with self.lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for pipe in pair:
                pipe.reset()
