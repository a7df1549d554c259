"""What the rules look at: devices, their look-ups, attempts and sessions, with every frame they rest on.

Plain objects that ``sessions`` fills and nobody changes afterwards. A rule sees these, never packets. Times are ns since the epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from pcapkit_dissectors.messages import (
    Alert,
    ClientHello,
    Dns,
    ExchangeAnswer,
    ExchangeRequest,
    HttpRequest,
    HttpResponse,
    LyncAnswer,
    ServerHello,
    Unreadable,
)

from pcapkit.flows.facts import Connection
from pcapkit.limits import Thresholds
from pcapkit.model import Capture, Outcome, Platform, Service, Site, Stage, Step
from pcapkit.trust.verdict import Verdict

Role = Literal[
    "discover-internal", "discover-external", "exch-root", "exch-autodiscover", "exch-srv", "web-external", "web-internal",
    "webticket", "mobility", "idp", "edge", "other",
]  # fmt: skip
Layer = Literal["dns", "connect", "tls", "http"]


class HasPlace(Protocol):
    """What knows its frame and time, but not its capture: segments and ICMP errors of a connection."""

    @property
    def frame(self) -> int: ...

    @property
    def time_ns(self) -> int: ...


class Ref(NamedTuple):
    """A frame and its time: what evidence is made of."""

    capture: int
    frame: int
    time_ns: int

    @classmethod
    def of(cls, connection: Connection, seen: HasPlace) -> Ref:
        """The frame of a segment, or of an ICMP error, that ``connection`` kept."""
        return cls(connection.capture, seen.frame, seen.time_ns)


class Query(NamedTuple):
    """A DNS question as sent, and the answer to it (None: not seen)."""

    ref: Ref
    server: str
    transport: str
    id: int
    qtype: str
    reply: Ref | None
    message: Dns | None
    asked: bool = True
    """False: the question was not captured, ``ref`` is the answer's."""
    whole: bool = True
    """False: the capture has a part of the answer only."""


LookupOutcome = Literal["answered", "negative", "servfail", "refused", "timeout", "unknown"]


@dataclass(slots=True)
class Lookup:
    """All questions of one device for one name that belong together (docs/domain.md, 4): A, AAAA and HTTPS, repeats, second servers.

    ``outcome``: ``negative`` is NXDOMAIN or NODATA for every address type asked; ``unknown`` is a question that the capture cannot judge.
    ``addresses`` of all answers; ``owner`` the end of the CNAME chain (``name`` itself without one); ``cname`` the chain.
    ``ttl_s`` the largest TTL of the address records, None without.
    """

    device: str
    name: str
    queries: list[Query]
    outcome: LookupOutcome
    addresses: tuple[str, ...]
    owner: str
    cname: tuple[str, ...]
    ttl_s: int | None
    nxdomain: bool = False
    srv: tuple[str, ...] = ()
    """Targets of SRV answers, ``name:port``."""
    search_of: str | None = None
    """The name that a resolver's search suffix was appended to: this look-up says nothing about it (docs/domain.md, 4)."""

    @property
    def first(self) -> Ref:
        return self.queries[0].ref

    @property
    def sinkholed(self) -> bool:
        """Answered, and with nothing but addresses that lead nowhere (docs/domain.md, 4)."""
        nowhere = (a in ("0.0.0.0", "::", "::1") or a.startswith("127.") for a in self.addresses)
        return self.outcome == "answered" and bool(self.addresses) and all(nowhere)

    @property
    def answer(self) -> Ref | None:
        """The answer that decided: with addresses if there is one, else the first."""
        replies = [q for q in self.queries if q.reply]
        positive = [q for q in replies if q.message and any(r.type in ("A", "AAAA", "SRV") for r in q.message.answers)]
        chosen = positive or replies
        return chosen[0].reply if chosen else None


class ClearRecord(NamedTuple):
    """A TLS alert in clear, or a protected record by its length (then ``alert`` is None)."""

    ref: Ref
    direction: int
    content_type: int
    length: int
    alert: Alert | None


