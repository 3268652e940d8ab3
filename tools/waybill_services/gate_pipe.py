"""One direction of one connection through a gate."""

import socket
import struct
import threading
import time

from .gate_frames import Frames, is_confirm

_RESET = struct.pack("ii", 1, 0)


class Pipe(threading.Thread):
    """Moves bytes from one socket to the other, to the `side` named, as the gate allows."""

    def __init__(self, gate, source, sink, side):
        super().__init__(daemon=True)
        self.gate = gate
        self.source = source
        self.sink = sink
        self.side = side
        self.broken = False
        self.frames = Frames()

    def run(self):
        try:
            while not self.broken:
                data = self.source.recv(65536)
                if not data:
                    self._finish()
                    return
                self._forward(data)
        except OSError:
            pass
        self.reset()

    def reset(self):
        """Ends both sockets with a reset, as a host that lost the connection would."""
        self.broken = True
        for end in (self.source, self.sink):
            try:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    def _forward(self, data):
        if self.gate.delay:
            time.sleep(self.gate.delay)
        self.gate.wait_open(self.side)
        if self.side == "client":
            data = self._from_server(data)
        if data and not self.broken:
            self.sink.sendall(data)

    def _from_server(self, data):
        data = self._filtered(data)
        allowed = self.gate.count_from_server(len(data))
        if allowed < len(data):
            self.sink.sendall(data[:allowed])
            self.gate.break_at_limit()
            return b""
        return data

    def _filtered(self, data):
        if not self.gate.amqp:
            return data
        kept = []
        for frame in self.frames.take(data):
            if self.gate.confirms == "pass" or not is_confirm(frame):
                kept.append(frame)
            elif self.gate.confirms == "cut":
                self.gate.confirms = "pass"
                self.gate.break_connections()
                return b""
            else:
                self.gate.confirms_withheld += 1
        return b"".join(kept)

    def _finish(self):
        try:
            self.sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass
