"""Captures made byte by byte, so that tests decide every field."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from pcapkit.capture import open_capture
from pcapkit.capture.window import PAD

START_NS = 1_700_000_000_000_000_000


@dataclass(frozen=True)
class Packet:
    data: bytes
    time_ns: int = START_NS
    length: int | None = None
    interface: int = 0
    options: bytes = b""

    @property
    def wire(self) -> int:
        return len(self.data) if self.length is None else self.length


def pcap(packets, *, order="<", magic=0xA1B2C3D4, network=1, snaplen=262_144, version=(2, 4), unit_ns=1_000, extra=b"", behind=b"") -> bytes:
    """A pcap file. ``extra`` is added to each record header, ``behind`` to the file header."""
    out = [struct.pack(order + "IHHiIII", magic, *version, 0, 0, snaplen, network), behind]
    for p in packets:
        seconds, rest = divmod(p.time_ns, 10**9)
        out += [struct.pack(order + "4I", seconds, rest // unit_ns, len(p.data), p.wire), extra, p.data]
    return b"".join(out)


def option(code, value=b"", order="<") -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def block(kind, body, order="<") -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def section(order="<", options=b"", length=-1) -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, length) + options, order)


def interface(link_type=1, snaplen=0, options=b"", order="<") -> bytes:
    return block(1, struct.pack(order + "HHI", link_type, 0, snaplen) + options, order)


def enhanced(p, *, ticks=None, order="<") -> bytes:
    ticks = p.time_ns // 1_000 if ticks is None else ticks
    fixed = struct.pack(order + "IIIII", p.interface, ticks >> 32, ticks & 0xFFFFFFFF, len(p.data), p.wire)
    return block(6, fixed + p.data + bytes(-len(p.data) % 4) + p.options, order)


def simple(data, length=None, order="<") -> bytes:
    return block(3, struct.pack(order + "I", len(data) if length is None else length) + data, order)


def old_packet(p, drops=0xFFFF, order="<") -> bytes:
    ticks = p.time_ns // 1_000
    fixed = struct.pack(order + "HHIIII", p.interface, drops, ticks >> 32, ticks & 0xFFFFFFFF, len(p.data), p.wire)
    return block(2, fixed + p.data + bytes(-len(p.data) % 4) + p.options, order)


def pcapng(packets, *, order="<", exponent=6) -> bytes:
    """One section, one Ethernet interface, times in units of ``10**-exponent`` s."""
    resolution = b"" if exponent == 6 else option(9, bytes([exponent]), order)
    scale = 10 ** (9 - exponent)
    return section(order) + interface(options=resolution, order=order) + b"".join(enhanced(p, ticks=p.time_ns // scale, order=order) for p in packets)


def snoop(packets, datalink=4, drops=0) -> bytes:
    out = [b"snoop\0\0\0", struct.pack(">II", 2, datalink)]
    for p in packets:
        seconds, rest = divmod(p.time_ns, 10**9)
        pad = -len(p.data) % 4
        out += [struct.pack(">6I", p.wire, len(p.data), 24 + len(p.data) + pad, drops, seconds, rest // 1_000), p.data, bytes(pad)]
    return b"".join(out)


def netmon(packets, *, minor=3, media=1, holes=0) -> bytes:
    """Network Monitor 2.``minor``; with ``holes``, so many bytes between frames."""
    trailer = {0: 0, 1: 2, 2: 6}.get(minor, 15)
    first = packets[0].time_ns if packets else START_NS
    frames, offsets = bytearray(), []
    for p in packets:
        offsets.append(128 + len(frames))
        filetime = p.time_ns // 100 + 116_444_736_000_000_000
        tail = struct.pack("<HIQB", media, 0, filetime, 0)[:trailer]
        frames += struct.pack("<QII", (p.time_ns - first) // 1_000, p.wire, len(p.data)) + p.data + tail + bytes(holes)
    table = struct.pack(f"<{len(offsets)}I", *offsets)
    start = struct.pack("<8H", 2023, 11, 2, 14, 22, 13, 20, 0)  # START_NS
    header = b"GMBU" + struct.pack("<BBH", minor, 2, media) + start + struct.pack("<II", 128 + len(frames), len(table))
    return header.ljust(128, b"\0") + bytes(frames) + table


def read(path, **options):
    """All records of a file as tuples, and what is known of it: (frame, time, caplen, length, link type, interface, bytes), Capture."""
    records = []
    with open_capture(str(path), 0, **options) as source:
        for window in source.windows():
            assert len(window.buffer) >= int((window.offset + window.caplen).max()) + PAD
            columns = (window.frame, window.time_ns, window.caplen, window.length, window.link_type, window.interface)
            places = zip(window.offset.tolist(), window.caplen.tolist(), strict=True)
            data = [bytes(window.buffer[at : at + size]) for at, size in places]
            records += zip(*(column.tolist() for column in columns), data, strict=True)
        return records, source.info()


def codes(capture) -> list[str]:
    return [problem.code for problem in capture.problems]
