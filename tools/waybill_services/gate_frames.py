"""Where AMQP 0-9-1 frames begin and end in a stream (specification, section 4.2.3)."""

import struct

_METHOD = 1
_HEADER = 7
_BASIC = 60
_CONFIRMS = (80, 120)


def is_confirm(frame):
    """True for basic.ack and basic.nack, which only a confirm can be when a broker sends it."""
    if frame[0] != _METHOD or len(frame) < _HEADER + 4:
        return False
    kind, method = struct.unpack_from(">HH", frame, _HEADER)
    return kind == _BASIC and method in _CONFIRMS


class Frames:
    """Cuts a stream into whole frames."""

    def __init__(self):
        self._held = bytearray()

    def take(self, data):
        """The frames that are complete now; the beginning of the next is held until its rest arrives."""
        self._held += data
        begin, frames = 0, []
        while len(self._held) - begin >= _HEADER:
            end = begin + _HEADER + struct.unpack_from(">I", self._held, begin + 3)[0] + 1
            if end > len(self._held):
                break
            frames.append(bytes(self._held[begin:end]))
            begin = end
        del self._held[:begin]
        return frames
