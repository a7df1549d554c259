"""What the router does with packets, as nftables text.

``hairpin`` of a site is one of:

* ok: destination and source NAT. drop: an anti-spoofing rule before the NAT. reset: every port refused by the gateway; reset443: 443 only.
* icmp-TYPE: the gateway answers with that ICMP code. loop: gateway and provider send the packet to each other until its TTL ends.
* asym: no source NAT, and the proxy has a leg in the phones' network. asym-far: the proxy answers by another way, past the tap.
* after-nat: the NAT works and the proxy drops. anti-spoof: no source NAT, and the proxy's reverse path filter drops (the real one).
* stall: large packets of the proxy are dropped silently. black-hole: the way back has a smaller MTU, and the proxy hears no ICMP.
"""

from __future__ import annotations

from company import ISP, NATIP, PUB, PUBLIC_DNS, RP, RP6, RP_LEG, SILENT, Site

NO_SNAT = ("asym", "asym-far", "anti-spoof")
FAR_ROUTER = "192.0.2.1"
SEEN = "set seen { type ipv6_addr . inet_service; flags dynamic, timeout; timeout 10s; }\n"


def router(site: Site) -> str:
    """The router's tables."""
    tables = _table("ip", _ipv4(site))
    return tables + (_table("ip6", _ipv6(site), SEEN) if site.ipv6 else "")


def _table(family: str, chains: dict[str, list[str]], sets: str = "") -> str:
    body = sets + "\n".join(f"chain {head}\n" + "\n".join(rules) + "\n}" for head, rules in chains.items())
    return f"table {family} lab {{\n{body}\n}}\n"


def _ipv4(site: Site) -> dict[str, list[str]]:
    proxy = RP_LEG if site.hairpin == "asym" else RP
    inside = f'iifname "lan" ip daddr {PUB}'
    ports = {"reset443": "80", "loop": ""}.get(site.hairpin, "" if site.hairpin.startswith(("drop", "reset", "icmp")) else "80, 443")
    refuse = {"reset": [f"{inside} reject with tcp reset"], "reset443": [f"{inside} tcp dport 443 reject with tcp reset"]}.get(site.hairpin, [])
    if site.hairpin.startswith("icmp-"):
        refuse = [f"{inside} reject with icmp type {site.hairpin.removeprefix('icmp-')}"]
    drops = [] if site.uplink else [f'iifname "lan" ip daddr {{ 198.51.100.0/24, {PUB}, {PUBLIC_DNS} }} drop']
    drops += [f"{inside} drop"] if site.hairpin == "drop" else []
    through = ['iifname "rp" oifname "lan" meta length > 600 drop'] if site.hairpin == "stall" else []
    through += [] if site.push else ["tcp dport 5223 drop"]
    through += [f"ip daddr {SILENT} drop"]
    back = [] if site.hairpin in NO_SNAT else [f'iifname "lan" oifname "rp" ip daddr {RP} ct status dnat masquerade']
    outside = [f'iifname "wan" ip daddr {PUB} tcp dport {{ 80, 443 }} dnat to {proxy}']
    return {
        "early { type filter hook prerouting priority -150;": drops,
        "into { type filter hook input priority 0;": refuse,
        "before { type nat hook prerouting priority -100;": [f"{inside} tcp dport {{ {ports} }} dnat to {proxy}"] * bool(ports) + outside,
        "through { type filter hook forward priority 0;": through,
        "after { type nat hook postrouting priority 100;": [*back, f'oifname "wan" ip daddr != {PUB} masquerade'],
    }


def _ipv6(site: Site) -> dict[str, list[str]]:
    drop = [f'iifname "lan" ip6 daddr {RP6} drop'] if site.v6_drop else []
    if site.v6_lossy:
        syn = "tcp flags & (syn | ack) == syn"
        drop += [f"{syn} ip6 saddr . tcp sport @seen accept", f"{syn} update @seen {{ ip6 saddr . tcp sport }} drop"]
    return {"through { type filter hook forward priority 0;": drop}


def proxy(site: Site) -> str:
    """The reverse proxy's own filter; empty for none."""
    rule = {"after-nat": "tcp dport { 80, 443 } drop", "black-hole": "icmp type destination-unreachable drop"}.get(site.hairpin)
    return f"table ip lab {{\nchain inp {{\ntype filter hook input priority 0;\n{rule}\n}}\n}}\n" if rule else ""


def routes(site: Site) -> dict[str, list[str]]:
    """Commands for ``ip``, by box, that the form of the U-turn needs besides filters."""
    if site.hairpin == "loop":
        return {"rtr": [f"route add {PUB} via {ISP}"], "net": [f"route add {PUB} via {NATIP}", f"route add 172.20.0.0/16 via {NATIP}"]}
    if site.hairpin in ("asym-far", "anti-spoof"):
        return {"rp": [f"route add 172.20.0.0/16 via {FAR_ROUTER}"]}
    if site.hairpin == "black-hole":
        return {"rtr": ["link set lan mtu 1280"]}
    return {}


def far_leg(site: Site) -> str | None:
    """The proxy's second leg, as an address with prefix; None without one."""
    return {"asym": f"{RP_LEG}/24", "asym-far": "192.0.2.28/24", "anti-spoof": "192.0.2.28/24"}.get(site.hairpin)
