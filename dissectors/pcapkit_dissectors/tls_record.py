"""TLS over TCP, on any port, from SSL 3.0 to TLS 1.3 (RFC 8446, RFC 5246, RFC 6101), as events of both directions of a conversation.

Without keys everything in clear is read, and of what is protected the first records' types and lengths: enough to tell a client that went on from
one that refused. With keys, ``tls_decrypt`` opens the records and the conversation goes on inside.

Captures begin late, miss segments and show one direction only, so nothing here waits for the other side.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from pcapkit_dissectors._api import Context, DissectError, Event, Malformed, Message, Stamp, StreamDissector
from pcapkit_dissectors._limits import MAX_PROBLEMS_PER_FLOW
from pcapkit_dissectors._limits import TLS_HANDSHAKE as LONGEST
from pcapkit_dissectors.messages import Alert, ChangeCipherSpec, ClientHello, Encrypted, ServerHello
from pcapkit_dissectors.tls_assembly import Assembler, HandshakeBytes, place
from pcapkit_dissectors.tls_framing import HEADER, SSL2_HELLO, Framer, Lost, Piece, Take, follows_on, looks_like_sslv2_hello
from pcapkit_dissectors.tls_handshake import parse_sslv2_hello, read_message
from pcapkit_dissectors.tls_names import (
    ALERT,
    APPLICATION_DATA,
    CHANGE_CIPHER_SPEC,
    CLIENT_HELLO,
    HANDSHAKE,
    HANDSHAKES,
    HELLO_REQUEST,
    SERVER_HELLO,
    handshake_name,
    is_tls13,
)

if TYPE_CHECKING:
    from pcapkit_dissectors.tls_inside import Inside

TOLD: Final = 8
"""Protected records told of each direction."""
MESSAGES: Final = 512
"""Handshake messages, alerts and cipher changes in clear read of each direction."""
_DATA_MIN: Final = 40
"""A protected record of this length holds data, not an alert or the end of a handshake (docs/domain.md, 6)."""


class Half:
    """One direction."""

    def __init__(self, direction: int, keys: bool, full: bool) -> None:
        self.direction = direction
        self.framer = Framer(self._how, self._look)
        self.assembler = Assembler()
        self.changed = False
        """A ChangeCipherSpec was seen: up to TLS 1.2, what follows is protected."""
        self.hello = False
        """This side's hello was seen, so its stream is known from the start of the handshake."""
        self.told = 0
        self.clear = 0
        self.data = False
        """Application data was seen, surely."""
        self.keys = keys
        """What is protected is to be opened."""
        self._full = full

    @property
    def enough(self) -> bool:
        """What can follow changes no verdict."""
        if self.clear > MESSAGES:
            return True
        return not (self.keys or self._full) and (self.data or self.told >= TOLD)

    def _how(self, content_type: int) -> Take:
        if content_type == HANDSHAKE:
            return Take.PEEK
        if content_type in (ALERT, CHANGE_CIPHER_SPEC) or self.keys:
            return Take.WHOLE
        return Take.SKIP

    def _look(self, first: bytes, length: int) -> Take:
        return Take.STREAM if self._in_clear(first, length) else Take.WHOLE

    def _in_clear(self, first: bytes, length: int) -> bool:
        """A handshake record that begins so is not protected. RFC 8446, D.4: in TLS 1.3 a cipher change means nothing, and hellos may follow it."""
        if _begins_hello(first):
            return True
        if self.changed:
            return False
        if (self.hello and not self.framer.lossy) or (self.assembler.pending and not self.assembler.lost):
            return True
        return len(first) >= 4 and _begins_message(first, length)


def _begins_hello(first: bytes) -> bool:
    if first[0] not in (CLIENT_HELLO, SERVER_HELLO) or first[1:2] not in (b"", b"\0"):
        return False
    return first[4:5] in (b"", b"\x03", b"\x7f") and (len(first) < 6 or first[5] <= 4 or first[4] == 0x7F)


