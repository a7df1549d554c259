"""Conversations that matter to nobody yet: their segments are kept for a while, unread, in case something is learned that makes them matter.

Most conversations of a capture go to servers that no discovery ever speaks of. Of these nothing is read but the server's name, with two exceptions: the
first message where it tells of a device what nothing else has told (that it is there; what browser it has), and one whole TLS conversation for each of the
first names: whether the certificates of strangers are what they should be says something about the network.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

import numpy as np

from pcapkit.columns.table import Table
from pcapkit.flows.sides import Ints
from pcapkit.flows.tcp import Segments
from pcapkit.limits import MAX_DEVICES, MIB

WAITING_BYTES: Final = 16 * MIB
"""Payload kept in all; the conversations that wait longest are given up first."""
SAMPLES: Final = 64
"""Names of which the first conversation is read whether it matters or not."""
AGENTS: Final = 4_096
"""Clients with their browsers that are remembered."""
_OVERHEAD: Final = 4_096

Wants = Callable[[str | None, str], bool]
"""Asked with a conversation's server name and address: does it matter?"""

Decision = Literal["read", "wait", "greet"]
"""Read a conversation; let it wait; let it wait, but tell of its first message."""


class Said(NamedTuple):
    """What the first message of a conversation says: whom it is for, and of HTTP (else None) who asks."""

    server_name: str | None
    agent: str | None = None


class Kept(NamedTuple):
    """A segment that was put aside."""

    direction: int
    start: int
    top: int
    size: int
    frame: int
    time_ns: int
    data: bytes


class Block:
    """The segments of one window that were put aside: payloads one behind the other, all else in columns."""

    def __init__(self, table: Table, s: Segments, elements: Ints, numbers: list[int]) -> None:
        rows, of = s.sides.rows[elements], s.sides.of[elements]
        length = table.payload_len[rows].astype(np.int64)
        at = table.payload[rows]
        buffer = table.buffer.data
        self.numbers = numbers
        self._payload = b"".join([buffer[first:last] for first, last in zip(at.tolist(), (at + length).tolist(), strict=True)])
        self._end = np.cumsum(length)
        self._columns = (s.sides.direction[of], s.start[elements], s.top[elements], table.wire_len[rows], table.frame[rows], table.time_ns[rows])

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return len(self._payload) + 40 * len(self._end) + _OVERHEAD

    def segments(self, first: int, last: int) -> Iterator[Kept]:
        """The segments from ``first`` on, in order."""
        at = int(self._end[first - 1]) if first else 0
        for end, values in zip(self._end[first:last].tolist(), zip(*(c[first:last].tolist() for c in self._columns), strict=True), strict=True):
            yield Kept._make((*values, self._payload[at:end]))
            at = end


@dataclass(slots=True)
class _Entry:
    server_name: str | None
    server: str
    greeted: bool
    parts: list[tuple[Block, int, int]] = field(default_factory=list)


class Waiting:
    """Conversations by number, the one that waits longest first."""

    def __init__(self, wants: Wants | None) -> None:
        self._wants = wants
        self._entries: dict[int, _Entry] = {}
        self._names: set[str | None] = set()
        self._clients: dict[str, int] = {}
        self._agents: set[tuple[str, str]] = set()
        self._blocks: deque[Block] = deque()
        self._size = 0

    @property
    def used(self) -> bool:
        """Conversations may wait at all."""
        return self._wants is not None

    def meet(self, client: str, frame: int) -> bool:
        """A client shows itself in this frame; True if it had not done so in an earlier one (of a window, datagrams are told before segments)."""
        known = self._clients.get(client)
        if known is not None and known <= frame:
            return False
        if known is not None or len(self._clients) < MAX_DEVICES:
            self._clients[client] = frame
        return True

    def begin(self, number: int, frame: int, client: str, server: str, said: Said) -> Decision:
        """Let a conversation wait if it matters to nobody. Asked once for each, when its name is known (``frame``)."""
        if self._wants is None:
            return "read"
        news = self.meet(client, frame)
        sample = said.agent is None and said.server_name not in self._names and len(self._names) < SAMPLES
        if sample:
            self._names.add(said.server_name)
        if sample or self._wants(said.server_name, server):
            return "read"
        if said.agent is not None and (client, said.agent) not in self._agents and len(self._agents) < AGENTS:
            self._agents.add((client, said.agent))
            news = True
        self._entries[number] = _Entry(said.server_name, server, news)
        return "greet" if news else "wait"

    def keep(self, block: Block, starts: list[int], count: int) -> list[int]:
        """Keep ``count`` further segments, those of each conversation from ``starts`` on; gives the numbers of those that must be given up for them."""
        for number, first, last in zip(block.numbers, starts, [*starts[1:], count], strict=True):
            self._entries[number].parts.append((block, first, last))
        self._blocks.append(block)
        self._size += block.size
        given_up: list[int] = []
        while self._size > WAITING_BYTES:
            eldest = self._blocks.popleft()
            self._size -= eldest.size
            given_up += [number for number in eldest.numbers if self._entries.pop(number, None)]
        return given_up

    def wanted_now(self) -> Iterator[tuple[int, bool, list[Kept]]]:
        """The conversations that have come to matter; they wait no longer. With each, whether its first message was told already."""
        if self._wants is not None:
            for number, entry in list(self._entries.items()):
                if self._wants(entry.server_name, entry.server):
                    del self._entries[number]
                    yield number, entry.greeted, [kept for block, first, last in entry.parts for kept in block.segments(first, last)]
