"""What stands inside protected records, for a conversation that was given keys: handshake messages, alerts, and the protocol above TLS.

The inner conversation is fed with the number of a record in place of a frame, so that its events can be told with all frames of all their records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from pcapkit_dissectors import http1, http2
from pcapkit_dissectors._api import Context, Conversation, DissectError, Event, Handover, Malformed, Message, Stamp, StreamDissector
from pcapkit_dissectors._limits import EVENT_FRAMES
from pcapkit_dissectors.keylog import KeyLog
from pcapkit_dissectors.messages import Alert, ClientHello, HandshakeMessage, HttpResponse, ServerHello
from pcapkit_dissectors.tls_assembly import Assembler, HandshakeBytes, place
from pcapkit_dissectors.tls_decrypt import Sealed
from pcapkit_dissectors.tls_framing import Piece
from pcapkit_dissectors.tls_handshake import parse_encrypted_extensions, read_compressed_certificate, read_message
from pcapkit_dissectors.tls_names import (
    ALERT,
    APPLICATION_DATA,
    CHANGE_CIPHER_SPEC,
    COMPRESSED_CERTIFICATE,
    ENCRYPTED_EXTENSIONS,
    HANDSHAKE,
    KEY_UPDATE,
    is_tls13,
)
from pcapkit_dissectors.tls_protection import Content, Protection

Witness = Callable[[int, Piece, Content | None], None]
"""Told of each protected record: direction, the record, and what stood in it, None if it stayed closed."""

_TRIES: Final = 8
"""Records looked at before the protocol inside is given up as unknown."""
_SURE: Final = 0.5


class Inside:
    """Both directions of one conversation. ``hopeless``: no keys fit. ``done``: nothing of use can follow."""

    def __init__(self, keys: KeyLog, context: Context) -> None:
        self.done = False
        self._protection = Protection(keys)
        self._assemblers = (Assembler(), Assembler())
        self._version = 0
        self._witness: Witness | None = context.witness
        self._above = _Above(Context(full=context.full))

    @property
    def hopeless(self) -> bool:
        return self._protection.hopeless

    # ------------------------------------------------------------ what stands in clear

    def message(self, direction: int, item: HandshakeBytes, message: Message) -> None:
        """Learn from a handshake message, in clear or not."""
        if not item.whole:
            return
        self._protection.message(direction, item.kind, item.body, message)
        if isinstance(message, ServerHello) and not message.hello_retry:
            self._version = message.version
            self._above.alpn = message.alpn or self._above.alpn

    def sslv2_hello(self, hello: ClientHello) -> None:
        """Learn from a hello that is no handshake message."""
        self._protection.sslv2_hello(hello)

    def change(self, direction: int, piece: Piece) -> None:
        """A ChangeCipherSpec in clear."""
        self._protection.change(direction, piece.start, piece.end)

    # ------------------------------------------------------------ what does not

    def record(self, direction: int, piece: Piece, lossy: bool) -> Iterator[Event]:
        """Open a protected record and give what it holds."""
        if not piece.whole:
            return
        content = self._protection.open(direction, Sealed(piece.content_type, piece.version, piece.content), piece.start, lossy)
        if self._witness:
            self._witness(direction, piece, content)
        frames, time_ns = place(piece.stamps)
        for news in self._protection.news:
            yield Event(news, direction, frames, time_ns)
        self._protection.news.clear()
        if content is None:
            return
        if content.missing:
            yield from self._missing(direction, content.missing)
        yield from self._content(direction, content, piece)

    def end(self, direction: int) -> Iterator[Event]:
        """This direction is over."""
        yield from self._messages(direction, self._assemblers[direction].flush())
        yield from self._above.end(direction)

    def _missing(self, direction: int, size: int) -> Iterator[Event]:
        yield from self._messages(direction, self._assemblers[direction].flush())
        yield from self._above.gap(direction, size)

    def _content(self, direction: int, content: Content, piece: Piece) -> Iterator[Event]:
        data = content.content
        if content.content_type == HANDSHAKE:
            yield from self._messages(direction, self._assemblers[direction].add(data, piece.stamps))
        elif content.content_type == APPLICATION_DATA:
            yield from self._above.feed(direction, data, piece.stamps)
            self.done = self._above.done
        elif content.content_type == CHANGE_CIPHER_SPEC:
            self.change(direction, piece)
        elif content.content_type == ALERT and len(data) >= 2:
            frames, time_ns = place(piece.stamps)
            for at in range(0, min(len(data), 8) - 1, 2):
                yield Event(Alert(data[at], data[at + 1]), direction, frames, time_ns, decrypted=True)

    def _messages(self, direction: int, items: list[HandshakeBytes]) -> Iterator[Event]:
        for item in items:
            message, wrong = self._read(item)
            self.message(direction, item, message)
            if item.kind == KEY_UPDATE and is_tls13(self._version):
                self._protection.key_update(direction)
            yield Event(message, direction, item.frames, item.time_ns, item.whole, decrypted=True)
            if wrong:
                yield Event(wrong, direction, item.frames, item.time_ns, decrypted=True)

    def _read(self, item: HandshakeBytes) -> tuple[Message, Malformed | None]:
        if item.kind == COMPRESSED_CERTIFICATE and item.whole:
            return read_compressed_certificate(item.body)
        if item.kind == ENCRYPTED_EXTENSIONS and item.whole:
            try:
                alpn, _ = parse_encrypted_extensions(item.body)
            except DissectError as error:
                return HandshakeMessage(item.kind, item.size), Malformed("tls", f"encrypted extensions: {error.reason}", error.offset, cut=False)
            self._above.alpn = alpn or self._above.alpn
        return read_message(item.kind, item.body, item.whole, is_tls13(self._version))


class _Above:
    """The protocol above TLS: named by ALPN, else known by its first bytes."""

    def __init__(self, context: Context) -> None:
        self.alpn: tuple[str, ...] = ()
        self.done = False
        self._context = context
        self._inner: Conversation | None = None
        self._tries = 0
        self._records: list[tuple[int, ...]] = []
        """Frames of each record, by the number that stood for them."""

    def feed(self, direction: int, data: bytes, stamps: list[Stamp]) -> Iterator[Event]:
        if self.done or not data:
            return
        if self._inner is None and not self._begin(data):
            return
        assert self._inner is not None
        frames, time_ns = place(stamps)
        self._records.append(frames)
        yield from self._translated(self._inner.feed(direction, data, Stamp(len(self._records), time_ns)))
        self.done = self.done or self._inner.done

    def gap(self, direction: int, size: int) -> Iterator[Event]:
        if self._inner and not self.done:
            yield from self._translated(self._inner.gap(direction, size))

    def end(self, direction: int) -> Iterator[Event]:
        if self._inner and not self.done:
            yield from self._translated(self._inner.end(direction))

    def _begin(self, data: bytes) -> bool:
        dissector = _named(self.alpn[0]) if self.alpn else _recognised(data)
        if dissector is None:
            self._tries += 1
            self.done = self._tries >= _TRIES or bool(self.alpn)
            return False
        self._inner = dissector.start(self._context)
        return True

    def _translated(self, events: Iterable[Event]) -> Iterator[Event]:
        for event in events:
            if isinstance(event.message, Handover):
                self.done = True
                return
            message = event.message
            if isinstance(message, HttpResponse) and message.request_frame is not None:
                message = replace(message, request_frame=self._frames((message.request_frame,))[-1])
            yield replace(event, message=message, frames=self._frames(event.frames), decrypted=True)

    def _frames(self, numbers: Iterable[int]) -> tuple[int, ...]:
        frames = sorted({frame for number in numbers for frame in self._records[number - 1]})
        if len(frames) > EVENT_FRAMES:
            frames[EVENT_FRAMES - 1 :] = frames[-1:]
        return tuple(frames)


def _named(protocol: str) -> StreamDissector | None:
    """By ALPN (RFC 7301; RFC 9113, 3.2)."""
    if protocol == "h2":
        return http2.DISSECTOR
    return http1.DISSECTOR if protocol in ("http/1.1", "http/1.0") else None


def _recognised(data: bytes) -> StreamDissector | None:
    scored = [(dissector.recognise(data), dissector) for dissector in (http1.DISSECTOR, http2.DISSECTOR)]
    score, dissector = max(scored, key=lambda pair: pair[0])
    return dissector if score >= _SURE else None