def _begins_message(first: bytes, length: int) -> bool:
    """A message of a known type that this record holds, or that goes on in the next if this one is long."""
    kind, size = first[0], int.from_bytes(first[1:4], "big")
    if kind in (CLIENT_HELLO, SERVER_HELLO) or kind not in HANDSHAKES or size > LONGEST:
        return False
    if kind == HELLO_REQUEST:  # an explicit nonce of zeros looks like it
        return size == 0 and length == 4
    return size + 4 <= length or (kind in _LONG_MESSAGES and length >= 512)


_LONG_MESSAGES: Final = frozenset({4, 11, 12, 13, 16, 22, 25})


class TlsConversation:
    """See ``Conversation``."""

    def __init__(self, context: Context) -> None:
        self.done = False
        self._inside = _inside(context)
        self._halves = tuple(Half(direction, self._inside is not None, context.full) for direction in (0, 1))
        self._full = context.full
        self._problems = 0
        self._hello_first = False
        self._version: int | None = None

    def feed(self, direction: int, data: bytes, stamp: Stamp) -> Iterable[Event]:
        half = self._halves[direction]
        out: list[Event] = []
        if self.done or half.enough:
            return out
        for piece in half.framer.feed(data, stamp):
            self._take(half, piece, out)
            if half.enough:
                break
        self._settle()
        return out

    def gap(self, direction: int, size: int) -> Iterable[Event]:
        half = self._halves[direction]
        out: list[Event] = []
        if self.done or half.enough:
            return out
        for piece in half.framer.gap(size):
            self._take(half, piece, out)
        return out

    def end(self, direction: int) -> Iterable[Event]:
        half = self._halves[direction]
        out: list[Event] = []
        if self.done or half.enough:
            return out
        for piece in half.framer.end():
            self._take(half, piece, out)
        self._messages(half, half.assembler.flush(), out)
        if self._inside:
            out += self._inside.end(direction)
        return out

    # ------------------------------------------------------------ records

    def _take(self, half: Half, piece: Piece | Lost, out: list[Event]) -> None:
        if isinstance(piece, Lost):
            self._lost(half, piece, out)
        elif piece.content_type == HANDSHAKE:
            self._handshake_record(half, piece, out)
        else:
            if half.assembler.pending:
                self._interrupted(half, piece, out)
            if piece.content_type == ALERT:
                self._alert_record(half, piece, out)
            elif piece.content_type == CHANGE_CIPHER_SPEC:
                self._change(half, piece, out)
            elif piece.content_type == SSL2_HELLO:
                self._sslv2_hello(half, piece, out)
            elif piece.content_type == APPLICATION_DATA or half.changed:
                self._protected(half, piece, out)

    def _handshake_record(self, half: Half, piece: Piece, out: list[Event]) -> None:
        if piece.missing:
            self._messages(half, half.assembler.gap(piece.missing), out)
        elif piece.streamed:
            if half.assembler.lost and piece.begins:
                half.assembler.resume()
            self._messages(half, half.assembler.add(piece.content, piece.stamps), out)
        else:
            if half.assembler.pending:
                self._interrupted(half, piece, out)
            self._protected(half, piece, out)

    def _alert_record(self, half: Half, piece: Piece, out: list[Event]) -> None:
        """In clear an alert is two bytes; protection makes it longer (RFC 8446, 6; RFC 5246, 7.2). SSL 3.0 may pack several."""
        if piece.length > 8 or (half.changed and piece.length != 2):
            self._protected(half, piece, out)
            return
        content = piece.content if piece.whole else b""
        pairs = [(content[at], content[at + 1]) for at in range(0, len(content) - 1, 2)]
        if piece.whole and (len(content) % 2 or any(level not in (1, 2) for level, _ in pairs)):
            self._malformed(half, f"alert: {content.hex()}", False, piece.stamps, out)
            return
        for level, description in pairs:
            half.clear += 1
            self._tell(half, Alert(level, description), piece.stamps, out)

    def _change(self, half: Half, piece: Piece, out: list[Event]) -> None:
        if piece.length != 1 and half.changed:  # within a second handshake it is protected itself
            self._protected(half, piece, out)
            return
        half.clear += 1
        if piece.whole and piece.content != b"\1":
            self._malformed(half, f"cipher change: {piece.content.hex()}", False, piece.stamps, out)
            return
        half.changed = True
        if self._inside:
            self._inside.change(half.direction, piece)
        if piece.stamps:
            self._tell(half, ChangeCipherSpec(), piece.stamps, out)

    def _sslv2_hello(self, half: Half, piece: Piece, out: list[Event]) -> None:
        if not piece.whole:
            return
        try:
            hello = parse_sslv2_hello(piece.content)
        except DissectError as error:
            self._malformed(half, f"SSL 2.0 hello: {error.reason}", False, piece.stamps, out)
            return
        self._learn(half, hello)
        if self._inside:
            self._inside.sslv2_hello(hello)
        self._tell(half, hello, piece.stamps, out)

    def _protected(self, half: Half, piece: Piece, out: list[Event]) -> None:
        if half.told < TOLD and piece.stamps:
            half.told += 1
            self._tell(half, Encrypted(piece.content_type, piece.length), piece.stamps, out, complete=piece.whole)
        if piece.content_type == APPLICATION_DATA and piece.length >= _DATA_MIN:
            # In TLS 1.3 the end of the handshake travels as application data too, with certificates before it.
            half.data = half.data or half.told >= 4 or (self._version is not None and not is_tls13(self._version))
        if self._inside:
            out += self._inside.record(half.direction, piece, half.framer.lossy)

    # ------------------------------------------------------------ messages

    def _messages(self, half: Half, messages: list[HandshakeBytes], out: list[Event]) -> None:
        for item in messages:
            half.clear += 1
            if item.oversize:
                reason = f"{handshake_name(item.kind)} of {item.size} bytes is over the limit"
                self._problem(Event(Malformed("tls", reason, 0, cut=False), half.direction, item.frames, item.time_ns), out)
                continue
            message, wrong = read_message(item.kind, item.body, item.whole)
            self._learn(half, message)
            if self._inside:
                self._inside.message(half.direction, item, message)
            out.append(Event(message, half.direction, item.frames, item.time_ns, complete=item.whole))
            if wrong:
                self._problem(Event(wrong, half.direction, item.frames, item.time_ns), out)

    def _learn(self, half: Half, message: Message) -> None:
        half.hello = half.hello or isinstance(message, (ClientHello, ServerHello))
        if isinstance(message, ClientHello):
            self._hello_first = self._hello_first or half.clear == 1
        elif isinstance(message, ServerHello) and not message.hello_retry:
            self._version = message.version

    def _interrupted(self, half: Half, piece: Piece, out: list[Event]) -> None:
        """Another record stands amid a handshake message, which RFC 8446, 5.1 forbids, unless a gap took the rest of it."""
        self._messages(half, half.assembler.flush(), out)
        if not half.framer.lossy:
            self._malformed(half, f"a record of type {piece.content_type} interrupts a handshake message", False, piece.stamps, out)

    def _lost(self, half: Half, lost: Lost, out: list[Event]) -> None:
        self._messages(half, half.assembler.flush(lost=True), out)
        if lost.stamp is None or lost.cut:
            return
        # Before the first record of a conversation that was not seen to begin, these bytes may be the rest of a record.
        known = half.framer.begun or self._hello_first
        text = known and not half.framer.begun and lost.found.isascii() and lost.found[:4].decode().isprintable()
        reason = "text in clear where a TLS record should be" if text else "no TLS record"
        self._malformed(half, reason, not known, [lost.stamp], out)

    # ------------------------------------------------------------ events

    def _tell(self, half: Half, message: Message, stamps: list[Stamp], out: list[Event], complete: bool = True) -> None:
        frames, time_ns = place(stamps)
        out.append(Event(message, half.direction, frames, time_ns, complete))

    def _malformed(self, half: Half, reason: str, cut: bool, stamps: list[Stamp], out: list[Event]) -> None:
        frames, time_ns = place(stamps)
        self._problem(Event(Malformed("tls", reason, 0, cut), half.direction, frames, time_ns), out)

    def _problem(self, event: Event, out: list[Event]) -> None:
        self._problems += 1
        out.append(event)

    def _settle(self) -> None:
        if self._problems >= MAX_PROBLEMS_PER_FLOW:
            self.done = True
            return
        if self._inside and self._inside.hopeless:
            self._inside = None
            for half in self._halves:
                half.keys = False
        client, server = self._halves
        # One direction alone is enough where the other has not shown a byte.
        if client.enough or server.enough:
            self.done = (client.enough or not client.framer.begun) and (server.enough or not server.framer.begun)
        elif self._inside and self._inside.done and not self._full:
            self.done = True


