"""Packets and windows by hand."""

import struct
from ipaddress import ip_address

import numpy as np

from pcapkit.capture.window import PAD, Window

PHONE_MAC = bytes.fromhex("0200000000a1")
ROUTER_MAC = bytes.fromhex("0200000000b2")
PHONE, SERVER = "192.0.2.10", "198.51.100.20"
PHONE6, SERVER6 = "2001:db8::10", "2001:db8:1::20"
T0 = 1_750_000_000 * 10**9


def window(packets, link_type=1, *, lengths=None, times=None, first_frame=1, frames=None, capture=0, gap=b"\xaa" * 16):
    """A window of packets as a reader would make it: records lie one behind the other, with something foreign between them."""
    blob, offsets = bytearray(gap), []
    for packet in packets:
        offsets.append(len(blob))
        blob += packet + gap
    n = len(packets)
    caplen = np.array([len(p) for p in packets], np.uint32)
    return Window(
        capture=capture,
        buffer=np.frombuffer(bytes(blob) + b"\xee" * PAD, np.uint8).copy(),
        offset=np.array(offsets, np.int64),
        caplen=caplen,
        length=np.array(lengths, np.uint32) if lengths is not None else caplen.copy(),
        time_ns=np.array(times, np.int64) if times is not None else T0 + np.arange(n, dtype=np.int64) * 1_000_000,
        frame=np.array(frames, np.int64) if frames is not None else np.arange(first_frame, first_frame + n, dtype=np.int64),
        link_type=np.full(n, link_type, np.uint16) if np.isscalar(link_type) else np.array(link_type, np.uint16),
        interface=np.zeros(n, np.uint16),
    )


def ether(payload, kind, src=PHONE_MAC, dst=ROUTER_MAC):
    return dst + src + struct.pack(">H", kind) + payload


def tag(vlan, kind):
    """The four bytes that follow a VLAN EtherType."""
    return struct.pack(">HH", vlan, kind)


def ipv4(payload, proto, src=PHONE, dst=SERVER, *, ttl=64, ident=7, fragment=0, options=b"", total=None):
    size = 20 + len(options)
    total = size + len(payload) if total is None else total
    head = struct.pack(">BBHHHBBH", 0x40 | size // 4, 0, total, ident, fragment, ttl, proto, 0)
    return head + ip_address(src).packed + ip_address(dst).packed + options + payload


def ipv6(payload, proto, src=PHONE6, dst=SERVER6, *, hops=64, length=None):
    length = len(payload) if length is None else length
    return struct.pack(">IHBB", 6 << 28, length, proto, hops) + ip_address(src).packed + ip_address(dst).packed + payload


def tcp(payload=b"", sport=50000, dport=443, *, seq=1000, ack=2000, flags=0x18, window=512, options=b""):
    return struct.pack(">HHIIBBHHH", sport, dport, seq, ack, (20 + len(options)) // 4 << 4, flags, window, 0, 0) + options + payload


def udp(payload=b"", sport=50000, dport=53, *, length=None):
    return struct.pack(">HHHH", sport, dport, 8 + len(payload) if length is None else length, 0) + payload


def arp():
    return struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1) + PHONE_MAC + ip_address(PHONE).packed + bytes(6) + ip_address(SERVER).packed


def payload(table, row):
    """Captured payload of a row."""
    at = int(table.payload[row])
    return table.buffer[at : at + int(table.payload_len[row])].tobytes()


def address(table, row, side):
    """Address of a row as text."""
    high, low = int(getattr(table, f"{side}_hi")[row]), int(getattr(table, f"{side}_lo")[row])
    return str(ip_address(low if table.version[row] == 4 else (high << 64 | low).to_bytes(16, "big")))


def write_pcap(path, packets, link_type=1):
    """A capture of these packets, one a millisecond."""
    blob = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, link_type)
    for number, packet in enumerate(packets):
        blob += struct.pack("<IIII", 1_750_000_000, number * 1000 % 1_000_000, len(packet), len(packet)) + packet
    path.write_bytes(blob)
