"""Small worlds of phones and servers, told packet by packet in words: what they say goes through the real ``Collector`` to a ``Scene``.

    world = World()
    phone = world.phone("10.20.0.31", hostname="Annas-iPhone")
    phone.lookup("lyncdiscoverinternal.contoso.com", "10.0.0.10")
    phone.https("10.0.0.10", "lyncdiscoverinternal.contoso.com")            # worked
    phone.lookup("webext.contoso.com", "203.0.113.50")
    phone.syn("203.0.113.50", times=4)                                      # no answer
    scene = world.scene()

Time goes on by itself (``world.wait(s)`` for more), frames count up. Chains are names: ``chain="private"`` gives a verdict with that status
(``world.trust.verdicts`` for others).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from pcapkit_dissectors._api import Event, Message
from pcapkit_dissectors.messages import (
    Alert,
    Certificate,
    ChangeCipherSpec,
    ClientHello,
    Dhcp,
    Dns,
    Encrypted,
    ExchangeRequest,
    HandshakeMessage,
    HttpRequest,
    HttpResponse,
    IcmpError,
    LyncAnswer,
    Neighbour,
    Quoted,
    Record,
    ServerHello,
)

from pcapkit.flows.facts import ACK, FIN, FORWARD, REVERSE, RST, SYN, Connection, Control, Observation, Quality, SeenIcmp, Side
from pcapkit.limits import Thresholds
from pcapkit.model import Capture, Interface
from pcapkit.options import Options
from pcapkit.sessions import Collector
from pcapkit.sessions.scene import Ref, Scene
from pcapkit.trust.verdict import CertInfo, Fault, Verdict

NS = 10**9
MS = 10**6
T0 = 1_790_000_000 * NS
RESOLVER = "10.0.0.53"
GATEWAY = "10.20.0.1"
GATEWAY_MAC = "00:1b:17:00:01:01"


class Trust:
    """Judges by name: a chain is ``(b"private",)``, its verdict has that status, unless ``verdicts`` holds another."""

    def __init__(self) -> None:
        self.verdicts: dict[str, Verdict] = {}
        self.learnt: list[bytes] = []

    def judge(self, chain, name, at_ns):
        key = chain[0].decode()
        found = self.verdicts.get(key)
        return replace(found, name=name) if found else verdict(key, name)

    def learn(self, der):
        self.learnt.append(der)

    def given_chain(self, name):
        return ()


def cert(sha: str = "ab" * 32, **changes) -> CertInfo:
    """A sound certificate for everything under contoso.com; ``changes`` are fields."""
    base = CertInfo(
        sha256=sha, size=1200, subject="CN=webext.contoso.com", issuer="CN=Issuing CA", common_name="webext.contoso.com", organization="Contoso",
        san_dns=("*.contoso.com", "contoso.com"), san_other=(), serial="01", not_before_ns=T0 - 100 * 86_400 * NS, not_after_ns=T0 + 200 * 86_400 * NS,
        key_type="rsa", key_bits=2048, signature_hash="sha256", signature_algorithm="sha256WithRSAEncryption", eku=("serverAuth",), is_ca=False,
        ski=None, aki=None, has_sct=False, policies=(), self_issued=False, self_signed=False,
    )  # fmt: skip
    return replace(base, **changes)


def verdict(
    status: str, name: str | None = None, *, leaf: CertInfo | None = None, faults: tuple[Fault, ...] = (), name_ok: bool | None = True, **changes
):
    """A verdict with that status; unknown words count as ``public``."""
    known = ("public", "trusted", "private", "self-signed", "incomplete", "undecided", "unverifiable", "unparseable")
    leaf = leaf or cert()
    base = Verdict(
        status=status if status in known else "public", sent=(leaf,), path=(leaf,), anchor="Root CA" if status in ("public", "trusted") else None,
        anchor_source="public" if status == "public" else None, missing_issuer="CN=Issuing CA" if status in ("private", "incomplete") else None,
        reason=f"the chain is {status}", name=name, name_ok=name_ok, faults=faults,
    )  # fmt: skip
    return replace(base, **changes)


class Tracker:
    """The flow table of a world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def connection(self, flow):
        return self.world.talks[flow].connection()

    def find(self, client=None, server=None, port=None, transport=None):
        if transport not in (None, "tcp"):
            return []
        return [t.flow for t in self.world.talks if client in (None, t.client) and server in (None, t.server) and port in (None, t.port)]

    def unanswered(self):
        return [t.flow for t in self.world.talks if (c := t.connection()).syns and not c.reverse.packets]

    @property
    def next_flow(self):
        return len(self.world.talks)

    def nat_copies(self):
        return [SynCopy(t.flow, *copy) for t in self.world.talks for copy in t.copies]

    def foreign_replies(self):
        return [SynReply(t.flow, *reply) for t in self.world.talks for reply in t.foreign]

    def quality(self):
        return self.world.quality

    def counts(self):
        return {"tcp_conversations": len(self.world.talks), **self.world.counts}


