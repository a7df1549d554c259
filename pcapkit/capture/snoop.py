"""Solaris snoop (RFC 1761)."""

from __future__ import annotations

import struct
from typing import Final

import numpy as np

from pcapkit.capture import linktypes
from pcapkit.capture.notes import Notes, Port
from pcapkit.capture.span import Span, Taken
from pcapkit.capture.walk import gatherer
from pcapkit.capture.window import Window
from pcapkit.limits import MAX_PACKET

MAGIC: Final = b"snoop\0\0\0"
_FILE_HEADER: Final = 16
_HEAD: Final = 24
_LINK_TYPES: Final = {0: 1, 2: 6, 4: 1, 8: 10, 9: 0, 10: 1, 12: 1, 14: 0, 16: 122, 19: 1}
"""Datalink type (RFC 1761; 10, 12 and 19 are Ethernets of Shomiti's analyzer) → LINKTYPE."""


class SnoopReader:
    """Reads snoop forward. Records are few enough in practice to be walked one by one."""

    def __init__(self, notes: Notes, head: bytes) -> None:
        (network,) = struct.unpack_from(">I", head, 12)
        self._link_type = _LINK_TYPES.get(network, linktypes.UNKNOWN)
        self._notes = notes
        self._opened = False
        notes.ports.append(Port(self._link_type))

    def take(self, span: Span) -> Taken:
        at = span.begin + (0 if self._opened else _FILE_HEADER)
        self._opened = True
        unpack = struct.Struct(">III").unpack_from
        starts: list[int] = []
        while span.end - at >= _HEAD:
            _, caplen, size = unpack(span.data, at)
            if caplen > MAX_PACKET or not _HEAD + caplen <= size <= _HEAD + MAX_PACKET:
                unread = "the rest" if span.size is None else f"the rest, {span.size - span.base - at} bytes,"
                frame = self._notes.frames + len(starts) + 1
                self._notes.problem("bad-block", f"a record claims to have {size} bytes: {unread} is not read", span.base + at, frame)
                return Taken(self._window(span, starts), at, done=True)
            if size > span.end - at:
                break
            starts.append(at)
            at += size
        window = self._window(span, starts)
        left = span.end - at
        if span.last and left:
            self._notes.problem("truncated", f"the file ends inside a record: {left} bytes of it are left", span.base + at, self._notes.frames + 1)
        need = _HEAD if left < _HEAD else int.from_bytes(span.data[at + 8 : at + 12], "big")
        return Taken(window, at, need)

    def _window(self, span: Span, places: list[int]) -> Window | None:
        n = len(places)
        if not n:
            return None
        starts = np.array(places, np.int64)
        fields = gatherer(span.data, _HEAD)[starts].view(">u4").reshape(n, 6)
        length, caplen = fields[:, 0].astype(np.uint32), fields[:, 1].astype(np.uint32)
        time_ns = fields[:, 4].astype(np.int64) * 1_000_000_000 + fields[:, 5].astype(np.int64) * 1_000
        first = self._notes.frames + 1
        self._notes.frames += n
        self._notes.span_of_time(int(time_ns.min()), int(time_ns.max()))
        self._notes.ports[0].dropped = int(fields[-1, 3])
        return Window(
            capture=span.capture,
            buffer=span.view,
            offset=starts + _HEAD,
            caplen=caplen,
            length=np.maximum(length, caplen),
            time_ns=time_ns,
            frame=np.arange(first, first + n, dtype=np.int64),
            link_type=np.full(n, self._link_type, np.uint16),
            interface=np.zeros(n, np.uint16),
        )
