"""Conversations that matter to nobody yet: their segments are kept for a while, unread, in case something is learned that makes them matter.

Most TLS conversations of a capture go to servers that no discovery ever speaks of. Of these nothing is read but the server's name, with two exceptions:
the hello of the first one of each client, which may be a device that nothing else shows, and one whole conversation for each of the first names: whether
the certificates of strangers are what they should be says something about the network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, TypeVar

from pcapkit.limits import MAX_DEVICES, MIB

T = TypeVar("T")

WAITING_BYTES: Final = 16 * MIB
"""Payload kept in all; the conversations that wait longest are given up first."""
SAMPLES: Final = 64
"""Names of which the first conversation is read whether it matters or not."""
_OVERHEAD: Final = 256

Wants = Callable[[str | None, str], bool]
"""Asked with a conversation's server name and address: does it matter?"""

Decision = Literal["read", "wait", "greet"]
"""Read a conversation; let it wait; let it wait, but tell of its hello."""

Kept = tuple[int, int, int, bytes, int, int, int]
"""A segment: direction, position, top, payload, size on the wire, frame, time."""


@dataclass(slots=True)
class _Entry:
    server_name: str | None
    server: str
    greeted: bool
    segments: list[Kept] = field(default_factory=list)
    size: int = 0


class Waiting:
    """Conversations by number, the one that waits longest first."""

    def __init__(self, wants: Wants | None) -> None:
        self._wants = wants
        self._entries: dict[int, _Entry] = {}
        self._names: set[str | None] = set()
        self._clients: set[str] = set()
        self._size = 0

    def __contains__(self, number: int) -> bool:
        return number in self._entries

    @property
    def used(self) -> bool:
        """Conversations may wait at all."""
        return self._wants is not None

    def begin(self, number: int, client: str, server: str, server_name: str | None) -> Decision:
        """Let a conversation wait if it matters to nobody. Asked once for each, when its name is known."""
        if self._wants is None:
            return "read"
        sample, news = _first(self._names, server_name, SAMPLES), _first(self._clients, client, MAX_DEVICES)
        if sample or self._wants(server_name, server):
            return "read"
        self._entries[number] = _Entry(server_name, server, news)
        return "greet" if news else "wait"

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

    def wanted_now(self) -> Iterator[tuple[int, bool, list[Kept]]]:
        """The conversations that have come to matter; they wait no longer. With each, whether its hello was told already."""
        if self._wants is not None:
            for number, entry in list(self._entries.items()):
                if self._wants(entry.server_name, entry.server):
                    self._size -= self._entries.pop(number).size
                    yield number, entry.greeted, entry.segments


def _first(seen: set[T], item: T, limit: int) -> bool:
    """The item is new, and there was room to remember it."""
    if item in seen or len(seen) >= limit:
        return False
    seen.add(item)
    return True