def _inside(context: Context) -> Inside | None:
    """What reads protected records. Imported here, since ciphers are dear and few conversations have keys."""
    from pcapkit_dissectors.keylog import KeyLog

    if not isinstance(context.keys, KeyLog) or not context.keys:
        return None
    from pcapkit_dissectors.tls_inside import Inside

    return Inside(context.keys, context)


_RECORD_SCORES: Final = {CHANGE_CIPHER_SPEC: 0.8, ALERT: 0.7, HANDSHAKE: 0.6, APPLICATION_DATA: 0.6, 24: 0.3}


def recognise(data: bytes) -> float:
    """How surely ``data`` begins with a TLS record: 1.0 for a hello, 0.5 and more for other records, 0.0 for anything that is none.

    Strict, since any segment of any conversation may be asked: the header must be possible, and so must what stands behind it.
    """
    if len(data) < HEADER:
        return 0.0
    if looks_like_sslv2_hello(data):
        return _recognise_sslv2(data)
    if not follows_on(data):
        return 0.0
    content, inside = data[0], data[HEADER : HEADER + 6]
    if content == HANDSHAKE:
        return _recognise_handshake(inside, data[3] << 8 | data[4])
    if content == ALERT and len(inside) >= 2 and data[4] == 2 and data[3] == 0:
        return 0.7 if inside[0] in (1, 2) else 0.0
    if content == CHANGE_CIPHER_SPEC:
        return 0.8 if data[3:5] == b"\0\1" and inside[:1] in (b"", b"\1") else 0.0
    return _RECORD_SCORES[content]


def _recognise_handshake(inside: bytes, length: int) -> float:
    """By the header of the first message: a hello has a version behind it, any other must at least have a known type and a length that can be."""
    if len(inside) < 6:
        return 0.3
    if _begins_hello(inside) and 38 <= int.from_bytes(inside[1:4], "big") <= LONGEST:
        return 1.0
    if _begins_message(inside, length):
        return 0.9
    return 0.5 if length <= 512 else 0.0  # protected, it can hold anything, but it is short


def _recognise_sslv2(data: bytes) -> float:
    if len(data) < 11:
        return 0.3
    size = (data[0] & 0x7F) << 8 | data[1]
    specs, session, challenge = (int.from_bytes(data[at : at + 2], "big") for at in (5, 7, 9))
    sound = specs % 3 == 0 and specs > 0 and session in (0, 16) and 16 <= challenge <= 32 and 9 + specs + session + challenge == size
    return 0.9 if sound else 0.0


DISSECTOR = StreamDissector(name="tls", recognise=recognise, start=TlsConversation, ports=frozenset({443, 465, 636, 853, 993, 995, 4443, 5061, 8443}))
