"""What the flow table knows of a conversation, as plain objects: made on request for the few conversations that matter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pcapkit_dissectors._api import Event
from pcapkit_dissectors.messages import IcmpError

FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04
PSH: Final = 0x08
ACK: Final = 0x10

FORWARD: Final = 0
"""From the client: the side that sent the first SYN, else the one whose port is no server's, else the sender of the first packet seen."""
REVERSE: Final = 1


class Control(NamedTuple):
    """A SYN, SYN-ACK, FIN or RST segment. ``payload`` is its length on the wire; ``mss`` the option (None without)."""

    frame: int
    time_ns: int
    direction: int
    flags: int
    seq: int
    ack: int
    ttl: int
    ip_id: int
    payload: int
    mss: int | None
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Side:
    """One direction of a TCP conversation.

    ``bytes`` counts payload with retransmissions; ``span`` the sequence numbers covered from the first to the highest (SYN and FIN taken off);
    ``missing`` bytes acknowledged by the peer, or passed over, that were never captured; ``first_missing_offset``: where in the stream the first of them
    stands (None if none); ``last_ack``: highest acknowledgement by this side as an offset into the peer's stream;
    ``max_segment``: largest payload; ``ttl``: of ordinary segments (min, max), None without; ``first_data``/``last_data``: (frame, time_ns) of payload.
    """

    packets: int
    bytes: int
    span: int
    missing: int
    first_missing_offset: int | None
    retransmissions: int
    duplicates: int
    max_segment: int
    last_ack: int
    ttl: tuple[int, int] | None
    first_data: tuple[int, int] | None
    last_data: tuple[int, int] | None
    cut: int
    """Segments of which the snaplen took a part."""


class SeenIcmp(NamedTuple):
    """An ICMP error that quotes this conversation. ``direction`` is that of the quoted packet; ``sender`` the host that complains."""

    frame: int
    time_ns: int
    sender: str
    direction: int
    error: IcmpError


@dataclass(frozen=True, slots=True)
class Connection:
    """A TCP conversation (or UDP: then without control segments). Addresses are text in RFC 5952 form, MACs ``aa:bb:…`` at the tap or None."""

    flow: int
    capture: int
    transport: str
    client: str
    client_port: int
    server: str
    server_port: int
    client_mac: str | None
    server_mac: str | None
    first_frame: int
    last_frame: int
    first_time_ns: int
    last_time_ns: int
    control: tuple[Control, ...]
    forward: Side
    reverse: Side
    icmp: tuple[SeenIcmp, ...] = ()
    vlan: int = 0
    handshake_seen: bool = False
    """The first SYN or SYN-ACK is in the capture."""
    _picked: dict[tuple[int, int, int | None], tuple[Control, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def pick(self, flags: int, mask: int, direction: int | None = None) -> tuple[Control, ...]:
        """Control segments whose flags under ``mask`` equal ``flags``, mirror duplicates left out."""
        asked = (flags, mask, direction)
        found = self._picked.get(asked)
        if found is None:
            found = tuple([c for c in self.control if c.flags & mask == flags and not c.duplicate and direction in (None, c.direction)])
            self._picked[asked] = found
        return found

    @property
    def syns(self) -> tuple[Control, ...]:
        return self.pick(SYN, SYN | ACK, FORWARD)

    @property
    def synacks(self) -> tuple[Control, ...]:
        return self.pick(SYN | ACK, SYN | ACK, REVERSE)

    @property
    def resets(self) -> tuple[Control, ...]:
        return self.pick(RST, RST)

    @property
    def fins(self) -> tuple[Control, ...]:
        return self.pick(FIN, FIN)

    @property
    def established(self) -> bool:
        """A SYN-ACK, or data of both sides, was seen."""
        return bool(self.synacks) or (self.forward.bytes > 0 and self.reverse.bytes > 0)

    @property
    def rtt_ns(self) -> int | None:
        """From the last SYN before the SYN-ACK to it."""
        if not self.synacks:
            return None
        answer = self.synacks[0]
        asked = [s.time_ns for s in self.syns if s.time_ns <= answer.time_ns]
        return answer.time_ns - asked[-1] if asked else None

    @property
    def closed_by(self) -> int | None:
        """Direction of the first FIN or RST, None while open."""
        ends = self.pick(FIN, FIN) + self.pick(RST, RST)
        return min(ends, key=lambda c: (c.time_ns, c.frame)).direction if ends else None


@dataclass(slots=True)
class Observation:
    """An event with its place in the network: what the front half hands to the sessions, to ``dissect`` and to the TUI.

    ``src``/``dst`` are the sender's and receiver's of *this* message. ``flow`` is -1 for packets without one (ARP).
    ``duplicate``: the packet is a copy of an earlier one (mirrored twice, or captured on both sides of a router); of datagrams only.
    """

    capture: int
    flow: int
    src: str
    dst: str
    sport: int | None
    dport: int | None
    transport: str
    src_mac: str | None
    dst_mac: str | None
    event: Event
    duplicate: bool = False


class ClientShare(NamedTuple):
    """A client whose conversations were captured in one direction only. ``one_way``: those where the acknowledgements of the seen direction advance
    over data that was never seen; ``two_way``: those of which both directions are there. What proves neither (unanswered SYNs) counts for none.
    """

    client: str
    one_way: int
    two_way: int
    example: int
    """A conversation of the kind."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What the TCP conversations of a capture say about the capture. Examples are numbers of conversations, few."""

    one_way: int = 0
    two_way: int = 0
    clients: tuple[ClientShare, ...] = ()
    """Clients with at least one one-way conversation, those with most first."""
    gapped: int = 0
    """Conversations in which bytes were acknowledged that were never captured, one-way ones not counted."""
    gaps: int = 0
    lost_bytes: int = 0
    gap_examples: tuple[int, ...] = ()
    cut: int = 0
    """Segments of which the snaplen took a part."""
    oversized: int = 0
    """Conversations with a payload above what its receiver announced it can take (RFC 9293, 3.7.1)."""
    oversized_examples: tuple[tuple[int, int], ...] = ()
    """Frame and time of the first such segment, of few conversations; of segments that an Ethernet could carry there is none."""
    duplicate_examples: tuple[tuple[int, int], ...] = ()
    """Frame and time of copies, few."""
