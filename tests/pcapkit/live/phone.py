"""Packets of a phone that looks for its server, as bytes, and a capture that grows."""

from __future__ import annotations

import struct
import time
import zlib
from pathlib import Path

PHONE_MAC, OTHER_MAC = bytes.fromhex("a483e7000001"), bytes.fromhex("0200000000fe")
PHONE, DNS, SERVER = bytes((10, 20, 0, 31)), bytes((10, 0, 0, 53)), bytes((10, 0, 0, 10))
NAME = "lyncdiscoverinternal.contoso.com"
HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1)


def ethernet(body: bytes, back: bool = False) -> bytes:
    ends = (PHONE_MAC + OTHER_MAC) if back else (OTHER_MAC + PHONE_MAC)
    return ends + b"\x08\x00" + body


def ipv4(src: bytes, dst: bytes, proto: int, body: bytes) -> bytes:
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, proto, 0) + src + dst + body


def query(name: str = NAME, number: int = 1) -> bytes:
    return _dns(struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + _question(name))


def answer(name: str = NAME, number: int = 1, address: bytes = SERVER) -> bytes:
    record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + address
    return _dns(struct.pack(">6H", number, 0x8180, 1, 1, 0, 0) + _question(name) + record, back=True)


def _question(name: str) -> bytes:
    labels = b"".join(bytes((len(part),)) + part.encode() for part in name.split("."))
    return labels + b"\x00" + struct.pack(">HH", 1, 1)


def _dns(message: bytes, back: bool = False) -> bytes:
    ports = (53, 50_000) if back else (50_000, 53)
    checksum = zlib.crc32(message) & 0xFFFF  # nobody verifies it, but copies are told by it
    datagram = struct.pack(">HHHH", *ports, 8 + len(message), checksum) + message
    return ethernet(ipv4(DNS, PHONE, 17, datagram) if back else ipv4(PHONE, DNS, 17, datagram), back)


def syn(port: int = 50_001) -> bytes:
    return ethernet(ipv4(PHONE, SERVER, 6, struct.pack(">HHIIBBHHH", port, 443, 1_000, 0, 0x50, 2, 8_192, 0, 0)))


def syn_ack(port: int = 50_001) -> bytes:
    return ethernet(ipv4(SERVER, PHONE, 6, struct.pack(">HHIIBBHHH", 443, port, 5_000, 1_001, 0x50, 0x12, 8_192, 0, 0)), back=True)


def record(packet: bytes, time_s: float | None = None) -> bytes:
    now = time.time() if time_s is None else time_s
    return struct.pack("<IIII", int(now), int(now % 1 * 1e6), len(packet), len(packet)) + packet


def write(path: Path, *packets: bytes, start_s: float | None = None) -> Path:
    start = time.time() if start_s is None else start_s
    path.write_bytes(HEADER + b"".join(record(p, start + 0.01 * n) for n, p in enumerate(packets)))
    return path


def append(path: Path, *packets: bytes) -> None:
    with path.open("ab") as out:
        for packet in packets:
            out.write(record(packet))
