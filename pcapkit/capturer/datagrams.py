"""Mirrored packets that arrive in datagrams addressed to this machine: ERSPAN in GRE, TZSP and PEEKREMOTE in UDP.

Written as the IP packets that carried them (LINKTYPE_RAW); taking them out is the reader's work.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from typing import Any, Final

from pcapkit.capturer.main import MISSING, READY, Ends, say
from pcapkit.capturer.output import Output, output_of
from pcapkit.capturer.ring import privileges_given_up

RAW_IP: Final = 101
ROOM: Final = 32 << 20
BATCH: Final = 512
_GRE: Final = 47
_SO_RCVBUFFORCE: Final = 33
_SO_RXQ_OVFL: Final = 40
PORTS: Final = {"tzsp": 37_008, "peekremote": 5_000}
"""The port that readers know, whichever the datagrams came to."""


def run(spec: dict[str, Any]) -> int:
    """Receive until told to stop. ``protocol``: erspan, tzsp, peekremote; ``address`` and ``port`` of ours."""
    sock = _open(spec)
    privileges_given_up(writes=spec.get("write") is not None)
    output = output_of(spec, RAW_IP)
    say(f"{READY} {spec['interface']}")
    until = time.monotonic() + spec["seconds"] if spec.get("seconds") else None
    try:
        _loop(sock, output, spec, until)
    finally:
        output.close()
    return 0


def _open(spec: dict[str, Any]) -> socket.socket:
    raw = spec["protocol"] == "erspan"
    try:
        sock = socket.socket(socket.AF_INET, socket.SOCK_RAW if raw else socket.SOCK_DGRAM, _GRE if raw else 0)
        sock.bind((spec["address"] or "", 0 if raw else spec["port"]))
    except PermissionError:
        raise Ends(MISSING, f"{spec['interface']}: no permission to receive this (CAP_NET_RAW)") from None
    except OSError as error:
        raise Ends(MISSING, f"{spec['interface']}: {error.strerror}") from None
    for option in (_SO_RCVBUFFORCE, socket.SO_RCVBUF):
        try:
            sock.setsockopt(socket.SOL_SOCKET, option, ROOM)
            break
        except OSError:
            continue
    sock.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
    sock.setblocking(False)
    return sock


def _loop(sock: socket.socket, output: Output, spec: dict[str, Any], until: float | None) -> None:
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    poll.register(0, select.POLLIN)
    most, told = spec.get("packets"), 0
    while (until is None or time.monotonic() < until) and (most is None or output.packets < most):
        events = dict(poll.poll(200))
        if 0 in events and not os.read(0, 4_096):
            return
        room = BATCH if most is None else min(BATCH, most - output.packets)
        for _ in range(room):
            if not _receive(sock, output, spec):
                break
        output.flush()
        if output.dropped > told:
            told = output.dropped
            output.statistics()


def _receive(sock: socket.socket, output: Output, spec: dict[str, Any]) -> bool:
    try:
        data, ancillary, _, sender = sock.recvmsg(65_535, 64)
    except BlockingIOError:
        return False
    except OSError:  # an ICMP error for something we never sent
        return True
    for level, kind, value in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, _SO_RXQ_OVFL):
            output.dropped = struct.unpack("=I", value[:4])[0]
    if spec["protocol"] != "erspan":
        data = _wrapped(data, sender, spec)
    output.packet(time.time_ns(), data[: spec.get("snaplen") or len(data)], len(data))
    return True


def _wrapped(data: bytes, sender: tuple[str, int], spec: dict[str, Any]) -> bytes:
    """The datagram as it came: the socket keeps its headers to itself."""
    size = 28 + len(data)
    here = socket.inet_aton(spec["address"] or "0.0.0.0")
    ip = struct.pack(">BBHHHBBH", 0x45, 0, min(size, 65_535), 0, 0, 64, 17, 0) + socket.inet_aton(sender[0]) + here
    return ip + struct.pack(">HHHH", sender[1], PORTS[spec["protocol"]], min(size - 20, 65_535), 0) + data
