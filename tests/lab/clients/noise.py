"""What a quiet phone sends besides: noise.py mdns|quic|vpn ADDRESS PORT COUNT GAP."""

from __future__ import annotations

import os
import socket
import struct
import sys
import time

kind, address, port, count, gap = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])


def labels(name: str) -> bytes:
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


def packet(number: int) -> bytes:
    if kind == "mdns":
        return struct.pack(">HHHHHH", 0, 0, 2, 0, 0, 0) + b"".join(
            labels(name) + struct.pack(">HH", 12, 1) for name in ("_companion-link._tcp.local", "_googlecast._tcp.local")
        )
    if kind == "quic":  # a long header of version 1 first, short headers then (RFC 9000, 17)
        head = b"\xc3\0\0\0\1\x08" + os.urandom(8) + b"\0" if number == 0 else b"\x41" + b"\x5a" * 8
        return head + os.urandom(1200 - len(head) if number < 3 else 400)
    head = struct.pack("<BBBB", 1, 0, 0, 0) if number == 0 else struct.pack("<BBBB", 4, 0, 0, 0)  # WireGuard: initiation, then data
    return head + os.urandom(144 if number == 0 else 92)


sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
for number in range(count):
    sock.sendto(packet(number), (address, port))
    time.sleep(gap)