RefusalClass = Literal["A", "B", "C", "D", "E"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """The client refused the server's flight (docs/domain.md, 6). ``confidence`` as there; ``evidence`` the frames that show it."""

    kind: RefusalClass
    confidence: Literal["high", "medium", "low"]
    evidence: tuple[tuple[Ref, str], ...]
    library: str | None = None


@dataclass(slots=True)
class Tls:
    """The TLS handshake of a connection. ``chain`` as sent (DER); ``verdict`` on it, for the name asked at the packet's time.

    ``chain_borrowed``: the chain is another connection's to the same server and name, or the user gave it (then without ``chain_ref``), since this one
    shows none (TLS 1.3, resumption). Alone it accuses nobody; it may explain a refusal.
    ``accepted``: the client sent application data after the server's flight. ``refusal``: it refused. Both None/False: not to be told.
    """

    hello: ClientHello | None = None
    hello_ref: Ref | None = None
    server_hello: ServerHello | None = None
    server_hello_ref: Ref | None = None
    version: int | None = None
    chain: tuple[bytes, ...] = ()
    chain_ref: Ref | None = None
    chain_borrowed: bool = False
    verdict: Verdict | None = None
    records: list[ClearRecord] = field(default_factory=list)
    handshake: list[tuple[Ref, int, int]] = field(default_factory=list)
    """Other handshake messages in clear: frame, direction, message type (RFC 5246, 7.4: 14 is ServerHelloDone, 16 ClientKeyExchange)."""
    resumed: bool = False
    decrypted: bool = False
    accepted: bool = False
    refusal: Refusal | None = None

    @property
    def sni(self) -> str | None:
        return self.hello.sni.lower().rstrip(".") if self.hello and self.hello.sni else None


Answer = LyncAnswer | ExchangeAnswer | Unreadable


@dataclass(slots=True)
class Exchange:
    """An HTTP request and its response, one of which may not have been seen. ``secure``: inside TLS (decrypted)."""

    request: HttpRequest | None
    request_ref: Ref | None
    response: HttpResponse | None
    response_ref: Ref | None
    secure: bool
    asked: ExchangeRequest | None = None
    answer: Answer | None = None
    response_complete: bool = True

    @property
    def sent_path(self) -> str:
        """Path of the request as it was sent, without query, and without scheme and host where a proxy was asked (RFC 9112, 3.2.2)."""
        uri = self.request.uri.split("?", 1)[0] if self.request else ""
        scheme, mark, rest = uri.partition("://")
        return f"/{rest.partition('/')[2]}" if mark and scheme.isalpha() else uri

    @property
    def path(self) -> str:
        """``sent_path`` in lower case: IIS compares so."""
        return self.sent_path.lower()


@dataclass(slots=True)
class Attempt:
    """DNS → TCP → TLS → HTTP towards one name, address and port. ``failed_at`` None: it worked, or cannot be told (``outcome``).

    ``name``: SNI, else Host, else the name whose look-up gave the address, else None.
    """

    device: str
    role: Role
    name: str | None
    address: str | None
    port: int | None
    first_time_ns: int
    last_time_ns: int
    lookup: Lookup | None = None
    connection: Connection | None = None
    tls: Tls | None = None
    exchanges: list[Exchange] = field(default_factory=list)
    outcome: Literal["ok", "failed", "unknown"] = "unknown"
    failed_at: Layer | None = None
    reason: str | None = None
    silence: bool = False
    """It failed since nothing came back."""

    @property
    def server(self) -> str | None:
        """``address:port`` as text, IPv6 in brackets."""
        if self.address is None:
            return None
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}" if self.port else host


@dataclass(slots=True)
class DeviceCase:
    """A device with all that it did, sessions or not."""

    id: str
    mac: str | None
    mac_randomized: bool
    vendor: str | None
    addresses: tuple[str, ...]
    hostname: str | None
    platform: Platform
    inside: bool
    lookups: list[Lookup] = field(default_factory=list)
    resolvers: tuple[str, ...] = ()
    """From DHCP option 6 (empty: no lease seen)."""
    search_domains: tuple[str, ...] = ()
    """From DHCP option 15."""
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class SessionCase:
    """One device and one account domain. ``attempts`` in order of time, those that no device of this session made never among them."""

    id: str
    device: DeviceCase
    service: Service
    domain: str
    first_time_ns: int
    last_time_ns: int
    attempts: list[Attempt] = field(default_factory=list)
    lookups: list[Lookup] = field(default_factory=list)
    outcome: Outcome = "incomplete"
    failed_at: Stage | None = None
    summary: str = ""
    steps: tuple[Step, ...] = ()

    def of_role(self, *roles: Role) -> list[Attempt]:
        return [a for a in self.attempts if a.role in roles]


