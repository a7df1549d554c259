"""The blocks of pcapng that hold no packets, and the options of all of them."""

from __future__ import annotations

import ipaddress
import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from pcapkit.capture import linktypes
from pcapkit.capture.layouts import Order
from pcapkit.capture.notes import Notes, Port
from pcapkit.limits import MAX_INTERFACES

SECTION: Final = 0x0A0D0D0A
INTERFACE: Final = 1
OLD_PACKET: Final = 2
SIMPLE: Final = 3
NAMES: Final = 4
STATISTICS: Final = 5
ENHANCED: Final = 6
SECRETS: Final = 0xA

COMMENT: Final = 1
BAD_OPTION: Final = "an option is longer than its block: it is ignored"
_TLS_KEY_LOG: Final = 0x544C534B


@dataclass(slots=True)
class Section:
    """The state of one section. ``first``: number in the capture of its interface 0; ``time_ns``: of the last packet read;
    ``at``: place in the capture of the block that is read.

    The arrays have an entry for each interface.
    """

    notes: Notes
    order: Order = "<"
    first: int = 0
    time_ns: int = 0
    at: int = 0
    link_type: array[int] = field(default_factory=lambda: array("H"))
    snaplen: array[int] = field(default_factory=lambda: array("Q"))
    resolution: array[int] = field(default_factory=lambda: array("B"))
    shift_s: array[int] = field(default_factory=lambda: array("q"))

    def __len__(self) -> int:
        return len(self.link_type)

    def problem(self, code: str, detail: str) -> None:
        """Note what is wrong with the block that is read."""
        self.notes.problem(code, detail, self.at)

    def comment(self, raw: bytes) -> None:
        """Keep a comment of the block that is read."""
        self.notes.comment(text(raw), self.at)

    def drop(self, interface: int, count: int) -> None:
        """Add packets that a packet block says were lost before it."""
        port = self.notes.ports[self.first + interface]
        port.dropped_between += count


def text(raw: bytes) -> str:
    """The true text of a string option."""
    return raw.rstrip(b"\0").decode("utf-8", "backslashreplace")


def options(body: bytes, at: int, section: Section) -> Iterator[tuple[int, bytes]]:
    """Options of a block body (section 3.5 of the draft). One that points behind the block ends them and is noted."""
    unpack = struct.Struct(section.order + "HH").unpack_from
    while at + 4 <= len(body):
        code, size = unpack(body, at)
        if code == 0:
            return
        if at + 4 + size > len(body):
            section.problem("bad-option", BAD_OPTION)
            return
        yield code, body[at + 4 : at + 4 + size]
        at += 4 + (size + 3 & ~3)


def _note_section(section: Section, body: bytes) -> None:
    for code, value in options(body, 16, section):
        if code == COMMENT:
            section.comment(value)


def _note_interface(section: Section, body: bytes) -> None:
    if len(body) < 8:
        section.problem("bad-block", "an interface description is too short")
        body = body.ljust(8, b"\0")
    if len(section.notes.ports) >= MAX_INTERFACES:
        section.problem("limit-reached", f"more than {MAX_INTERFACES} interfaces: further ones are ignored")
        return
    link_type, _, snaplen = struct.unpack_from(section.order + "HHI", body)
    port = Port(linktypes.canonical(link_type), snaplen or None)
    for code, value in options(body, 8, section):
        if code == 2:
            port.name = text(value)
        elif code == 3:
            port.description = text(value)
        elif code == 9 and len(value) == 1:
            port.resolution = value[0]
        elif code == 14 and len(value) == 8:
            (port.shift_s,) = struct.unpack(section.order + "q", value)
        elif code == COMMENT:
            section.comment(value)
        elif code in (9, 14):
            section.problem("bad-option", "a time option of an interface has the wrong size: it is ignored")
    section.notes.ports.append(port)
    section.link_type.append(port.link_type)
    section.snaplen.append(snaplen)
    section.resolution.append(port.resolution)
    section.shift_s.append(port.shift_s)


def _note_statistics(section: Section, body: bytes) -> None:
    if len(body) < 12:
        section.problem("bad-block", "an interface statistics block is too short")
        return
    (interface,) = struct.unpack_from(section.order + "I", body)
    if interface >= len(section):
        section.problem("unknown-interface", "statistics of an interface that is not described are ignored")
        return
    port = section.notes.ports[section.first + interface]
    counts: dict[int, int] = {}
    high, low = struct.unpack_from(section.order + "4xII", body)
    for code, value in options(body, 12, section):
        if code in (4, 5, 7) and len(value) == 8:
            (counts[code],) = struct.unpack(section.order + "Q", value)
        elif code == 3 and len(value) == 8:  # isb_endtime
            high, low = struct.unpack(section.order + "II", value)
        elif code == COMMENT:
            section.comment(value)
    port.received = counts.get(4, port.received)
    port.heard, port.listened_ns = counts.get(4), _moment(high << 32 | low, port)
    if 5 in counts or 7 in counts:  # isb_ifdrop and isb_osdrop: the interface ran out of room, the system did
        port.dropped = counts.get(5, 0) + counts.get(7, 0)


def _moment(ticks: int, port: Port) -> int:
    """ns since the epoch of a time in units of its interface (if_tsresol: a power of ten, or of two)."""
    units = 1 << (port.resolution & 127) if port.resolution & 128 else 10**port.resolution
    return ticks * 10**9 // units + port.shift_s * 10**9


def _note_names(section: Section, body: bytes) -> None:
    at = 0
    while at + 4 <= len(body):
        kind, size = struct.unpack_from(section.order + "HH", body, at)
        value = body[at + 4 : at + 4 + size]
        at += 4 + (size + 3 & ~3)
        if kind == 0:
            break
        width = {1: 4, 2: 16}.get(kind)
        if width is None or len(value) < size or size <= width:
            continue
        address = str(ipaddress.ip_address(value[:width]))
        for name in value[width:].split(b"\0"):
            if name:
                section.notes.host(address, text(name))
                break


def _note_secrets(section: Section, body: bytes) -> None:
    if len(body) < 8:
        section.problem("bad-block", "a decryption secrets block is too short")
        return
    kind, size = struct.unpack_from(section.order + "II", body)
    if size > len(body) - 8:
        section.problem("bad-block", "decryption secrets are longer than their block")
        return
    if kind == _TLS_KEY_LOG:
        section.notes.secret(body[8 : 8 + size])


HANDLERS: Final = {
    SECTION: _note_section,
    INTERFACE: _note_interface,
    NAMES: _note_names,
    STATISTICS: _note_statistics,
    SECRETS: _note_secrets,
}
"""Block type → what takes its body (without type, lengths)."""
