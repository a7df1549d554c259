"""Conversations that matter to nobody yet: their segments are kept for a while, unread, in case something is learned that makes them matter.

Most TLS conversations of a capture go to servers that no discovery ever speaks of. Of these nothing is read but the server's name, with two exceptions:
the hello of the first one of each client, which may be a device that nothing else shows, and one whole conversation for each of the first names: whether
the certificates of strangers are what they should be says something about the network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from pcapkit.limits import MAX_DEVICES, MIB

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
        self._clients: dict[str, int] = {}
        self._size = 0

    def __contains__(self, number: int) -> bool:
        return number in self._entries

    @property
    def used(self) -> bool:
        """Conversations may wait at all."""
        return self._wants is not None

    def meet(self, client: str, frame: int) -> bool:
        """A client shows itself in this frame; True if it had not done so before."""
        known = self._clients.get(client)
        if known is not None and known <= frame:
            return False
        if known is not None or len(self._clients) < MAX_DEVICES:
            self._clients[client] = frame
        return known is None

    def begin(self, number: int, frame: int, client: str, server: str, server_name: str | None) -> Decision:
        """Let a conversation wait if it matters to nobody. Asked once for each, when its name is known (``frame``)."""
        if self._wants is None:
            return "read"
        sample, news = server_name not in self._names and len(self._names) < SAMPLES, self.meet(client, frame)
        if sample:
            self._names.add(server_name)
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