@dataclass(frozen=True, slots=True)
class NameFact:
    """What is known of a name: its role, whether that is *known* (an answer or an option said so) or guessed, and where from."""

    name: str
    role: Role
    known: bool
    because: str
    source: Ref | None = None
    domain: str | None = None
    service: Service | None = None


@dataclass(frozen=True, slots=True)
class NatCopy:
    """A SYN seen again behind the NAT: same ISN and source port, another address (docs/domain.md, 5)."""

    original: Ref
    copy: Ref
    copy_source: str
    copy_destination: str


@dataclass(frozen=True, slots=True)
class ForeignReply:
    """A SYN-ACK for a SYN of ours, from an address that was not asked (ack = ISN+1 and our port)."""

    syn: Ref
    reply: Ref
    source: str
    ttl: int
    reset: Ref | None


@dataclass(slots=True)
class CaptureHealth:
    """What the capture lost or never saw, for honesty. ``one_way``: devices (ids) or ``*``; texts are sentences for the report.

    ``gaps``: bytes that were acknowledged and never captured.
    """

    one_way: Mapping[str, str] = field(default_factory=dict)
    one_way_examples: tuple[Ref, ...] = ()
    gaps: int = 0
    conversations_with_gaps: int = 0
    examples: tuple[Ref, ...] = ()
    drops: int | None = None
    cut_frames: tuple[Ref, ...] = ()
    snaplen: int | None = None
    duplicates: int = 0
    duplicate_examples: tuple[Ref, ...] = ()
    routed_copies: int = 0
    nat_copies: int = 0
    started_late: tuple[Ref, ...] = ()
    offload: int = 0
    """Conversations with segments larger than their receiver takes."""
    offload_examples: tuple[Ref, ...] = ()
    packets: int = 0
    tcp_conversations: int = 0
    vantage: str = ""
    """Where the tap stands, in a sentence."""


@dataclass(slots=True)
class Scene:
    """Everything of one run, for the rules.

    ``names`` by lower-case name. ``find(client, server, port)`` gives the connections of the whole capture (None: any), sessions or not.
    ``ours(address, name, device)`` lists the evidence H1-H6 that an address is our own public one (docs/domain.md, 5), strongest first.
    """

    captures: tuple[Capture, ...]
    site: Site
    thresholds: Thresholds
    devices: list[DeviceCase]
    sessions: list[SessionCase]
    names: Mapping[str, NameFact]
    lookups: list[Lookup]
    health: CaptureHealth
    find: Callable[[str | None, str | None, int | None], Iterable[Connection]]
    is_inside: Callable[[str], bool]
    ours: Callable[[str, str | None, str | None], list[OursEvidence]]
    foreign_replies: Mapping[int, tuple[ForeignReply, ...]] = field(default_factory=dict)
    """By flow."""
    nat_copies: Mapping[int, tuple[NatCopy, ...]] = field(default_factory=dict)
    """By flow."""
    tls_by_server: Mapping[tuple[str, int], list[Tls]] = field(default_factory=dict)
    strangers: tuple[StrangerChain, ...] = ()
    """Chains of servers that have no role in a session: who signs them tells an inspecting proxy."""
    probes: tuple[Attempt, ...] = ()
    """Requests by which systems look for a captive portal, in clear text; they belong to no session."""
    unanswered: Callable[[], list[Connection]] = list
    """TCP connections of the whole capture whose SYN got nothing back."""


class StrangerChain(NamedTuple):
    """A chain that a server outside of all sessions presented."""

    name: str | None
    server: str
    ref: Ref
    chain: tuple[bytes, ...]


class OursEvidence(NamedTuple):
    """One of H1-H6, in words, with the frames that show it."""

    code: Literal["H1", "H2", "H3", "H4", "H5", "H6"]
    strong: bool
    text: str
    refs: tuple[Ref, ...]
