"""A small pcapng writer: what cutting packets out of a capture needs (draft-ietf-opsawg-pcapng). Little-endian, times in ns."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from pcapkit.limits import MAX_PACKET, MIB

_SECTION: Final = 0x0A0D0D0A
_INTERFACE: Final = 1
_NAMES: Final = 4
_STATISTICS: Final = 5
_ENHANCED: Final = 6
_SECRETS: Final = 0xA
_TLS_KEY_LOG: Final = 0x544C534B

_COMMENT: Final = 1
_NAME: Final = 2
_DESCRIPTION: Final = 3
_APPLICATION: Final = 4
_RESOLUTION: Final = 9
_LONGEST: Final = 0xFFFF


class Sink(Protocol):
    """Where bytes go."""

    def write(self, data: bytes, /) -> object: ...


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _text(code: int, text: str | None) -> bytes:
    """A string option; one that is too long is cut between characters."""
    if text is None:
        return b""
    raw = text.encode("utf-8", "backslashreplace")
    return _option(code, raw if len(raw) <= _LONGEST else raw[:_LONGEST].decode("utf-8", "ignore").encode())


def _ended(options: bytes) -> bytes:
    return options + bytes(4) if options else b""


class PcapngWriter:
    """Writes one section. Names and secrets belong before the packets that they help to read.

    ``comment`` and ``application`` are those of the section.
    """

    def __init__(self, out: Sink, *, comment: str | None = None, application: str | None = None) -> None:
        self._out = out
        self._interfaces = 0
        options = _ended(_text(_COMMENT, comment) + _text(_APPLICATION, application))
        self._block(_SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + options)

    def interface(self, link_type: int, *, snaplen: int = 0, name: str | None = None, description: str | None = None) -> int:
        """Describe an interface; the number that its packets name."""
        options = _text(_NAME, name) + _text(_DESCRIPTION, description) + _option(_RESOLUTION, b"\x09")
        self._block(_INTERFACE, struct.pack("<HHI", link_type, 0, snaplen) + _ended(options))
        self._interfaces += 1
        return self._interfaces - 1

    def packet(self, interface: int, time_ns: int, data: bytes, length: int | None = None, comments: Iterable[str] = ()) -> None:
        """Write a packet. ``time_ns``: since the epoch, not before it; ``length``: bytes on the wire.

        Raises:
            ValueError: the interface is not described, or the packet is larger than any may be.
        """
        if not 0 <= interface < self._interfaces or len(data) > MAX_PACKET:
            raise ValueError(f"packet of {len(data)} bytes of interface {interface}")
        clock = max(time_ns, 0)
        fixed = struct.pack("<IIIII", interface, clock >> 32, clock & 0xFFFFFFFF, len(data), max(length or 0, len(data)))
        self._block(_ENHANCED, fixed + _padded(data) + _ended(b"".join(_text(_COMMENT, comment) for comment in comments)))

    def statistics(self, interface: int, end_ns: int, received: int, dropped: int | None = None) -> None:
        """Write until when an interface was listened to (ns since the epoch), how many packets of it are here, and how many the capture lost."""
        end = struct.pack("<II", max(end_ns, 0) >> 32, max(end_ns, 0) & 0xFFFFFFFF)
        options = _option(3, end) + _option(4, struct.pack("<Q", received))
        if dropped is not None:
            options += _option(5, struct.pack("<Q", dropped))
        self._block(_STATISTICS, struct.pack("<I", interface) + end + _ended(options))

    def names(self, hosts: Mapping[str, str]) -> None:
        """Write names of addresses, so that readers show them."""
        records = bytearray()
        for address, name in hosts.items():
            packed = ipaddress.ip_address(address).packed
            value = packed + name.encode("utf-8", "backslashreplace")[:255] + b"\0"
            records += struct.pack("<HH", 1 if len(packed) == 4 else 2, len(value)) + _padded(value)
            if len(records) > MIB:
                self._block(_NAMES, bytes(records) + bytes(4))
                records.clear()
        if records:
            self._block(_NAMES, bytes(records) + bytes(4))

    def secrets(self, key_log: bytes) -> None:
        """Write the text of an NSS key log, with which readers decrypt the packets that follow."""
        self._block(_SECRETS, struct.pack("<II", _TLS_KEY_LOG, len(key_log)) + key_log)

    def _block(self, kind: int, body: bytes) -> None:
        body = _padded(body)
        size = struct.pack("<I", len(body) + 12)
        self._out.write(struct.pack("<I", kind) + size + body + size)
