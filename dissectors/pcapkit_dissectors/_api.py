"""What every dissector is and says: bytes in, typed events out, no I/O.

A *message* is one protocol data unit, a frozen dataclass whose ``TYPE`` is the event type of the public contract
(``tls.client_hello``). An *event* is a message together with where it was read: the direction and the frames that carried it.

Datagram protocols (DNS, DHCP, ICMP) are functions ``parse_x(bytes) -> message``. Stream protocols (TLS, HTTP, DNS over TCP) are
*conversations*: one object for each TCP conversation, fed with ordered bytes of both directions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, Protocol


class DissectError(Exception):
    """The sender contradicts the protocol: a length or a field that cannot be. ``offset`` counts from the message's start."""

    def __init__(self, reason: str, offset: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.offset = offset


class Truncated(DissectError):
    """The message stops inside a field: the capture's fault (cut, lost), or there is more to come."""


class Message(Protocol):
    """One protocol data unit."""

    TYPE: ClassVar[str]


class Stamp(NamedTuple):
    """Where bytes come from: frame number (from 1) and capture time in ns."""

    frame: int
    time_ns: int


@dataclass(slots=True)
class Event:
    """A message as seen in a conversation.

    ``direction`` is 0 from the client (the side that opened the conversation, or was seen first) and 1 from the server.
    ``frames`` are all frames that carry a part of it, ascending; the last one completed it at ``time_ns``.
    ``complete`` is False where a gap, a cut or the end of the capture took a part away, or nobody can tell whether it did.
    ``decrypted``: read inside TLS, with keys that were given.
    """

    message: Message
    direction: int
    frames: tuple[int, ...]
    time_ns: int
    complete: bool = True
    decrypted: bool = False

    @property
    def frame(self) -> int:
        """The frame that completed the message."""
        return self.frames[-1]


@dataclass(frozen=True, slots=True)
class Malformed:
    """Bytes that could not be read as the protocol says. ``cut`` tells the capture's fault (True) from the sender's."""

    TYPE: ClassVar[str] = "malformed"

    protocol: str
    reason: str
    offset: int
    cut: bool


@dataclass(frozen=True, slots=True)
class Handover:
    """The rest of the conversation is another protocol (CONNECT, Upgrade, STARTTLS): find a new dissector for it.

    ``raw_rest``: bytes of each direction that were already fed and belong to the new protocol; they come before all that follows.
    """

    TYPE: ClassVar[str] = "handover"

    protocol: str | None = None
    raw_rest: tuple[bytes, bytes] = (b"", b"")


class Conversation(Protocol):
    """State of one stream protocol over one TCP conversation.

    No method raises: what cannot be read becomes a ``Malformed`` event, and the conversation resynchronises or sets ``done``.
    """

    done: bool
    """True when nothing of use can follow: the caller stops feeding, and may stop buffering, both directions."""

    def feed(self, direction: int, data: bytes, stamp: Stamp) -> Iterable[Event]:
        """Take the next ordered bytes of one direction, as one segment brought them."""

    def gap(self, direction: int, size: int) -> Iterable[Event]:
        """``size`` bytes of this direction were never captured; what follows comes after them."""

    def end(self, direction: int) -> Iterable[Event]:
        """This direction is over (FIN, RST or end of the capture). Gives what was begun, with ``complete=False``."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a conversation may be told at its start.

    ``full``: read everything (``pcapkit dissect``), not just what a verdict needs (``pcapkit analyze``).
    ``keys``: TLS secrets, a ``keylog.KeyLog`` or None. ``witness``: told of every protected TLS record, opened or not (``tls_inside.Witness``).
    """

    full: bool = False
    keys: object | None = None
    witness: Callable[..., None] | None = None


@dataclass(frozen=True, slots=True)
class StreamDissector:
    """A stream protocol: found in ``DISSECTOR`` of its module, one module a protocol.

    ``recognise`` gives 0.0 … 1.0 for the first bytes of one direction of a conversation, or of any later segment of it;
    ``ports`` only break ties. ``start`` makes the state of one conversation.
    """

    name: str
    recognise: Callable[[bytes], float]
    start: Callable[[Context], Conversation]
    ports: frozenset[int] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class DatagramDissector:
    """A UDP protocol: ``parse`` raises DissectError/Truncated; ``partial`` (if any) reads what it can of a damaged message."""

    name: str
    ports: frozenset[int]
    parse: Callable[[bytes], Message]
    partial: Callable[[bytes], Message | None] | None = None
