"""Free ports on loopback."""

import random
import socket

# Below Linux' range of ephemeral ports (32768 and up), so that no outgoing connection takes one between our check and
# the server's bind.
_LOW, _HIGH = 15000, 31999
_given = set()


def free_port():
    """A port that nobody listens on now, and that this process has not given out before."""
    while True:
        port = random.randint(_LOW, _HIGH)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port


def accepts(port):
    """True when something accepts connections on the port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
