"""Conversations that matter to nobody yet: their segments are kept for a while, unread, in case something is learned that makes them matter.

Most TLS conversations of a capture go to servers that no discovery ever speaks of. Of these only the client's hello is read, and of some, one for each
of the first names, everything: whether certificates of strangers are what they should be says something about the network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from pcapkit.flows.streams import Talk
from pcapkit.limits import MIB

WAITING_BYTES: Final = 16 * MIB
"""Payload kept in all; the conversations that wait longest are given up first."""
SAMPLES: Final = 128
"""Names of which the first conversation is read whether it matters or not."""
_OVERHEAD: Final = 256

Wants = Callable[[str | None, str], bool]
"""Asked with a conversation's server name and address: does it matter?"""

Kept = tuple[int, int, int, bytes, int, int, int]
"""A segment: direction, position, top, payload, size on the wire, frame, time."""


@dataclass(slots=True)
class _Entry:
    talk: Talk
    server_name: str | None
    segments: list[Kept] = field(default_factory=list)
    size: int = 0


class Waiting:
    """Conversations by number, the one that waits longest first."""

    def __init__(self, wants: Wants | None) -> None:
        self._wants = wants
        self._entries: dict[int, _Entry] = {}
        self._names: set[str | None] = set()
        self._size = 0

    def __contains__(self, number: int) -> bool:
        return number in self._entries

    def may_wait(self, server_name: str | None, server: str) -> bool:
        """A conversation that matters to nobody, nor is wanted as a sample. Decided once for each, when its name is known."""
        if self._wants is None:
            return False
        sample = len(self._names) < SAMPLES and server_name not in self._names
        if sample:
            self._names.add(server_name)
        return not self._wants(server_name, server) and not sample

    def begin(self, talk: Talk, server_name: str | None) -> None:
        """Let a conversation wait."""
        self._entries[talk.number] = _Entry(talk, server_name)

    def keep(self, number: int, segments: list[Kept]) -> list[int]:
        """Keep further segments of a conversation; gives the numbers of those that must be given up for them."""
        entry = self._entries[number]
        entry.segments += segments
        size = sum(len(segment[3]) for segment in segments) + _OVERHEAD * len(segments)
        entry.size += size
        self._size += size
        given_up = []
        while self._size > WAITING_BYTES and self._entries:
            eldest = next(iter(self._entries))
            self._size -= self._entries.pop(eldest).size
            given_up.append(eldest)
        return given_up

    def wanted_now(self) -> Iterator[tuple[Talk, list[Kept]]]:
        """The conversations that have come to matter; they wait no longer."""
        if self._wants is not None:
            for number, entry in list(self._entries.items()):
                if self._wants(entry.server_name, entry.talk.ends[1].address):
                    self._size -= self._entries.pop(number).size
                    yield entry.talk, entry.segments
