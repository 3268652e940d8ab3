"""Makes a socket deaf: the kernel drops what arrives and acknowledges nothing, as if this host had vanished."""

import ctypes
import socket
import struct

# asm-generic/socket.h; Python names neither.
_ATTACH_FILTER = 26
_DETACH_FILTER = 27

# One instruction of a classic BPF program (linux/filter.h): return 0, keep no byte of the packet.
_DROP = ctypes.create_string_buffer(struct.pack("=HBBI", 0x06, 0, 0, 0), 8)
_PROGRAM = struct.pack("@HP", 1, ctypes.addressof(_DROP))


def deafen(end):
    _set(end, _ATTACH_FILTER, _PROGRAM)


def hear_again(end):
    """What the other side still repeats is taken now."""
    _set(end, _DETACH_FILTER, struct.pack("@i", 0))


def _set(end, option, value):
    try:
        end.setsockopt(socket.SOL_SOCKET, option, value)
    except OSError:
        # Closed meanwhile, or it was never deaf.
        pass