class SynCopy(NamedTuple):
    """As the flow table tells it."""

    flow: int
    original: tuple[int, int]
    copy: tuple[int, int]
    source: str
    destination: str


class SynReply(NamedTuple):
    """As the flow table tells it."""

    flow: int
    syn: tuple[int, int]
    reply: tuple[int, int]
    source: str
    ttl: int
    reset: tuple[int, int] | None


class World:
    """A network under observation. ``options`` as for ``pcapkit.options.Options``."""

    def __init__(self, **options) -> None:
        self.options = Options(**options)
        self.collector = Collector(self.options.external_fqdns)
        self.trust = Trust()
        self.now = T0
        self.frame = 0
        self.phones = 0
        self.talks: list[Talk] = []
        self.tracker = Tracker(self)
        self.thresholds = Thresholds()
        self.drops: int | None = None
        self.quality = Quality()
        self.counts: dict[str, int] = {}

    def wait(self, seconds: float) -> World:
        """Let time go by."""
        self.now += round(seconds * NS)
        return self

    def tick(self, ms: float = 1.0) -> Ref:
        """The next frame."""
        self.frame += 1
        self.now += round(ms * MS)
        return Ref(0, self.frame, self.now)

    def tell(
        self, message: Message, src, dst, sport=None, dport=None, *, flow=-1, direction=0, transport="udp", macs=(None, None), ms=1.0, **event
    ) -> Ref:
        """A packet that brings a message."""
        ref = self.tick(ms)
        self.collector.add(
            Observation(0, flow, src, dst, sport, dport, transport, *macs, Event(message, direction, (ref.frame,), ref.time_ns, **event))
        )
        return ref

    def phone(self, ip: str = "10.20.0.31", mac: str | None = "a4:83:e7:00:00:31", hostname: str | None = None, **dhcp) -> Phone:
        """A device. With a host name or DHCP fields its lease is in the capture."""
        self.phones += 1
        phone = Phone(self, ip, mac, port=50_000 + 1_000 * self.phones % 14_000, dns_id=1_000 * self.phones % 60_000)
        if hostname or dhcp:
            phone.lease(hostname, **dhcp)
        return phone

    def scene(self, after: float = 10.0, **options) -> Scene:
        """What the rules see, ``after`` seconds later."""
        end = self.now + round(after * NS)
        interfaces = (Interface("mon0", packets=self.frame, received=self.frame, dropped=self.drops),)
        capture = Capture("test.pcap", "pcap", self.frame, self.frame * 100, T0, end, ("ethernet",), interfaces=interfaces)
        return self.collector.scene(self.tracker, (capture,), replace(self.options, **options), self.thresholds, self.trust)


