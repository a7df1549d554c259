"""Going back to packets of captures that were read: one frame with its layers, the packets of a conversation, what it said.

A capture is read again from its start, window by window, and no further than needed; nothing but the window is held.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pcapkit.analysis import decoder
from pcapkit.capture import NotACapture, Source, open_capture
from pcapkit.capture.window import Window
from pcapkit.columns import Decoder, Table
from pcapkit.flows.facts import Connection, Observation
from pcapkit.flows.key import Ints, Mask, keys_of, make_tail
from pcapkit.flows.text import address_text, address_words
from pcapkit.flows.tracker import Tracker
from pcapkit.keys import Secrets
from pcapkit.options import InputError, Options, StopFn

PACKETS: Final = 1_000_000
"""Packets of a conversation that are listed."""


class Header(NamedTuple):
    """A layer of a frame: its name and where its header begins, in bytes from the frame's start."""

    name: str
    at: int


class Piece(NamedTuple):
    """What the innermost headers say (``columns.Table``), addresses as text; offsets count from the frame's start, -1 where there is none."""

    status: int
    version: int
    proto: int
    src: str
    dst: str
    sport: int
    dport: int
    seq: int
    ack: int
    flags: int
    window: int
    ttl: int
    ip: int
    payload: int
    payload_len: int
    wire_len: int


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame as captured. ``length``: bytes on the wire. ``headers``: outer ones first. ``piece`` is None where nothing of it lies in this frame
    (a fragment, a frame of an aggregate)."""

    capture: int
    frame: int
    time_ns: int
    length: int
    link_type: int
    data: bytes
    headers: tuple[Header, ...] = ()
    piece: Piece | None = None


@dataclass(slots=True)
class Packets:
    """The packets of a conversation, a row each. ``frame``, ``time_ns``, ``seq``, ``ack``: int64; ``direction``, ``flags``: uint8 (0 from the client);
    ``length``: payload on the wire, int32; ``more``: packets beyond ``PACKETS`` that are not listed."""

    frame: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    time_ns: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    direction: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    flags: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    seq: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    ack: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    length: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    more: int = 0

    def __len__(self) -> int:
        return len(self.frame)


def open_again(path: str, capture: int, stop: StopFn) -> Source:
    """A capture that was read before.

    Raises:
        InputError: it cannot be read any more.
    """
    try:
        return open_capture(path, capture, stop=stop)
    except (NotACapture, OSError) as error:
        raise InputError(path, f"cannot be read again: {error}") from None


# ---------------------------------------------------------------- one frame


def frame_at(path: str, capture: int, number: int, stop: StopFn) -> Frame | None:
    """One frame with its layers, None if there is none with this number (or it was stopped).

    Raises:
        InputError: the capture cannot be read any more.
    """
    for window in _windows(path, capture, number, number, stop):
        rows = np.flatnonzero(window.frame == number)
        if len(rows):
            return _frame(window, int(rows[0]))
    return None


def frames_at(path: str, capture: int, numbers: Sequence[int], stop: StopFn) -> list[Frame]:
    """Several frames, without their layers, in ascending order.

    Raises:
        InputError: the capture cannot be read any more.
    """
    wanted = np.array(sorted(set(numbers)), np.int64)
    if not len(wanted):
        return []
    found: list[Frame] = []
    for window in _windows(path, capture, int(wanted[0]), int(wanted[-1]), stop):
        found += [_bare(window, row) for row in np.flatnonzero(np.isin(window.frame, wanted)).tolist()]
    return found


def _windows(path: str, capture: int, first: int, last: int, stop: StopFn) -> Iterator[Window]:
    """Windows that hold frames from ``first`` to ``last``."""
    with open_again(path, capture, stop) as source:
        for window in source.windows():
            if not len(window) or window.frame[-1] < first:
                continue
            if window.frame[0] > last:
                return
            yield window


def _bare(window: Window, row: int) -> Frame:
    start = int(window.offset[row])
    data = bytes(window.buffer[start : start + int(window.caplen[row])])
    return Frame(window.capture, int(window.frame[row]), int(window.time_ns[row]), int(window.length[row]), int(window.link_type[row]), data)


def _frame(window: Window, row: int) -> Frame:
    start = int(window.offset[row])
    columns = {f.name: getattr(window, f.name)[row : row + 1] for f in fields(Window) if f.name not in ("capture", "buffer")}
    reader = Decoder(trace=True)
    table = reader.decode(Window(window.capture, window.buffer, **columns))
    traced = [(name, int(batch.at[0])) for name, batch in reader.works[0].trace or () if batch.size]
    headers = tuple(Header(name, at - start) for name, at in traced)
    bare = _bare(window, row)
    return replace(bare, headers=headers, piece=_piece(table, start) if len(table) else None)


def _piece(table: Table, start: int) -> Piece | None:
    row = len(table) - 1
    version = int(table.version[row])
    src = address_text(version, int(table.src_hi[row]), int(table.src_lo[row])) if version else ""
    dst = address_text(version, int(table.dst_hi[row]), int(table.dst_lo[row])) if version else ""
    ip = int(table.ip[row])
    return Piece(
        status=int(table.status[row]), version=version, proto=int(table.proto[row]), src=src, dst=dst, sport=int(table.sport[row]),
        dport=int(table.dport[row]), seq=int(table.seq[row]), ack=int(table.ack[row]), flags=int(table.flags[row]),
        window=int(table.tcp_window[row]), ttl=int(table.ttl[row]), ip=ip - start if ip >= 0 else -1, payload=int(table.payload[row]) - start,
        payload_len=int(table.payload_len[row]), wire_len=int(table.wire_len[row]),
    )  # fmt: skip


# ---------------------------------------------------------------- a conversation


class Talk(NamedTuple):
    """Which conversation: its ends, and where it lies in its capture."""

    capture: int
    transport: int
    client: str
    client_port: int
    server: str
    server_port: int
    first_frame: int
    last_frame: int

    @classmethod
    def of(cls, connection: Connection) -> Talk:
        """Of what the flow table knows."""
        c = connection
        protocols = {"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58, "sctp": 132}
        number = protocols.get(c.transport) or int(c.transport.removeprefix("ip-"))
        return cls(c.capture, number, c.client, c.client_port, c.server, c.server_port, c.first_frame, c.last_frame)

    def rows(self, table: Table) -> tuple[Ints, NDArray[np.uint8]]:
        """Rows of a table that belong to it, and their directions (0 from the client)."""
        inside = (table.frame >= self.first_frame) & (table.frame <= self.last_frame) & (table.version != 0) & (table.proto == self.transport)
        rows = np.flatnonzero(inside)
        keys, _ = keys_of(table, rows)
        mine: Mask = np.ones(len(rows), np.bool_)
        for name, value in self._key().items():
            mine &= getattr(keys, name) == value
        rows = rows[mine]
        words = address_words(self.client)
        assert words is not None
        _, high, low = words
        from_client = (table.src_hi[rows] == high) & (table.src_lo[rows] == low) & (table.sport[rows] == self.client_port)
        return rows, np.where(from_client, 0, 1).astype(np.uint8)

    def _key(self) -> dict[str, int]:
        one, other = address_words(self.client), address_words(self.server)
        assert one is not None and other is not None  # noqa: PT018  # both come from the flow table
        ends = sorted(((int(one[1]), int(one[2]), self.client_port), (int(other[1]), int(other[2]), self.server_port)))
        ports = [np.array([end[2]], np.uint16) for end in ends]
        tail = make_tail(ports[0], ports[1], np.array([self.transport], np.uint8), np.array([one[0]], np.uint8))
        return {"a_hi": ends[0][0], "a_lo": ends[0][1], "b_hi": ends[1][0], "b_lo": ends[1][1], "tail": int(tail[0])}


def packets_of(path: str, talk: Talk, options: Options, stop: StopFn) -> Packets:
    """The packets of a conversation.

    Raises:
        InputError: the capture cannot be read any more.
    """
    parts: list[Packets] = []
    listed = more = 0
    for table in _tables(path, talk, options, stop):
        rows, direction = talk.rows(table)
        room = max(0, PACKETS - listed)
        more += max(0, len(rows) - room)
        rows, direction = rows[:room], direction[:room]
        listed += len(rows)
        parts.append(
            Packets(
                table.frame[rows], table.time_ns[rows], direction, table.flags[rows], table.seq[rows].astype(np.int64),
                table.ack[rows].astype(np.int64), table.wire_len[rows],
            )
        )  # fmt: skip
    if not parts:
        return Packets()
    columns: dict[str, Any] = {f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Packets) if f.name != "more"}
    return Packets(more=more, **columns)


def observations_of(path: str, talk: Talk, options: Options, secrets: Secrets, stop: StopFn) -> Iterator[Observation]:
    """What a conversation said, dissected in full, decrypted where the secrets fit.

    Raises:
        InputError: the capture cannot be read any more.
    """
    tracker = Tracker(talk.capture, full=True, keys=secrets.log)
    for table in _tables(path, talk, options, stop):
        rows, _ = talk.rows(table)
        if len(rows):
            yield from tracker.update(_part(table, rows))
    yield from tracker.finish()


def payloads_of(path: str, talk: Talk, options: Options, stop: StopFn) -> Iterator[tuple[int, int, int, int, bytes, int]]:
    """(frame, time in ns, direction, sequence number, captured payload, its length on the wire) of each packet that carries any.

    Raises:
        InputError: the capture cannot be read any more.
    """
    for table in _tables(path, talk, options, stop):
        rows, direction = talk.rows(table)
        for row, way in zip(rows.tolist(), direction.tolist(), strict=True):
            size, at = int(table.payload_len[row]), int(table.payload[row])
            if table.wire_len[row]:
                data = bytes(table.buffer[at : at + size])
                yield int(table.frame[row]), int(table.time_ns[row]), way, int(table.seq[row]), data, int(table.wire_len[row])


def _tables(path: str, talk: Talk, options: Options, stop: StopFn) -> Iterator[Table]:
    """Windows that hold the conversation, decoded. Layers that span packets before its first frame are not known, but for Wi-Fi keys."""
    reader = decoder(options)
    first = 1 if options.wpa_psk else talk.first_frame
    for window in _windows(path, talk.capture, first, talk.last_frame, stop):
        yield reader.decode(window)


def _part(table: Table, rows: Ints) -> Table:
    """The table with these rows only."""
    size = len(table)
    columns = {f.name: getattr(table, f.name) for f in fields(Table)}
    kept: dict[str, Any] = {name: c[rows] for name, c in columns.items() if isinstance(c, np.ndarray) and name != "buffer" and len(c) == size}
    return replace(table, **kept, unknown={}, encapsulations={}, parts={}, limits={}, wlan=[], protected={})
