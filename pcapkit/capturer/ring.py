"""Packets of an interface from a memory-mapped ring (Linux, packet(7), TPACKET_V3): the kernel fills blocks while we write others out."""

from __future__ import annotations

import errno
import mmap
import os
import select
import socket
import struct
import time
from dataclasses import dataclass
from typing import Any, Final

from pcapkit.capturer import privileges
from pcapkit.capturer.guard import is_up
from pcapkit.capturer.main import MISSING, READY, Ends, say
from pcapkit.capturer.output import NS, Output, output_of

BLOCK: Final = 1 << 20
BLOCKS: Final = 64
RETIRE_MS: Final = 100
"""A block is handed over when it is full, or so old."""
COUNT_S: Final = 1.0
"""Drops are asked for so often."""

_SOL_PACKET: Final = 263
_ADD_MEMBERSHIP, _RX_RING, _STATISTICS, _VERSION = 1, 5, 6, 10
_V3: Final = 2
_PROMISCUOUS: Final = 1
_ETH_ALL: Final = 3
_OUTGOING: Final = 4
_VLAN, _VLAN_TPID = 0x10, 0x40
_USER, _KERNEL = 1, 0
_HEAD: Final = struct.Struct("=IIIIIIHHIIH")
"""tpacket3_hdr: next, s, ns, bytes here, bytes on the wire, status, offset of the frame, of the network header, hash, VLAN tag, its ethertype."""
_LINKS: Final = {1: 1, 772: 1, 801: 105, 803: 127, 512: 101, 519: 101, 65_534: 101}
"""ARPHRD_… → LINKTYPE_…"""
_LOOPBACK: Final = 772


@dataclass(slots=True)
class Interface:
    """An open interface."""

    name: str
    index: int
    kind: int
    sock: socket.socket
    memory: mmap.mmap
    promiscuous: bool = True

    @property
    def link_type(self) -> int:
        return _LINKS[self.kind]


