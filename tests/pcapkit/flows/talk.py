"""Packets and whole TCP conversations by hand, and tables of them in windows of any size."""

import struct
from dataclasses import dataclass, field
from ipaddress import ip_address

import numpy as np

from pcapkit.capture.window import PAD, Window
from pcapkit.columns import Decoder
from pcapkit.flows.tracker import Tracker

PHONE, SERVER, ROUTER = "10.20.0.31", "198.51.100.20", "10.20.0.1"
PHONE6, SERVER6 = "2001:db8::31", "2001:db8:1::20"
PHONE_MAC, ROUTER_MAC = bytes.fromhex("0200000000a1"), bytes.fromhex("0200000000b2")
T0 = 1_750_000_000 * 10**9
MS = 1_000_000
SYN, FIN, RST, PSH, ACK = 2, 1, 4, 8, 16


@dataclass
class Packet:
    data: bytes
    time_ns: int
    length: int


def ip(payload, proto, src, dst, *, ttl=64, ident=0):
    a, b = ip_address(src), ip_address(dst)
    if a.version == 6:
        return struct.pack(">IHBB", 6 << 28, len(payload), proto, ttl) + a.packed + b.packed + payload
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), ident, 0, ttl, proto, 0) + a.packed + b.packed + payload


def frame(packet, *, src_mac=PHONE_MAC, dst_mac=ROUTER_MAC, vlan=0):
    tag = struct.pack(">HH", 0x8100, vlan) if vlan else b""
    return dst_mac + src_mac + tag + struct.pack(">H", 0x0800 if packet[0] >> 4 == 4 else 0x86DD) + packet


def tcp(payload=b"", sport=50000, dport=443, *, seq=0, ack=0, flags=ACK, options=b"", checksum=0):
    head = struct.pack(">HHIIBBHHH", sport, dport, seq % 2**32, ack % 2**32, (20 + len(options)) // 4 << 4, flags, 512, checksum, 0)
    return head + options + payload


def udp(payload=b"", sport=50000, dport=53):
    return struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload


@dataclass
class Wire:
    """Packets in order. Each gets its own IP identification and comes a millisecond after the one before, unless told otherwise."""

    packets: list = field(default_factory=list)
    now: int = T0
    ident: int = 0

    def put(self, data, *, at=None, snap=None):
        self.now = self.now + MS if at is None else T0 + at
        self.packets.append(Packet(data[:snap] if snap else data, self.now, len(data)))
        return len(self.packets)

    def tcp(self, src, dst, payload=b"", *, at=None, ttl=64, ident=None, vlan=0, snap=None, **fields):
        self.ident += 1
        packet = ip(tcp(payload, **fields), 6, src, dst, ttl=ttl, ident=self.ident % 65536 if ident is None else ident)
        macs = {"src_mac": PHONE_MAC, "dst_mac": ROUTER_MAC} if src in (PHONE, PHONE6) else {"src_mac": ROUTER_MAC, "dst_mac": PHONE_MAC}
        return self.put(frame(packet, vlan=vlan, **macs), at=at, snap=snap)

    def udp(self, src, dst, payload=b"", *, sport=50000, dport=53, at=None, ident=None, ttl=64):
        self.ident += 1
        packet = ip(udp(payload, sport, dport), 17, src, dst, ttl=ttl, ident=self.ident % 65536 if ident is None else ident)
        return self.put(frame(packet), at=at)

    def talk(self, **settings):
        return Talk(self, **settings)

    def window(self, first=0, last=None, capture=0):
        """A reader's window of packets ``first`` to ``last``."""
        packets = self.packets[first:last]
        gap = b"\xaa" * 24
        blob, offsets = bytearray(gap), []
        for packet in packets:
            offsets.append(len(blob))
            blob += packet.data + gap
        n = len(packets)
        return Window(
            capture=capture,
            buffer=np.frombuffer(bytes(blob) + b"\xee" * PAD, np.uint8).copy(),
            offset=np.array(offsets, np.int64),
            caplen=np.array([len(p.data) for p in packets], np.uint32),
            length=np.array([p.length for p in packets], np.uint32),
            time_ns=np.array([p.time_ns for p in packets], np.int64),
            frame=np.arange(first + 1, first + 1 + n, dtype=np.int64),
            link_type=np.full(n, 1, np.uint16),
            interface=np.zeros(n, np.uint16),
        )

    def tables(self, size=None):
        """Tables of ``size`` packets each (all in one without)."""
        decoder = Decoder()
        for first in range(0, len(self.packets), size or max(1, len(self.packets))):
            yield decoder.decode(self.window(first, first + size if size else None))

    def track(self, size=None, **settings):
        """A tracker that has seen it all, and the observations."""
        tracker = Tracker(0, **settings)
        found = []
        for table in self.tables(size):
            found += tracker.update(table)
        return tracker, found + tracker.finish()


@dataclass
class Talk:
    """A TCP conversation that sends what it is told to."""

    wire: Wire
    client: str = PHONE
    server: str = SERVER
    sport: int = 50000
    dport: int = 443
    isn: tuple = (1000, 9000)

    def __post_init__(self):
        self.seq = list(self.isn)

    def send(self, direction, payload=b"", *, flags=ACK, seq=None, ack=None, **more):
        """Send a segment from client (0) or server (1); without ``seq`` it goes on where the last one ended."""
        src, dst, sport, dport = (self.client, self.server, self.sport, self.dport)[:4]
        if direction:
            src, dst, sport, dport = dst, src, dport, sport
        at = self.seq[direction] if seq is None else seq
        told = (self.seq[1 - direction] if ack is None else ack) if flags & ACK else 0
        number = self.wire.tcp(src, dst, payload, sport=sport, dport=dport, seq=at, ack=told, flags=flags, **more)
        if seq is None:
            self.seq[direction] += len(payload) + bool(flags & SYN) + bool(flags & FIN)
        return number

    def open(self, **more):
        self.send(0, flags=SYN, **more)
        self.send(1, flags=SYN | ACK)
        self.send(0)
        return self

    def say(self, direction, data, size=1448):
        for at in range(0, len(data), size):
            self.send(direction, data[at : at + size], flags=PSH | ACK)
        return self

    def close(self, first=0):
        self.send(first, flags=FIN | ACK)
        self.send(1 - first, flags=FIN | ACK)
        self.send(first)
        return self
