"""TLS conversations that keys open: what stands in them is changed as anything else, and sealed again with the same keys, byte for byte as long.

So a cut may carry these keys: they open stand-ins. Keys of a conversation that cannot be changed throughout are never handed out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pcapkit_dissectors._api import Context, Stamp
from pcapkit_dissectors.keylog import KeyLog
from pcapkit_dissectors.messages import ClientHello, ServerHello
from pcapkit_dissectors.tls_record import TlsConversation

from pcapkit.extract.masking.http import BEGIN, HttpWalker
from pcapkit.extract.masking.masks import Masks
from pcapkit.extract.masking.regions import Budget, Change, Patches, Region
from pcapkit.extract.masking.tls import TlsWalker

if TYPE_CHECKING:
    from pcapkit_dissectors.tls_framing import Piece
    from pcapkit_dissectors.tls_protection import Content

RECORD_HEADER: Final = 5
HANDSHAKE, DATA = 22, 23


@dataclass(slots=True)
class Record:
    """An opened record: where its body stands in the TCP stream, and its content in the stream of its kind."""

    start: int
    body: bytes
    content_type: int
    version: int
    inner_type: int
    at: int
    size: int
    content: bytes
    close: Callable[[bytes], bytes]


@dataclass(slots=True)
class Side:
    """One direction: its records, and what was found in the two kinds of content that may be personal."""

    records: list[Record] = field(default_factory=list)
    base: int = -1
    """Position in the TCP stream of the first byte that was fed."""
    sizes: dict[int, int] = field(default_factory=dict)
    patches: Patches = field(default_factory=Patches)
    http: HttpWalker | None = None
    handshake: TlsWalker | None = None
    regions: list[Region] = field(default_factory=list)
    messages: list[Region] = field(default_factory=list)


class SealedTalk:
    """Both directions of a TLS conversation. ``usable``: every protected record of it was opened, and can be changed."""

    def __init__(self, keys: KeyLog, masks: Masks, budget: Budget) -> None:
        self.random: bytes | None = None
        self.resumed = False
        self.usable = True
        self._masks = masks
        self._budget = budget
        self._sides = (Side(), Side())
        self._conversation = TlsConversation(Context(full=True, keys=keys, witness=self._see))

    def feed(self, direction: int, position: int, data: bytes, stamp: Stamp) -> None:
        """The next bytes of a direction, which stand at ``position`` of its TCP stream."""
        side = self._sides[direction]
        side.base = position if side.base < 0 else side.base
        for event in self._conversation.feed(direction, data, stamp):
            if isinstance(event.message, ClientHello):
                self.random = self.random or event.message.raw_random
            elif isinstance(event.message, ServerHello):
                self.resumed = self.resumed or bool(event.message.psk)
        self._collect(side)

    def gap(self, direction: int, size: int) -> None:
        """Bytes are missing, and with them a record that nobody can change."""
        self.usable = False
        for _ in self._conversation.gap(direction, size):
            pass

    def _see(self, direction: int, piece: Piece, content: Content | None) -> None:
        """A protected record."""
        if content is None or content.missing or not self._budget.take(2 * len(piece.content)):
            self.usable = False
            return
        from pcapkit_dissectors.tls_decrypt import Sealed

        side, kind = self._sides[direction], content.content_type
        at = side.sizes.get(kind, 0)
        side.sizes[kind] = at + len(content.content)
        sealed = Sealed(piece.content_type, piece.version, piece.content)
        opener, sequence = content.opener, content.sequence
        side.records.append(
            Record(
                side.base + piece.start + RECORD_HEADER, piece.content, piece.content_type, piece.version, kind, at, len(content.content), content.content,
                lambda made: opener.close(sealed, made, sequence),
            )
        )  # fmt: skip
        if kind == DATA:
            self._read(side, at, content.content)
        elif kind == HANDSHAKE:
            side.handshake = side.handshake or TlsWalker(modern=piece.content_type == DATA)
            side.handshake.handshake(at, content.content)

    def _read(self, side: Side, at: int, data: bytes) -> None:
        """HTTP/1 is what can be changed without changing its length."""
        if side.http is None and data:
            if not BEGIN.match(data):
                self.usable = False
                return
            side.http = HttpWalker(side.patches)
        if side.http is not None:
            side.http.feed(at, data)
            self.usable = self.usable and not side.http.tunnelled

    def _collect(self, side: Side) -> None:
        """Learn from what was found."""
        for walker, kept in ((side.http, side.regions), (side.handshake, side.messages)):
            found = walker.regions if walker else []
            for region in found:
                region.change(self._masks, region.data)
            kept += found
            found.clear()

    def finish(self) -> None:
        """Nothing more comes."""
        for side in self._sides:
            for walker in (side.http, side.handshake):
                if walker is not None:
                    walker.end()
            self._collect(side)

    def count(self, direction: int) -> int:
        """Records of a direction that were opened."""
        return len(self._sides[direction].records)

    def sealed(self, direction: int) -> list[Region]:
        """Every record of a direction as it is to be written, in terms of its TCP stream."""
        side = self._sides[direction]
        messages = Patches()
        side.patches.settle(side.regions, self._masks)
        messages.settle(side.messages, self._masks)
        found = []
        for record in side.records:
            made = bytearray(record.content)
            if record.inner_type == DATA:
                side.patches.apply(record.at, made, cut=False)
            elif record.inner_type == HANDSHAKE:
                messages.apply(record.at, made, cut=False)
            body = record.close(bytes(made))
            found.append(Region([(record.start, len(record.body))], record.body, _always(body)))
        return found


def _always(body: bytes) -> Change:
    return lambda _masks, _data: body