def open_interface(name: str, bpf: str | None, snaplen: int, promiscuous: bool = True) -> Interface:
    """Open an interface; needs CAP_NET_RAW.

    Raises:
        Ends: it is not there, of an unknown kind, or not allowed.
    """
    try:
        index = socket.if_nametoindex(name)
    except OSError:
        raise Ends(MISSING, f"{name}: there is no such interface") from None
    kind = _kind(name)
    if kind not in _LINKS:
        raise Ends(MISSING, f"{name}: interfaces of type {kind} need dumpcap or tcpdump")
    try:
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except PermissionError:
        raise Ends(MISSING, f"{name}: no permission to capture (CAP_NET_RAW)") from None
    sock.setsockopt(_SOL_PACKET, _VERSION, _V3)
    sock.setsockopt(_SOL_PACKET, _RX_RING, struct.pack("=7I", BLOCK, BLOCKS, 2_048, BLOCK // 2_048 * BLOCKS, RETIRE_MS, 0, 0))
    memory = mmap.mmap(sock.fileno(), BLOCK * BLOCKS, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
    found = Interface(name, index, kind, sock, memory)
    if bpf:
        from pcapkit.capturer import bpf as filters

        filters.attach(sock, bpf, found.link_type, snaplen)
    sock.bind((name, _ETH_ALL))
    if promiscuous:
        sock.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, struct.pack("=iHH8s", index, _PROMISCUOUS, 0, b""))
    return found


def _kind(name: str) -> int:
    try:
        with open(f"/sys/class/net/{name}/type", encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return -1


def run(spec: dict[str, Any]) -> int:
    """Capture until told to stop: open the interface, give up privileges, open the output."""
    snaplen = spec.get("snaplen") or 262_144
    interface = open_interface(spec["interface"], spec.get("bpf"), snaplen)
    privileges_given_up(writes=spec.get("write") is not None)
    output = output_of(spec, interface.link_type)
    say(f"{READY} {interface.name}")
    capturing = Capturing(interface, output, snaplen, spec.get("packets"), spec.get("seconds"))
    try:
        return capturing.loop()
    finally:
        capturing.end()


def privileges_given_up(writes: bool) -> None:
    """Become the user who called sudo; else nobody; where files are to be written as root, root without any capability."""
    user = privileges.invoking_user()
    if user is None and os.geteuid() == 0 and not writes:
        user = privileges.nobody()
    if user is not None:
        privileges.become(user)
    privileges.confine()


class Capturing:
    """Moves packets from the ring to the output."""

    def __init__(self, interface: Interface, output: Output, snaplen: int, most: int | None, seconds: float | None) -> None:
        self._interface, self._output, self._snaplen, self._most = interface, output, snaplen, most
        self._until = time.monotonic() + seconds if seconds is not None else None
        self._block = 0
        self._counted = time.monotonic()
        self._down = False

    def loop(self) -> int:
        """Exit code: 0, or ``MISSING`` when the interface vanishes.

        Raises:
            Ends: nothing can be written.
        """
        poll = select.poll()
        poll.register(self._interface.sock, select.POLLIN | select.POLLERR)
        poll.register(0, select.POLLIN)
        while True:
            events = dict(poll.poll(RETIRE_MS))
            if 0 in events and self._asked_to_end():
                return 0
            if events.get(self._interface.sock.fileno(), 0) & select.POLLERR and not self._recover():
                say(f"{self._interface.name} has vanished: capturing ends")
                return MISSING
            while self._take():
                if self._enough():
                    return 0
            self._output.flush()
            if self._look_around() or self._enough():
                return MISSING if self._down and not self._there() else 0

    def end(self) -> None:
        """What is still in the ring, and the counters."""
        until = time.monotonic() + 2 * RETIRE_MS / 1_000  # by then the block that the kernel is filling is handed over
        while not self._enough() and (self._take() or time.monotonic() < until):
            time.sleep(0.005)
        self._count()
        self._output.close()

    def _asked_to_end(self) -> bool:
        return not os.read(0, 4_096)

    def _enough(self) -> bool:
        return self._most is not None and self._output.packets >= self._most

    def _look_around(self) -> bool:
        """Count drops now and then; whether time is up, or the interface gone."""
        now = time.monotonic()
        if now - self._counted >= COUNT_S:
            self._counted = now
            if self._count():
                self._output.statistics()
            if not self._there():
                say(f"{self._interface.name} has vanished: capturing ends")
                self._down = True
                return True
            if self._down and is_up(socket.if_indextoname(self._interface.index)):
                self._down = False
        return self._until is not None and now >= self._until

    def _recover(self) -> bool:
        """An error of the socket: the interface went down (we wait) or away."""
        code = self._interface.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if not self._there():
            return False
        if code == errno.ENETDOWN and not self._down:
            self._down = True
        return True

    def _there(self) -> bool:
        try:
            socket.if_indextoname(self._interface.index)
        except OSError:
            return False
        return True

    def _count(self) -> int:
        """Add the drops since the last time (reading sets them back)."""
        _, dropped, _ = struct.unpack("=III", self._interface.sock.getsockopt(_SOL_PACKET, _STATISTICS, 12))
        self._output.dropped += dropped
        return int(dropped)

    def _take(self) -> bool:
        """Write out the next block, if the kernel has handed it over."""
        memory, at = self._interface.memory, self._block * BLOCK
        status, packets, first = struct.unpack_from("=8xIII", memory, at)
        if not status & _USER:
            return False
        self._packets(at + first, packets)
        struct.pack_into("=I", memory, at + 8, _KERNEL)
        self._block = (self._block + 1) % BLOCKS
        return True

    def _packets(self, at: int, count: int) -> None:
        memory, packet, snaplen = self._interface.memory, self._output.packet, self._snaplen
        unpack, loopback = _HEAD.unpack_from, self._interface.kind == _LOOPBACK
        with memoryview(memory) as view:
            for _ in range(count if self._most is None else min(count, 1 << 30)):
                behind, seconds, ns, size, length, status, start, _, _, tag, kind = unpack(memory, at)
                if loopback and memory[at + 48 + 10] == _OUTGOING:  # what the loopback sends, it also receives
                    at += behind
                    continue
                begin = at + start
                size = min(size, snaplen)
                if status & _VLAN:
                    header = struct.pack(">HH", kind if status & _VLAN_TPID else 0x8100, tag & 0xFFFF)
                    data = (view[begin : begin + 12].tobytes() + header + view[begin + 12 : begin + size].tobytes())[:snaplen]
                    packet(seconds * NS + ns, data, length + 4)
                else:
                    packet(seconds * NS + ns, view[begin : begin + size], length)
                at += behind
                if self._most is not None and self._output.packets >= self._most:
                    return