@dataclass
class Phone:
    """A device that asks."""

    world: World
    ip: str
    mac: str | None
    resolver: str = RESOLVER
    port: int = 50_000
    dns_id: int = 0

    @property
    def macs(self):
        return (self.mac, GATEWAY_MAC)

    def lease(self, hostname=None, *, vendor_class=None, parameters=(), resolvers=(RESOLVER,), domain="contoso.com") -> Phone:
        """DHCP: request and acknowledgement."""
        common = {"xid": 1, "client_mac": self.mac or "00:00:00:00:00:00", "ciaddr": None, "server_id": GATEWAY}
        ask = Dhcp(
            **common, message_type=3, hostname=hostname, yiaddr=None, requested_ip=self.ip, dns_servers=(), domain=None, vendor_class=vendor_class,
            parameters=parameters,
        )  # fmt: skip
        ack = Dhcp(
            **common, message_type=5, hostname=None, yiaddr=self.ip, requested_ip=None, dns_servers=resolvers, domain=domain, vendor_class=None
        )
        self.world.tell(ask, "0.0.0.0", "255.255.255.255", 68, 67, macs=(self.mac, "ff:ff:ff:ff:ff:ff"))
        self.world.tell(ack, GATEWAY, self.ip, 67, 68, macs=(GATEWAY_MAC, self.mac))
        return self

    def arp(self) -> Phone:
        """It says where it is."""
        self.world.tell(Neighbour(self.mac or "", self.ip, "arp"), self.ip, GATEWAY, transport="arp", macs=self.macs)
        return self

    def lookup(
        self,
        name,
        *addresses,
        qtype="A",
        ttl=300,
        rcode=0,
        cname=(),
        repeats=0,
        silent=False,
        resolver=None,
        aa=True,
        srv=(),
        types=None,
        gap=1.0,
        cut=False,
    ):
        """A DNS question and its answer. No address and rcode 0: NODATA. ``silent``: no answer, asked again ``repeats`` times, ``gap`` s apart.

        ``types``: several types asked together; each gets the addresses that fit. ``cut``: the capture keeps nothing of the answers' records.
        """
        resolver = resolver or self.resolver
        asked = []
        for kind in types or (qtype,):
            self.dns_id += 1
            self.port += 1
            asked.append((kind, self.dns_id, self.port))
            self._ask(name, kind, resolver, self.dns_id, self.port)
        for _ in range(repeats):
            self.world.wait(gap)
            for kind, number, port in asked:
                self._ask(name, kind, resolver, number, port)
        if silent:
            return self
        for kind, number, port in asked:
            owner = cname[-1] if cname else name
            chain = [Record(a, "CNAME", ttl, b) for a, b in zip((name, *cname), cname, strict=False)]
            fit = [a for a in addresses if (kind == "AAAA") == (":" in a)] if kind in ("A", "AAAA") else []
            records = [Record(owner, kind, ttl, a) for a in fit] + [Record(name, "SRV", ttl, s) for s in srv if kind == "SRV"]
            answers = () if cut else tuple(chain + records) if rcode == 0 else tuple(chain)
            message = Dns("dns", number, 0, True, rcode, False, name, kind, ((name, kind),), answers, authoritative=aa)
            self.world.tell(message, resolver, self.ip, 53, port, macs=(GATEWAY_MAC, self.mac), ms=2, complete=not cut)
        return self

    def _ask(self, name, kind, resolver, number, port):
        message = Dns("dns", number, 0, False, None, False, name, kind, ((name, kind),))
        self.world.tell(message, self.ip, resolver, port, 53, macs=self.macs)

    def talk(self, server, port=443, *, ttl=63, client_ttl=64) -> Talk:
        """A TCP conversation, nothing sent yet."""
        self.port += 1
        talk = Talk(self.world, self, len(self.world.talks), self.ip, server, port, self.port, ttl, client_ttl)
        self.world.talks.append(talk)
        return talk

    def connect(self, server, port=443, **ttls) -> Talk:
        """Open: SYN, SYN-ACK."""
        return self.talk(server, port, **ttls).syn().synack()

    def syn(self, server, port=443, times=2, gap=1.0, **ttls) -> Talk:
        """SYNs that nobody answers."""
        return self.talk(server, port, **ttls).syn(times, gap)

    def https(self, server, name, port=443, *, chain="public", version=0x0303, **ttls) -> Talk:
        """HTTPS that works, encrypted."""
        return self.connect(server, port, **ttls).tls(name, chain=chain, version=version).appdata().close()

    def refused(self, server, name, port=443, *, chain="private", alert=48, **ttls) -> Talk:
        """TLS that the device refuses with a clear alert."""
        return self.connect(server, port, **ttls).hello(name).server_flight(chain).alert(alert).close()

    def http(self, server, host, path="/", port=80, **response) -> Talk:
        """Clear HTTP: a request and its response."""
        return self.connect(server, port).exchange(path=path, host=host, **response).close()


