"""Events of the whole capture → the facts that sessions are made of.

Facts that have nothing to do with a discovery are held until so many others have come, then looked at once more: by then it is known whether their
domain or address matters. So memory does not grow with the capture.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from pcapkit_dissectors._api import Event, Malformed
from pcapkit_dissectors.messages import (
    Alert,
    Certificate,
    ChangeCipherSpec,
    ClientHello,
    Dhcp,
    Dns,
    Encrypted,
    ExchangeAnswer,
    ExchangeRequest,
    HandshakeMessage,
    Http2Request,
    Http2Response,
    HttpRequest,
    HttpResponse,
    LyncAnswer,
    Neighbour,
    ServerHello,
    TlsKeys,
    Unreadable,
)

from pcapkit.flows.facts import Observation
from pcapkit.limits import MAX_DEVICES, NAMES_PER_DEVICE
from pcapkit.sessions.interest import Interest
from pcapkit.sessions.roles import host_of
from pcapkit.sessions.scene import Ref, StrangerChain
from pcapkit.sessions.sightings import Sightings

HOLD_DNS: Final = 8_192
HOLD_FLOWS: Final = 4_096
KEEP_DNS: Final = 32_768
KEEP_FLOWS: Final = 16_384
EVENTS_PER_FLOW: Final = 1_024
NAMES: Final = 131_072
STATIC_PER_CLIENT: Final = 64
PER_RESOLVER: Final = 4
CERTIFICATES: Final = 2_048
STRANGERS: Final = 512
BODY_KEPT: Final = 4_096
CUT_KEPT: Final = 8


class DnsFact(NamedTuple):
    """A DNS message with its place."""

    ref: Ref
    src: str
    dst: str
    sport: int
    dport: int
    transport: str
    src_mac: str | None
    dst_mac: str | None
    name: str
    message: Dns
    complete: bool = True
    """False: the capture has not all of it."""


class Seen(NamedTuple):
    """A message of a conversation. ``frames``: all that carried it, the last one stands in ``ref``."""

    direction: int
    ref: Ref
    frames: tuple[int, ...]
    message: Any
    complete: bool
    decrypted: bool


@dataclass(slots=True)
class FlowFacts:
    """What was said in a TCP conversation. ``name``: SNI, else Host."""

    flow: int
    client: str
    server: str
    client_port: int
    server_port: int
    client_mac: str | None
    first: Ref
    last_ns: int
    events: list[Seen] = field(default_factory=list)
    name: str | None = None
    kept: bool = False


class Facts:
    """All that is known: what is kept for good, and what is only held for now."""

    def __init__(self, external_fqdns: tuple[str, ...] = ()) -> None:
        self.interest = Interest(external_fqdns)
        self.sightings = Sightings()
        self.dns: deque[DnsFact] = deque()
        self.held_dns: deque[DnsFact] = deque()
        self.flows: dict[int, FlowFacts] = {}
        self.held_flows: deque[int] = deque()
        self.names: dict[str, dict[str, str]] = {}
        """Client → address → name, the latest."""
        self.issuers: dict[str, bytes] = {}
        """SHA-256 → DER of what stood above a leaf in any chain."""
        self.strangers: dict[str, StrangerChain] = {}
        """Leaf SHA-256 → the chain."""
        self.left_out: dict[str, int] = {}
        """What a bound kept out, by kind."""
        self.cut: list[Ref] = []
        """Datagrams that the capture cut, few."""
        self.first_ns: int | None = None
        self.last_ns = 0

    def lookups(self) -> list[DnsFact]:
        """DNS messages of interest, in order of time."""
        held = [fact for fact in self.held_dns if self.interest.matters(fact.name)]
        return sorted((*self.dns, *held), key=lambda f: (f.ref.time_ns, f.ref.capture, f.ref.frame))

    def conversations(self) -> Iterator[FlowFacts]:
        """Conversations of interest."""
        return (facts for facts in self.flows.values() if facts.kept or self.of_interest(facts))

    def of_interest(self, facts: FlowFacts) -> bool:
        return facts.server in self.interest.addresses or (facts.name is not None and self.interest.matters(facts.name))

    def count_out(self, kind: str) -> None:
        self.left_out[kind] = self.left_out.get(kind, 0) + 1


class Collecting:
    """Takes events in the order of the capture. ``add`` never raises for what a packet says."""

    def __init__(self, external_fqdns: tuple[str, ...] = ()) -> None:
        self.facts = Facts(external_fqdns)
        self._per_client: dict[str, int] = {}
        self._resolvers: dict[tuple[str, str], int] = {}
        self._kept_flows = 0
        self._names = 0

    def add(self, obs: Observation) -> None:
        """Take one event."""
        event = obs.event
        handle = _HANDLERS.get(type(event.message))
        if handle is None or obs.duplicate:
            return
        time_ns = event.time_ns
        facts = self.facts
        if facts.first_ns is None:
            facts.first_ns = time_ns
        if time_ns > facts.last_ns:
            facts.last_ns = time_ns
        handle(self, obs, event, Ref(obs.capture, event.frames[-1], time_ns))
        if len(facts.held_dns) > HOLD_DNS:
            self._settle_dns()
        if len(facts.held_flows) > HOLD_FLOWS:
            self._settle_flow()

    # ------------------------------------------------------------ DNS

    def _dns(self, obs: Observation, event: Event, ref: Ref) -> None:
        message: Dns = event.message  # type: ignore[assignment]  # the table of handlers says so
        sights = self.facts.sightings
        sight = sights.see(obs.src_mac, obs.src, ref)
        if message.proto != "dns":
            sights.local(obs.src, message, ref)
            return
        name = message.qname.lower().rstrip(".")
        client, server = (obs.dst, obs.src) if message.response else (obs.src, obs.dst)
        if sight is not None:
            if message.response:
                sight.resolves = True
            else:
                sight.asks = True
        if message.response:
            self._remember(client, name, message)
        else:
            sights.query(client, name, message.qtype, ref)
            if len(sights.asked) < MAX_DEVICES:
                sights.asked.add(server)
        fact = DnsFact(
            ref, obs.src, obs.dst, obs.sport or 0, obs.dport or 0, obs.transport, obs.src_mac, obs.dst_mac, name, message, obs.event.complete
        )
        if self.facts.interest.look(name):
            self._keep_dns(client, fact)
        elif self._sample(client, server, name):
            self.facts.dns.append(fact)
        else:
            self.facts.held_dns.append(fact)

    def _sample(self, client: str, server: str, name: str) -> bool:
        """Few of every device: which resolvers it asks, and names that say something about any device."""
        key = (client, server)
        asked = self._resolvers.get(key, 0)
        if asked < PER_RESOLVER and (asked or len(self._resolvers) < MAX_DEVICES) and len(self.facts.dns) < KEEP_DNS:
            self._resolvers[key] = asked + 1
            return True
        return Interest.static(name) and self._room(client, STATIC_PER_CLIENT)

    def _keep_dns(self, client: str, fact: DnsFact) -> None:
        if not self._room(client, NAMES_PER_DEVICE):
            self.facts.count_out("lookups")
            return
        self.facts.dns.append(fact)
        if len(self.facts.dns) > KEEP_DNS:
            self.facts.dns.popleft()
            self.facts.count_out("lookups")
        if fact.message.response:
            self.facts.interest.dns(fact.name, fact.message)

    def _room(self, client: str, limit: int) -> bool:
        count = self._per_client.get(client, 0)
        if count >= limit or (not count and len(self._per_client) >= MAX_DEVICES):
            return False
        self._per_client[client] = count + 1
        return True

    def _remember(self, client: str, name: str, message: Dns) -> None:
        """Which name led this client to an address."""
        for record in message.answers:
            if record.type not in ("A", "AAAA"):
                continue
            known = self.facts.names.get(client)
            if known is None:
                if len(self.facts.names) >= MAX_DEVICES:
                    return
                known = self.facts.names[client] = {}
            address = str(record.data)
            if address not in known:
                if len(known) >= NAMES_PER_DEVICE or self._names >= NAMES:
                    return
                self._names += 1
            known[address] = name

    def _settle_dns(self) -> None:
        fact = self.facts.held_dns.popleft()
        if self.facts.interest.matters(fact.name):
            self._keep_dns(fact.dst if fact.message.response else fact.src, fact)

    # ------------------------------------------------------------ conversations

    def _flow(self, obs: Observation, event: Event, ref: Ref) -> FlowFacts | None:
        facts = self.facts.flows.get(obs.flow)
        if facts is None:
            if obs.flow < 0:
                return None
            facts = self._open(obs, event, ref)
        elif ref.time_ns > facts.last_ns:
            facts.last_ns = ref.time_ns
        if len(facts.events) < EVENTS_PER_FLOW:
            facts.events.append(Seen(event.direction, ref, event.frames, event.message, event.complete, event.decrypted))
        else:
            self.facts.count_out("events")
        return facts

    def _open(self, obs: Observation, event: Event, ref: Ref) -> FlowFacts:
        forward = event.direction == 0
        client, server = (obs.src, obs.dst) if forward else (obs.dst, obs.src)
        ports = (obs.sport or 0, obs.dport or 0) if forward else (obs.dport or 0, obs.sport or 0)
        mac = obs.src_mac if forward else obs.dst_mac
        facts = FlowFacts(obs.flow, client, server, *ports, mac, ref, ref.time_ns)
        self.facts.flows[obs.flow] = facts
        if forward or isinstance(event.message, ServerHello | Certificate | HttpResponse):
            sight = self.facts.sightings.see(mac, client, ref)
            if sight is not None:
                sight.asks = True
        if not forward:
            self.facts.sightings.see(obs.src_mac, obs.src, ref)
        if server in self.facts.interest.addresses:
            self._keep(facts)
        else:
            self.facts.held_flows.append(obs.flow)
        return facts

    def _keep(self, facts: FlowFacts) -> None:
        if facts.kept:
            return
        if self._kept_flows >= KEEP_FLOWS:
            self.facts.count_out("conversations")
            return
        facts.kept = True
        self._kept_flows += 1

    def _settle_flow(self) -> None:
        """Look at the eldest held conversation once more: keep it or drop it."""
        facts = self.facts.flows.get(self.facts.held_flows.popleft())
        if facts is None or facts.kept:
            return
        if self.facts.of_interest(facts):
            self._keep(facts)
        if not facts.kept:
            del self.facts.flows[facts.flow]

    def _tls(self, obs: Observation, event: Event, ref: Ref) -> None:
        self._flow(obs, event, ref)

    def _hello(self, obs: Observation, event: Event, ref: Ref) -> None:
        facts = self._flow(obs, event, ref)
        hello: ClientHello = event.message  # type: ignore[assignment]
        if facts is None or not hello.sni:
            return
        name = hello.sni.lower().rstrip(".")
        facts.name = name
        if self.facts.interest.look(name) or (Interest.static(name) and self._room(facts.client, STATIC_PER_CLIENT)):
            self._keep(facts)

    def _certificate(self, obs: Observation, event: Event, ref: Ref) -> None:
        facts = self._flow(obs, event, ref)
        message: Certificate = event.message  # type: ignore[assignment]
        if event.direction == 0 or not message.raw_der:
            return
        known = self.facts.issuers
        for digest, der in zip(message.certs[1:], message.raw_der[1:], strict=False):
            if digest not in known and len(known) < CERTIFICATES:
                known[digest] = der
        leaf = message.certs[0]
        if leaf not in self.facts.strangers and len(self.facts.strangers) < STRANGERS:
            self.facts.strangers[leaf] = StrangerChain(facts.name if facts else None, obs.src, ref, message.raw_der)

    def _http(self, obs: Observation, event: Event, ref: Ref) -> None:
        message: HttpRequest | HttpResponse = event.message  # type: ignore[assignment]
        if message.raw_body is not None and len(message.raw_body) > BODY_KEPT:
            event = replace(event, message=replace(message, raw_body=message.raw_body[:BODY_KEPT]))
        facts = self._flow(obs, event, ref)
        if facts is None:
            return
        if isinstance(message, HttpRequest):
            self.facts.sightings.request(facts.client, message, ref)
            if facts.name is None and message.host:
                facts.name = host_of(message.host)
                if facts.name and self.facts.interest.look(facts.name):
                    self._keep(facts)
        if self.facts.interest.http(message, facts.kept) or (
            facts.name is not None and Interest.static(facts.name) and self._room(facts.client, STATIC_PER_CLIENT)
        ):
            self._keep(facts)

    def _document(self, obs: Observation, event: Event, ref: Ref) -> None:
        facts = self._flow(obs, event, ref)
        if facts is None or isinstance(event.message, Unreadable):
            return
        self._keep(facts)
        if isinstance(event.message, LyncAnswer | ExchangeAnswer | ExchangeRequest):
            self.facts.interest.document(event.message)

    # ------------------------------------------------------------ who

    def _dhcp(self, obs: Observation, event: Event, ref: Ref) -> None:
        if isinstance(event.message, Dhcp):
            self.facts.sightings.dhcp(event.message, ref)

    def _malformed(self, obs: Observation, event: Event, ref: Ref) -> None:
        if isinstance(event.message, Malformed) and event.message.cut and obs.transport == "udp" and len(self.facts.cut) < CUT_KEPT:
            self.facts.cut.append(ref)

    def _neighbour(self, obs: Observation, event: Event, ref: Ref) -> None:
        if isinstance(event.message, Neighbour):
            self.facts.sightings.neighbour(event.message, ref)


_HANDLERS: Final[dict[type, Callable[[Collecting, Observation, Event, Ref], None]]] = {
    Dns: Collecting._dns,
    ClientHello: Collecting._hello,
    ServerHello: Collecting._tls,
    Certificate: Collecting._certificate,
    Alert: Collecting._tls,
    ChangeCipherSpec: Collecting._tls,
    Encrypted: Collecting._tls,
    HandshakeMessage: Collecting._tls,
    TlsKeys: Collecting._tls,
    HttpRequest: Collecting._http,
    HttpResponse: Collecting._http,
    Http2Request: Collecting._http,
    Http2Response: Collecting._http,
    LyncAnswer: Collecting._document,
    ExchangeAnswer: Collecting._document,
    ExchangeRequest: Collecting._document,
    Unreadable: Collecting._document,
    Dhcp: Collecting._dhcp,
    Neighbour: Collecting._neighbour,
    Malformed: Collecting._malformed,
}
