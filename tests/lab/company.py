"""The small company of a scenario: its addresses, its names, and what differs from the healthy one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

LAN, SRV, DNS, DMZ, WAN = "172.20.23", "10.107.171", "10.190.25", "192.168.204", "198.18.155"
LAN6, SRV6, DNS6, DMZ6, WAN6 = "2001:db8:20:", "2001:db8:107:", "2001:db8:190:", "2001:db8:204:", "2001:db8:155:"
GUEST = "172.20.24"
PUB, NATIP, ISP = f"{WAN}.122", f"{WAN}.11", f"{WAN}.1"
FE, FE2, CAS, OWA, DNSIP, DNSIP2, RP, RP_LEG = f"{SRV}.10", f"{SRV}.11", f"{SRV}.25", f"{SRV}.26", f"{DNS}.53", f"{DNS}.54", f"{DMZ}.28", f"{LAN}.28"
FE6, CAS6, RP6 = f"{SRV6}:10", f"{SRV6}:25", f"{DMZ6}:28"
WEB, BARE, FOREIGN, PORTAL = "198.51.100.80", "198.51.100.81", "198.51.100.82", "198.51.100.83"
PROBES, UPDATES, CLOUD = "198.51.100.84", "198.51.100.85", "198.51.100.86"
STRANGER, SILENT = "198.51.100.90", "198.51.100.91"
PUBLIC_DNS, APPLE_PUSH = "8.8.8.8", "17.57.144.10"
OUTSIDE = (WEB, BARE, FOREIGN, PORTAL, PROBES, UPDATES, CLOUD, PUBLIC_DNS)
"""What the internet answers on. ``STRANGER`` is nobody's, ``SILENT`` drops everything."""


@dataclass(frozen=True)
class Site:
    """What differs from the healthy company.

    ``hairpin``: see ``firewall.py``. ``fe``, ``rp``, ``cas``: certificate kinds of ``pki``; ``tls``: nginx's ssl_protocols, ``resume``: how sessions can be
    taken up again (ticket, id), ``http2``: the servers offer it. ``records`` override the inside zone (None removes; ``a|b`` gives both), ``second_view`` that of a second
    inside resolver; ``cnames`` and ``srv`` are dnsmasq's own words. ``dns``: ok, silent, servfail, rebind. ``closed``: (box, port) without listener.
    ``faults``: what the front end does with paths, ``rp_faults`` what it does with those that came through the proxy (``app.py``);
    ``pool``: names of the front end's servers, asked in turn. ``idle_cut``: seconds after which the proxy's load balancer cuts silent connections.
    ``inspect``: a gateway shows certificates of its own CA for everything. ``v6_drop``: the firewall drops IPv6 to the proxy, ``v6_lossy``: it loses the
    first SYN of each connection. ``mirror``: where the taps are; ``late``: the scenario starts the capture itself; ``only``: a capture filter that loses packets.
    """

    hairpin: str = "ok"
    fe: str = "ok"
    rp: str = "ok"
    cas: str = "ok"
    tls: str = "TLSv1.2"
    ciphers: str = "ALL:@SECLEVEL=0"
    resume: str = ""
    http2: bool = False
    refuse_names: bool = False
    inspect: bool = False
    records: dict[str, str | None] = field(default_factory=dict)
    second_view: dict[str, str | None] | None = None
    public_records: dict[str, str] = field(default_factory=dict)
    cnames: tuple[str, ...] = ()
    srv: tuple[str, ...] = ()
    ttl: int = 60
    dns: str = "ok"
    closed: tuple[tuple[str, int], ...] = ()
    faults: dict[str, Any] = field(default_factory=dict)
    rp_faults: dict[str, Any] = field(default_factory=dict)
    app: dict[str, Any] = field(default_factory=dict)
    pool: tuple[str, ...] = ("fe01.contoso.com",)
    idle_cut: float = 0
    mirror: tuple[str, ...] = ("ap",)
    uplink: bool = True
    push: bool = True
    offload: bool = False
    ipv6: bool = False
    v6_drop: bool = False
    v6_lossy: bool = False
    snaplen: int = 0
    late: bool = False
    only: str = ""
    domain: str = "contoso.com"

    @property
    def names(self) -> dict[str, str]:
        d = self.domain
        return {
            "domain": d, "LDI": f"lyncdiscoverinternal.{d}", "LD": f"lyncdiscover.{d}", "AD": f"autodiscover.{d}", "EXT": f"webext.{d}",
            "INTW": f"lyncwebint.{d}", "POOL": f"fepool.{d}", "MAIL": f"mail.{d}", "OWA": f"owa.{d}",
        }  # fmt: skip

    def inside(self) -> dict[str, str]:
        """The zone that inside resolvers answer from."""
        n = self.names
        zone: dict[str, str | None] = {
            n["LDI"]: FE, n["LD"]: PUB, n["EXT"]: PUB, n["INTW"]: FE, n["POOL"]: FE, n["AD"]: CAS, n["MAIL"]: CAS, n["OWA"]: OWA,
            **OUTER_NAMES,
        }  # fmt: skip
        if self.ipv6:
            zone |= {n["LDI"]: f"{FE}|{FE6}", n["INTW"]: f"{FE}|{FE6}", n["LD"]: f"{PUB}|{RP6}", n["EXT"]: f"{PUB}|{RP6}"}
        zone.update(self.records)
        return {name: address for name, address in zone.items() if address}

    def outside(self) -> dict[str, str]:
        """The zone that the internet knows."""
        n = self.names
        return {n["LD"]: PUB, n["EXT"]: PUB, n["AD"]: PUB, self.domain: BARE, **OUTER_NAMES, **self.public_records}


OUTER_NAMES = {
    "www.example.com": WEB, "static.example.com": WEB, "news.example.org": FOREIGN, "download.example.net": UPDATES, "www.fabrikam.com": FOREIGN,
    "captive.apple.com": PROBES, "connectivitycheck.gstatic.com": PROBES, "www.msftconnecttest.com": PROBES, "portal.hotel.example": PORTAL,
    "courier.push.apple.com": APPLE_PUSH, "login.microsoftonline.com": CLOUD, "dns.google": PUBLIC_DNS, "vpn.example.net": CLOUD,
}  # fmt: skip