@dataclass
class Talk:
    """A TCP conversation. Every method sends something and returns the conversation."""

    world: World
    phone: Phone
    flow: int
    client: str
    server: str
    port: int
    client_port: int
    ttl: int
    client_ttl: int
    control: list[Control] = field(default_factory=list)
    icmps: list[SeenIcmp] = field(default_factory=list)
    copies: list[tuple] = field(default_factory=list)
    foreign: list[tuple] = field(default_factory=list)
    payload: dict[int, list[tuple[Ref, int]]] = field(default_factory=lambda: defaultdict(list))
    missing: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    acked: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    isn: int = 1000
    isn_server: int = 9000

    # -------------------------------------------------------- TCP

    def _control(self, direction, flags, seq, ack, ms=0.5, ttl=None):
        ref = self.world.tick(ms)
        hops = ttl or (self.client_ttl if direction == FORWARD else self.ttl)
        self.control.append(Control(ref.frame, ref.time_ns, direction, flags, seq, ack, hops, ref.frame, 0, 1460 if flags & SYN else None, False))
        return ref

    def syn(self, times=1, gap=1.0):
        for number in range(times):
            if number:
                self.world.wait(gap)
            self._control(FORWARD, SYN, self.isn, 0)
        return self

    def synack(self, ms=5.0):
        self._control(REVERSE, SYN | ACK, self.isn_server, self.isn + 1, ms)
        return self

    def reset(self, by="server", *, ms=0.2, ttl=None):
        """RST: by the server it answers the SYN (or what came before)."""
        if by == "server":
            self._control(REVERSE, RST | ACK, 0, self.isn + 1, ms, ttl)
        else:
            self._control(FORWARD, RST, self.isn + 1, 0, ms)
        return self

    def close(self, by="client"):
        direction = FORWARD if by == "client" else REVERSE
        self._control(direction, FIN | ACK, self.isn + 500, self.isn_server + 500)
        return self

    def icmp(self, icmp_type=3, code=13, words="administratively prohibited", sender=GATEWAY, mtu=None):
        ref = self.world.tick()
        quoted = Quoted(self.client, self.server, "tcp", self.client_port, self.port, self.isn)
        self.icmps.append(SeenIcmp(ref.frame, ref.time_ns, sender, FORWARD, IcmpError(icmp_type, code, quoted, words, mtu)))
        return self

    def foreign_reply(self, source, *, ttl=64, reset=True):
        """A SYN-ACK for the last SYN from somebody else, and the RST that it gets."""
        asked = self._last(SYN)
        reply = self.world.tick(0.3)
        self.foreign.append((asked[1:], reply[1:], source, ttl, self.world.tick(0.01)[1:] if reset else None))
        return self

    def nat_copy(self, source, destination):
        """The last SYN again, behind the NAT."""
        self.copies.append((self._last(SYN)[1:], self.world.tick(0.05)[1:], source, destination))
        return self

    def lose(self, size, direction=REVERSE, *, acked=False):
        """Bytes that the capture never saw, and perhaps the other side neither."""
        self.missing[direction] += size
        self.acked[direction] += size * acked
        return self

    def _last(self, flags):
        control = next(c for c in reversed(self.control) if c.flags & flags)
        return Ref(0, control.frame, control.time_ns)

    # -------------------------------------------------------- messages

    def say(self, message: Message, direction=FORWARD, size=100, ms=1.0, **event) -> Ref:
        """A message of the client (or the server)."""
        ends = (self.client, self.server) if direction == FORWARD else (self.server, self.client)
        ports = (self.client_port, self.port) if direction == FORWARD else (self.port, self.client_port)
        macs = self.phone.macs if direction == FORWARD else self.phone.macs[::-1]
        ref = self.world.tell(message, *ends, *ports, flow=self.flow, direction=direction, transport="tcp", macs=macs, ms=ms, **event)
        self.payload[direction].append((ref, size))
        return ref

    def hello(self, name, versions=(0x0304, 0x0303), alpn=("h2", "http/1.1")):
        self.say(ClientHello(0x0303, versions, name, alpn, (0x1301, 0xC02F), "ja3", "ja4", (), b"s" * 32, b"r" * 32), size=517)
        return self

    def server_flight(self, chain="public", version=0x0303, psk=False, ms=5.0):
        """ServerHello, and up to TLS 1.2 the chain in clear (None: resumed). In TLS 1.3 protected records."""
        self.say(ServerHello(0x0303, version, 0xC02F, (), "ja3s", False, b"", b"r" * 32, psk), REVERSE, 90, ms)
        if version >= 0x0304:
            self.say(ChangeCipherSpec(), REVERSE, 6, 0.01)
            self.say(Encrypted(23, 2200), REVERSE, 2205, 0.01)
        elif chain is not None:
            self.say(Certificate((chain * 8,), (1200,), (chain.encode(),)), REVERSE, 1200, 0.01)
            self.say(HandshakeMessage(14, 0), REVERSE, 9, 0.01)
        return self

    def finish(self, version=0x0303, size=None):
        """The client's Finished (and the server's, up to TLS 1.2)."""
        if version >= 0x0304:
            self.say(ChangeCipherSpec(), FORWARD, 6)
            self.say(Encrypted(23, size or 53), FORWARD, 58, 0.01)
            return self
        self.say(HandshakeMessage(16, 66), FORWARD, 75)
        self.say(ChangeCipherSpec(), FORWARD, 6, 0.01)
        self.say(Encrypted(22, 40), FORWARD, 45, 0.01)
        self.say(ChangeCipherSpec(), REVERSE, 6)
        self.say(Encrypted(22, 40), REVERSE, 45, 0.01)
        return self

    def tls(self, name, *, chain="public", version=0x0303):
        """A whole handshake."""
        return self.hello(name).server_flight(chain, version).finish(version)

    def appdata(self, request=400, response=2000, ms=20.0):
        """An encrypted request and its response (0: none)."""
        if request:
            self.say(Encrypted(23, request), FORWARD, request)
        if response:
            self.say(Encrypted(23, response), REVERSE, response, ms)
        return self

    def alert(self, description, level=2, by="client", ms=2.0):
        self.say(Alert(level, description), FORWARD if by == "client" else REVERSE, 7, ms)
        return self

    def exchange(
        self, method="GET", path="/", host="lyncdiscover.contoso.com", status=200, answer=None, *, asked: ExchangeRequest | None = None, headers=(),
        response_headers=(), content_type="application/xml", location=None, www_authenticate=(), user_agent=None, secure=False, respond=True, body=None,
        page=None,
    ):  # fmt: skip
        """An HTTP request and its response; ``answer``: what the body says, ``page``: the body; ``secure``: read inside TLS with keys."""
        request = HttpRequest(method, path, "HTTP/1.1", host, user_agent, None, None, None, None, (("Host", host), *headers), body)
        self.say(request, FORWARD, 300, decrypted=secure)
        if asked:
            self.say(asked, FORWARD, 0, 0, decrypted=secure)
        if respond:
            response = HttpResponse(
                status, "", "HTTP/1.1", content_type, location, None, tuple(www_authenticate), 100, 100, None, None,
                (*response_headers, *(("WWW-Authenticate", w) for w in www_authenticate)), page,
            )  # fmt: skip
            ref = self.say(response, REVERSE, 600, 10, decrypted=secure)
            if answer is not None:
                self._beside(answer, ref, secure)
        return self

    def _beside(self, answer, ref, secure):
        event = Event(answer, REVERSE, (ref.frame,), ref.time_ns, decrypted=secure)
        self.world.collector.add(
            Observation(0, self.flow, self.server, self.client, self.port, self.client_port, "tcp", *self.phone.macs[::-1], event)
        )

    # -------------------------------------------------------- what the flow table says

    def connection(self) -> Connection:
        frames = [(c.frame, c.time_ns) for c in self.control] + [(r.frame, r.time_ns) for p in self.payload.values() for r, _ in p]
        frames += [(s.frame, s.time_ns) for s in self.icmps]
        frames = sorted(frames) or [(1, T0)]
        return Connection(
            flow=self.flow, capture=0, transport="tcp", client=self.client, client_port=self.client_port, server=self.server, server_port=self.port,
            client_mac=self.phone.mac, server_mac=GATEWAY_MAC, first_frame=frames[0][0], last_frame=frames[-1][0], first_time_ns=frames[0][1],
            last_time_ns=frames[-1][1], control=tuple(self.control), forward=self._side(FORWARD), reverse=self._side(REVERSE), icmp=tuple(self.icmps),
            handshake_seen=any(c.flags & SYN for c in self.control),
        )  # fmt: skip

    def _side(self, direction) -> Side:
        data = [(r, size) for r, size in self.payload[direction] if size]
        control = [c for c in self.control if c.direction == direction]
        total = sum(size for _, size in data)
        hops = self.client_ttl if direction == FORWARD else self.ttl
        return Side(
            packets=len(data) + len(control), bytes=total, span=total + self.missing[direction], missing=self.missing[direction],
            first_missing_offset=total if self.missing[direction] else None, retransmissions=0, duplicates=0,
            max_segment=max((size for _, size in data), default=0), last_ack=sum(size for _, size in self.payload[1 - direction]) + self.acked[1 - direction],
            ttl=(hops, hops) if data else None, first_data=data[0][0][1:] if data else None, last_data=data[-1][0][1:] if data else None, cut=0,
        )  # fmt: skip


def lync(*links: tuple[str, str], location: str | None = "Internal", resource: str | None = "root", **fields) -> LyncAnswer:
    """A Lync discovery answer with (token, href) links."""
    from pcapkit_dissectors.messages import Link

    return LyncAnswer("xml", location, resource, tuple(Link(*link) for link in links), **fields)
