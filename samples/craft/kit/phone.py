"""A phone: how it joins the network, looks names up, connects, and signs in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dns import DNS, DNSQR
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import ARP, Ether

from kit import documents, records, tls_bytes
from kit.hosts import Host
from kit.noise import noise, number
from kit.pki import Chain
from kit.talk import Talk
from kit.tls import Tls12, Tls13
from kit.web import Web

if TYPE_CHECKING:
    from kit.company import Company

System = Literal["ios", "android", "windows-phone", "windows"]
BROADCAST: Final = "ff:ff:ff:ff:ff:ff"
WINDOWS_55: Final = [1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252]
DHCP_OPTIONS: Final[dict[str, tuple[str | None, list[int]]]] = {
    "ios": (None, [1, 121, 3, 6, 15, 108, 114, 119, 252]),
    "android": ("android-dhcp-14", [1, 3, 6, 15, 26, 28, 51, 58, 59, 43, 114, 108]),
    "windows-phone": ("MSFT 5.0", WINDOWS_55),
    "windows": ("MSFT 5.0", WINDOWS_55),
}
AGENTS: Final = {
    "ios": "Apple-iPhone13C2/1901.346",
    "android": "Android-Mail/2024.10",
    "windows-phone": "MSFT-WP/8.10.14219",
    "windows": "OC/16.0 (Skype for Business)",
}
HIGHEST: Final = {"ios": tls_bytes.TLS13, "android": tls_bytes.TLS13, "windows-phone": tls_bytes.TLS12, "windows": tls_bytes.TLS12}
RCODES: Final = {"NXDOMAIN": 3, "SERVFAIL": 2, "REFUSED": 5}
TYPES: Final = {"A": 1, "CNAME": 5, "AAAA": 28, "SRV": 33}


class Phone(Host):
    """A device on the tap's segment. ``resolver`` is whom it asks."""

    def __init__(self, site: Company, hostname: str, ip: str, mac: str, system: System) -> None:
        super().__init__(ip, mac, hops=0, system="windows" if system.startswith("windows") else system)
        self.site = site
        self.hostname = hostname
        self.platform = system
        self.resolver = site.resolver
        self._port = 49_152 + number("port", ip, bits=13)
        self._dns = number("dns", ip, bits=14)
        site.hosts[ip] = self

    @property
    def agent(self) -> str:
        """Its User-Agent."""
        return AGENTS[self.platform]

    def next_port(self) -> int:
        """Source ports count up."""
        self._port += 1
        return self._port

    # ------------------------------------------------------------ joining

    def joins(self) -> None:
        """DHCP (RFC 2131, 4.4.1) and the search for the gateway."""
        tape, gateway = self.site.tape, self.site.gateway
        xid, raw = number("xid", self.mac), bytes.fromhex(self.mac.replace(":", ""))
        vendor, wanted = DHCP_OPTIONS[self.platform]
        mine: list[Any] = [("client_id", b"\x01" + raw), ("hostname", self.hostname.encode())]
        mine += [("vendor_class_id", vendor.encode())] if vendor else []
        mine.append(("param_req_list", wanted))
        lease: list[Any] = [("server_id", gateway.ip), ("lease_time", 28800), ("subnet_mask", "255.255.255.0"), ("router", gateway.ip)]
        lease += [("name_server", self.resolver.ip), ("domain", self.site.domain.encode())]
        asked: list[Any] = [("requested_addr", self.ip), ("server_id", gateway.ip)]
        self._dhcp(xid, raw, [("message-type", 1), *mine], 0.02)
        self._dhcp(xid, raw, [("message-type", 2), *lease], 0.0004, reply=True)
        self._dhcp(xid, raw, [("message-type", 3), *asked, *mine], 0.03)
        self._dhcp(xid, raw, [("message-type", 5), *lease], 0.0006, reply=True)
        tape.wait(0.2)
        self.looks_for(gateway)
        tape.wait(0.05)

    def looks_for(self, host: Host) -> None:
        """ARP (RFC 826)."""
        tape = self.site.tape
        tape.put(bytes(Ether(src=self.mac, dst=BROADCAST) / ARP(op=1, hwsrc=self.mac, psrc=self.ip, hwdst="00:00:00:00:00:00", pdst=host.ip)))
        tape.wait(0.00004)
        tape.put(bytes(Ether(src=host.mac, dst=self.mac) / ARP(op=2, hwsrc=host.mac, psrc=host.ip, hwdst=self.mac, pdst=self.ip)))

    def _dhcp(self, xid: int, raw: bytes, options: list[Any], after: float, *, reply: bool = False) -> None:
        gateway = self.site.gateway
        self.site.tape.wait(after)
        if reply:
            head = Ether(src=gateway.mac, dst=self.mac) / IP(src=gateway.ip, dst=self.ip, id=gateway.next_id(), flags=0) / UDP(sport=67, dport=68)
            body = BOOTP(op=2, xid=xid, yiaddr=self.ip, siaddr=gateway.ip, chaddr=raw)
        else:
            head = Ether(src=self.mac, dst=BROADCAST) / IP(src="0.0.0.0", dst="255.255.255.255", id=0) / UDP(sport=68, dport=67)
            body = BOOTP(op=1, xid=xid, chaddr=raw)
        self.site.tape.put(bytes(head / body / DHCP(options=[*options, "end"])))

    # ------------------------------------------------------------ names

    def resolves(self, name: str, server: Host | None = None, *, rcode: str | None = None, ttl: int = 300, answered: bool = True) -> str | None:
        """A and AAAA of a name, with what the zone (or ``rcode``) answers. Gives the address, None without."""
        name = self.site.name(name)
        found = None if rcode else self.site.zone.get(name)
        aliases = found[:-1] if isinstance(found, tuple) else ()
        address = found[-1] if isinstance(found, tuple) else found
        for qtype in ("A", "AAAA"):
            answers = [records.alias(owner, target, ttl) for owner, target in zip((name, *aliases), aliases, strict=False)]
            if address and qtype == "A":
                answers.append(records.address((name, *aliases)[-1], address, ttl))
            code = RCODES[rcode or "NXDOMAIN"] if found is None else 0
            self.asks(name, qtype, answers, code, server, answered=answered)
        return address if answered else None

    def asks(self, name: str, qtype: str, answers: Sequence[Any] = (), rcode: int = 0, server: Host | None = None, *, answered: bool = True) -> None:
        """One question, and its answer if there is one."""
        server = server or self.resolver
        self._dns = self._dns + 1
        identifier, port = number("dns id", self.ip, self._dns, bits=16), 33_000 + self._dns
        question = DNSQR(qname=name + ".", qtype=TYPES[qtype])
        self.site.udp(self, port, server, 53, DNS(id=identifier, rd=1, qd=[question]), after=0.0006)
        if not answered:
            return
        zone = self.site.domain if name.endswith(self.site.domain) else name.partition(".")[2]
        nothing = [] if answers or rcode in (2, 5) else [records.start_of(zone)]
        inside = server.ip == self.site.resolver.ip and name.endswith(self.site.domain)
        reply: Any = DNS(id=identifier, qr=1, aa=int(inside and rcode != 2), rd=1, ra=1, rcode=rcode, qd=[question], an=list(answers), ns=nothing)
        self.site.udp(server, 53, self, port, reply.compress(), after=server.rtt, whole=False)

    def asks_privately(self, provider: Host, name: str, questions: int) -> None:
        """DNS over TLS (RFC 7858): of the questions one sees the lengths only."""
        talk = self.connects(provider, 853)
        secure = self.starts_tls(talk, name, version=tls_bytes.TLS13)
        secure.flight()
        secure.finish()
        for _ in range(questions):
            secure.request(bytes(128))
            secure.response(bytes(468))
        secure.goodbye()
        talk.close()

    # ------------------------------------------------------------ connections

    def connects(self, server: Host | str, port: int = 443, **options: int) -> Talk:
        """A conversation that is open."""
        talk = self.dials(server, port, **options)
        talk.open()
        return talk

    def dials(self, server: Host | str, port: int = 443, **options: int) -> Talk:
        """A conversation that is still to be opened."""
        host = self.site.host(server) if isinstance(server, str) else server
        return Talk(self.site.wire, self, host, self.next_port(), port, **options)

    def starts_tls(
        self, talk: Talk, name: str | None, chain: Chain | None = None, *, version: int = tls_bytes.TLS12, highest: int | None = None
    ) -> Tls12 | Tls13:
        """The TLS of a conversation, ClientHello sent. ``version`` is the server's choice, ``highest`` the client's."""
        name = self.site.name(name) if name else None
        label = f"{self.ip} {talk.client.port} {name}"
        top = highest or max(HIGHEST[self.platform], version)
        suites = tls_bytes.SCHANNEL if self.system == "windows" else tls_bytes.MODERN if top >= tls_bytes.TLS12 else tls_bytes.OLD
        hello = tls_bytes.client_hello(label, name, top, suites, (b"h2", b"http/1.1") if self.system in ("ios", "android") else ())
        made = (Tls13 if version >= tls_bytes.TLS13 else Tls12)(talk, label, hello, chain or self.site.chains[talk.server.host.ip])
        if self.site.keys and made.key_log:
            self.site.tape.secrets.append(made.key_log)
        made.hello()
        return made

    def https(
        self,
        name: str,
        chain: Chain | None = None,
        *,
        version: int = tls_bytes.TLS12,
        lookup: bool = True,
        ttl: int = 300,
        segment: int | None = None,
    ) -> Web:
        """Look-up, connection and handshake; ready for requests. ``segment``: the size of the server's segments."""
        address = self.resolves(name, ttl=ttl) if lookup else self._known(name)
        assert address is not None
        talk = self.connects(address)
        talk.segment = segment
        secure = self.starts_tls(talk, name, chain, version=version)
        secure.flight()
        secure.finish()
        return Web(talk, self.site.name(name), self.agent, secure)

    def http(self, name: str, *, lookup: bool = True, port: int = 80) -> Web:
        """Look-up and connection for clear text."""
        address = self.resolves(name) if lookup else self._known(name)
        assert address is not None
        return Web(self.connects(address, port), self.site.name(name), self.agent)

    def refuses(self, name: str, chain: Chain | None = None, alert: int = 46, *, lookup: bool = True) -> None:
        """The handshake up to the server's chain, which the phone refuses with an alert."""
        address = self.resolves(name) if lookup else self._known(name)
        assert address is not None
        talk = self.connects(address)
        secure = self.starts_tls(talk, name, chain)
        assert isinstance(secure, Tls12)
        secure.flight()
        secure.alert(alert)
        talk.close("server", after=0.0003)

    def _known(self, name: str) -> str | None:
        """What the phone was told before."""
        found = self.site.zone[self.site.name(name)]
        return found[-1] if isinstance(found, tuple) else found

    # ------------------------------------------------------------ signing in

    def asks_root(self, name: str = "lyncdiscoverinternal", access: str = "Internal", **options: Any) -> None:
        """Lync discovery at one name: the root over https."""
        host = self.site.name("webint" if access == "Internal" else "webext")
        with self.https(name, **options) as web:
            web.get(f"/?sipuri=sip:joe@{self.site.domain}", documents.root(access, host=host, user_host=self.site.name("webext")))

    def signs_in(self, name: str = "webext", **options: Any) -> None:
        """What follows: the user resource, a web ticket, and the application at the external web services."""
        site = self.site
        with self.https(name, **options) as web:
            secret = noise("ticket", self.ip).randbytes(24).hex()
            web.get(f"{documents.SERVICE}/user", documents.challenge(f"https://{web.host}{documents.WEB_TICKET}"))
            web.post(documents.WEB_TICKET, documents.ticket())
            answer = documents.user("Internal", internal=site.name("webint"), external=site.name("webext"))
            web.get(f"{documents.SERVICE}/user", answer, X_MS_WebTicket=f"opaque={secret}")

    def asks_user(self, name: str = "webint", **options: Any) -> None:
        """The user resource, which names the services, to somebody who has a ticket already."""
        with self.https(name, **options) as web:
            answer = documents.user("Internal", internal=self.site.name("webint"), external=self.site.name("webext"))
            web.get(f"{documents.SERVICE}/user", answer, X_MS_WebTicket=f"opaque={noise('ticket', self.ip).randbytes(24).hex()}")

    def asks_exchange(self, name: str = "autodiscover", **options: Any) -> None:
        """Exchange autodiscover: a challenge, credentials, the settings."""
        with self.https(name, **options) as web:
            secret = noise("password", self.ip).randbytes(18).hex()
            address = f"joe@{self.site.domain}"
            path, body, kind = documents.EXCHANGE_PATH, documents.question(address), "text/xml"
            web.post(path, documents.basic_challenge(), body, Content_Type=kind)
            web.post(path, documents.settings(self.site.name("mail")), body, Content_Type=kind, Authorization=f"Basic {secret}")
