"""Contoso: a gateway with NAT, a front end, Exchange, a reverse proxy with a public address, a resolver, and the phones of four people.

Everything works as long as a sample does not change it: ``zone`` says what names lead to, ``chains`` what servers present. The tap is the mirror of
the access point's uplink, so phones are on the tap's segment and all servers behind the gateway.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from scapy.layers.inet import ICMP, UDP

from kit import pki
from kit.hosts import Host, Wire
from kit.phone import Phone
from kit.tape import Tape

FRONT_END: Final = "10.0.0.10"
EXCHANGE: Final = "10.0.0.25"
RESOLVER: Final = "10.0.0.53"
PROXY: Final = "10.0.2.34"
PUBLIC: Final = "203.0.113.50"
"""The company's public address, which the gateway translates to the proxy."""
NAT_INSIDE: Final = "10.0.2.1"
"""The gateway's address on the proxy's side, to which it translates the source of a U-turn."""
GATEWAY: Final = "10.20.0.1"

Zone = dict[str, str | tuple[str, ...] | None]
"""What a name leads to: an address, a chain of aliases that ends in an address, or nothing (None). Names without an entry do not exist."""


@dataclass
class Company:
    """Everything of one sample. ``keys``: the key log of all TLS 1.2 connections is put into the capture."""

    domain: str = "contoso.com"
    keys: bool = False
    tape: Tape = field(default_factory=Tape)
    hosts: dict[str, Host] = field(default_factory=dict)
    """Everybody by address."""

    def __post_init__(self) -> None:
        self.gateway = Host(GATEWAY, "00:1a:1e:53:db:ba", hops=0)
        self.wire = Wire(self.tape, self.gateway)
        self.resolver = self.host(RESOLVER)
        self.front_end = self.host(FRONT_END, system="windows")
        self.exchange = self.host(EXCHANGE, system="windows")
        self.proxy = self.host(PUBLIC, rtt=0.0011)
        self.internet = self.host("198.51.100.80", hops=12, rtt=0.014)
        d = self.domain
        self.zone: Zone = {
            f"lyncdiscoverinternal.{d}": FRONT_END,
            f"webint.{d}": FRONT_END,
            f"lyncdiscover.{d}": PUBLIC,
            f"webext.{d}": PUBLIC,
            f"autodiscover.{d}": EXCHANGE,
            f"mail.{d}": EXCHANGE,
            "www.example.com": "198.51.100.80",
        }
        inside = (f"lyncdiscoverinternal.{d}", f"webint.{d}")
        self.chains = {
            FRONT_END: pki.public(*inside),
            EXCHANGE: pki.public(f"autodiscover.{d}", f"mail.{d}"),
            PUBLIC: pki.public(f"webext.{d}", f"lyncdiscover.{d}"),
            "198.51.100.80": pki.public("www.example.com"),
        }

    def host(self, ip: str, *, hops: int = 1, system: str = "linux", rtt: float = 0.0006) -> Host:
        """A host of the network, the same for the same address."""
        return self.hosts.setdefault(ip, Host(ip, "", hops=hops, system=system, rtt=rtt))

    def name(self, first: str) -> str:
        """A name of the company's domain; one with a dot is taken as it is."""
        return first if "." in first else f"{first}.{self.domain}"

    # ------------------------------------------------------------ phones

    def iphone(self) -> Phone:
        return Phone(self, "iPhone-Joe", "10.20.0.31", "a4:83:e7:21:d7:0f", "ios")

    def android(self) -> Phone:
        return Phone(self, "Galaxy-S21-Mia", "10.20.0.32", "5c:0a:5b:73:2f:bb", "android")

    def windows_phone(self) -> Phone:
        return Phone(self, "Windows-Phone-Lea", "10.20.0.33", "3c:c2:43:ce:12:5e", "windows-phone")

    def desktop(self) -> Phone:
        return Phone(self, "DESKTOP-4F7K2Q1", "10.20.0.34", "8c:16:45:11:22:33", "windows")

    def roaming_phone(self) -> Phone:
        """A phone somewhere in the internet: the tap stands on the proxy's outside, where its packets arrive through the provider's router."""
        self.gateway.mac = "00:0c:29:9a:11:01"
        self.proxy.hops, self.proxy.mac = 0, "00:50:56:8e:22:50"
        phone = Phone(self, "", "198.51.100.77", "", "ios")
        phone.hops, phone.rtt = 13, 0.041
        return phone

    # ------------------------------------------------------------ errors

    def icmp(self, sender: Host, quoted: bytes, kind: int, code: int, after: float = 0.0002, mtu: int = 0) -> None:
        """An ICMP error of ``sender`` about a packet: header and eight bytes of it, or more, as routers do (RFC 1812, 4.3.2.3)."""
        target = self.hosts[".".join(map(str, quoted[12:16]))]
        layer: Any = ICMP(type=kind, code=code, nexthopmtu=mtu) if kind == 3 else ICMP(type=kind, code=code)
        self.wire.send(sender, target, layer / quoted[:48], after, whole=False)

    def udp(self, source: Host, sport: int, target: Host, dport: int, layer: Any, after: float = 0.0004, *, whole: bool = True) -> None:
        """One datagram."""
        self.wire.send(source, target, UDP(sport=sport, dport=dport) / layer, after, whole=whole)
