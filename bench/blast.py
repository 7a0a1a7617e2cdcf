"""Sends UDP as fast as one process can: ``blast.py ADDRESS PORTS SECONDS [FIRST_PORT]``; prints datagrams and seconds.

What enters: where to, over how many destination ports in turn, for how long. What leaves: one line on standard output.
Datagrams of 18 bytes go out 64 at a time (sendmmsg), so that the kernel's path and not this program is what is busy.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import sys
import time

AT_ONCE = 64
PAYLOAD_BYTES = 18
SO_SNDBUFFORCE = 32


class Iovec(ctypes.Structure):
    """struct iovec."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class Message(ctypes.Structure):
    """struct mmsghdr."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("iovec", ctypes.POINTER(Iovec)),
        ("iovecs", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
        ("sent", ctypes.c_uint32),
    )


def main() -> int:
    address, ports, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    first = int(sys.argv[4]) if len(sys.argv) > 4 else 10_000
    send = ctypes.CDLL(None, use_errno=True).sendmmsg
    payload = ctypes.create_string_buffer(PAYLOAD_BYTES)
    vector = Iovec(ctypes.addressof(payload), PAYLOAD_BYTES)
    names = (ctypes.c_uint8 * 16 * ports)()
    messages = (Message * max(ports, AT_ONCE))()
    for number, message in enumerate(messages):
        at = number % ports
        name = struct.pack("=H", socket.AF_INET) + struct.pack("!H", first + at) + socket.inet_aton(address) + bytes(8)
        names[at][:] = list(name)
        message.name, message.name_length = ctypes.addressof(names[at]), 16
        message.iovec, message.iovecs = ctypes.pointer(vector), 1
    size, start, sent, at = ctypes.sizeof(Message), ctypes.addressof(messages), 0, 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 1 << 22)
        begun = time.monotonic()
        while (now := time.monotonic()) < begun + seconds:
            count = min(AT_ONCE, len(messages) - at)
            sent += max(send(sender.fileno(), ctypes.c_void_p(start + at * size), count, 0), 0)
            at = (at + count) % len(messages)
    print(sent, now - begun)
    return 0


if __name__ == "__main__":
    sys.exit(main())
