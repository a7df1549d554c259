"""A device asks another resolver than the network's own, so the inside zones are invisible to it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from pcapkit.rules._api import Hit, Note, Rule
from pcapkit.rules._names import positive
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import DeviceCase, Ref, Scene

RULE = Rule(
    code="dns-bypass",
    severity="warning",
    title="The device asks a resolver of its own",
    meaning="DNS over TLS, DNS over HTTPS, iCloud Private Relay or a resolver typed in by hand: the inside zone is never asked, so lyncdiscoverinternal and inside addresses do not exist for it.",
    recognised="Connections to port 853, or to 443 of a well-known public resolver or a known DoH or Private Relay name, or plain DNS to a resolver that DHCP did not give; and the "
    "device has a session, or never asks the inside resolver while others have sessions.",
    wireshark="tcp.port == 853, or ip.dst of a public resolver.",
    display_filter="tcp.port == 853 || ip.addr in {8.8.8.8, 8.8.4.4, 1.1.1.1, 1.0.0.1, 9.9.9.9, 149.112.112.112}",
    remedy=(
        "Manage it: Android Private DNS off or automatic by MDM, Private Relay off for this network (NXDOMAIN for mask.icloud.com and mask-h2.icloud.com).",
        "Or block port 853 and the public resolvers, so that the device falls back to the network's resolver.",
    ),
    how_sure="High for what is seen; that the inside zone is not asked at all rests on the rest of the capture.",
    facts={"kind": "dot, doh, relay or plain", "resolver": "address or name", "connections": "how many"},
    sources=("RFC 7858", "RFC 8484"),
)

RESOLVERS = frozenset(
    {
        "8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "149.112.112.112",
        "2001:4860:4860::8888", "2001:4860:4860::8844", "2606:4700:4700::1111", "2606:4700:4700::1001", "2620:fe::fe", "2620:fe::9",
    }
)  # fmt: skip
DOH_NAMES = ("dns.google", "cloudflare-dns.com", "one.one.one.one", "dns.quad9.net")
RELAY_NAMES = ("mask.icloud.com", "mask-h2.icloud.com")


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each device, kind and resolver."""
    with_session = {s.device.id for s in scene.sessions}
    if not with_session:
        return
    for device in scene.devices:
        if not device.inside or (device.id not in with_session and _asks_inside(scene, device)):
            continue
        found = {**_encrypted(scene, device), **_plain(scene, device)}
        for (kind, resolver), notes in sorted(found.items()):
            session = next((s for s in scene.sessions if s.device.id == device.id), None)
            yield Hit(
                subject=(kind, resolver),
                severity="warning",
                confidence="high",
                because=("the packets to that resolver are in the capture",),
                headline=f"{who(device)} asks {resolver} ({_WORDS[kind]}) instead of the network's resolver.",
                evidence=tuple(notes[:10]),
                facts={"kind": kind, "resolver": resolver, "connections": len(notes)},
                device=device.id,
                session=session,
            )


_WORDS = {"dot": "DNS over TLS", "doh": "DNS over HTTPS", "relay": "iCloud Private Relay", "plain": "plain DNS"}
Found = dict[tuple[str, str], list[Note]]


def _asks_inside(scene: Scene, device: DeviceCase) -> bool:
    return any(scene.is_inside(q.server) and not _multicast(q.server) for x in device.lookups for q in x.queries)


def _multicast(address: str) -> bool:
    return ipaddress.ip_address(address).is_multicast


def _named(name: str, known: tuple[str, ...]) -> bool:
    return name in known or any(name.endswith("." + k) for k in known) or (known is DOH_NAMES and name.startswith("doh."))


def _encrypted(scene: Scene, device: DeviceCase) -> Found:
    """Connections that answered: to port 853, to 443 of a public resolver, and to where DoH or relay names led."""
    found: Found = {}
    led: dict[str, tuple[str, str]] = {}
    for lookup in positive(device.lookups):
        name = lookup.name.lower().rstrip(".")
        kind = "relay" if _named(name, RELAY_NAMES) else "doh" if _named(name, DOH_NAMES) else None
        if kind:
            led.update(dict.fromkeys(lookup.addresses, (kind, name)))
    for address in device.addresses:
        for connection in scene.find(address, None, 853):
            if connection.established:
                _add(
                    found,
                    "dot",
                    connection.server,
                    Ref(connection.capture, connection.first_frame, connection.first_time_ns),
                    "connection to port 853",
                )
        for server in sorted(RESOLVERS | led.keys()):
            kind, label = led.get(server, ("doh", server))
            for connection in scene.find(address, server, 443):
                if connection.established or connection.transport == "udp":
                    _add(found, kind, label, Ref(connection.capture, connection.first_frame, connection.first_time_ns), f"connection to {server}:443")
    return found


def _plain(scene: Scene, device: DeviceCase) -> Found:
    """Plain DNS to a resolver that DHCP did not name; without a lease: to a public one while other devices ask one inside."""
    found: Found = {}
    others_inside = any(_asks_inside(scene, d) for d in scene.devices if d.id != device.id)
    for lookup in device.lookups:
        for query in lookup.queries:
            if query.transport not in ("udp", "tcp") or _multicast(query.server):
                continue
            foreign = query.server not in device.resolvers if device.resolvers else (not scene.is_inside(query.server) and others_inside)
            if foreign and not scene.is_inside(query.server):
                _add(found, "plain", query.server, query.ref, f"DNS {query.qtype} {lookup.name} to {query.server}")
    return found


def _add(found: Found, kind: str, resolver: str, ref: Ref, text: str) -> None:
    found.setdefault((kind, resolver), []).append((ref, text))
