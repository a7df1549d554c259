"""Who is a device (docs/domain.md, 8): inside hosts that ask, told apart by MAC at the tap, leases, ARP and ND; routers looked through."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import Final

from pcapkit.sessions.finder import FEW, Finder
from pcapkit.sessions.hints import Hint
from pcapkit.sessions.oui import vendor_of
from pcapkit.sessions.platforms import platform_of
from pcapkit.sessions.scene import DeviceCase, Ref
from pcapkit.sessions.sightings import Client, Sight, Sightings
from pcapkit.sessions.site import Inside, is_unicast

FULL_TTL: Final = frozenset({64, 128, 255})
EPHEMERAL: Final = 32_768
"""Ports from here on are no service that a host offers (RFC 6335 leaves them to the client side in practice)."""
QUIET: Final = 1_024
"""Hosts without a readable word that are looked at, at most."""
V6_PREFIXES: Final = 3
"""A phone has addresses of few prefixes; a router carries those of many."""


@dataclass(slots=True)
class Host:
    """Addresses that belong together. ``key``: the MAC, else the address."""

    key: str
    mac: str | None
    first: Ref
    sights: list[Sight] = field(default_factory=list)
    addresses: dict[str, int] = field(default_factory=dict)
    """Address → time first seen, ns."""
    notes: list[str] = field(default_factory=list)
    lease: Client | None = None
    bound: bool = False
    """Its own DHCP, ARP or ND exchange is in the capture."""


def is_randomized(mac: str | None) -> bool:
    """Locally administered (IEEE 802: bit 0x02 of the first octet)."""
    return mac is not None and mac[1:2].lower() in ("2", "3", "6", "7", "a", "b", "e", "f")


class Roster:
    """The devices of a capture, and which of them an address is at a time."""

    def __init__(self, sightings: Sightings, inside: Inside, find: Finder, translated: frozenset[str]) -> None:
        self._seen = sightings
        self._inside = inside
        self._find = find
        self._translated = translated
        self._leased: dict[str, list[tuple[int, str]]] = {}
        for client in sightings.clients.values():
            for time_ns, address in client.leases:
                self._leased.setdefault(address, []).append((time_ns, client.mac))
        for leases in self._leased.values():
            leases.sort()
        self._bound: dict[str, list[str]] = {}
        """Address → MACs that ARP or ND gave it."""
        for address, mac in sightings.neighbours:
            self._bound.setdefault(address, []).append(mac)
        self._carriers: dict[str, list[str]] = {}
        """Address → MACs that carried its packets."""
        for sight in sightings.sights.values():
            if sight.mac:
                self._carriers.setdefault(sight.address, []).append(sight.mac)
        self._forwarders = self._find_forwarders()
        self._hosts: dict[str, Host] = {}
        self._bindings: dict[str, list[tuple[int, str]]] = {}
        self._group()
        self.devices: list[DeviceCase] = []
        self._by_key: dict[str, DeviceCase] = {}

    # ------------------------------------------------------------ grouping

    def _find_forwarders(self) -> frozenset[str]:
        """MACs that carry the packets of others: routers, controllers, hotspots."""
        carried: dict[str, list[Sight]] = {}
        for sight in self._seen.sights.values():
            if sight.mac and is_unicast(sight.address):
                carried.setdefault(sight.mac, []).append(sight)
        return frozenset(mac for mac, sights in carried.items() if self._carries_others(mac, sights))

    def _carries_others(self, mac: str, sights: list[Sight]) -> bool:
        v4 = sorted((s for s in sights if ":" not in s.address and not s.address.startswith("169.254.")), key=lambda s: s.first.time_ns)
        leased = {address for _, address in self._seen.clients[mac].leases} if mac in self._seen.clients else set()
        for before, after in pairwise(v4):
            both_leased = before.address in leased and after.address in leased
            if (after.first.time_ns < before.last_ns and not both_leased) or self._inside(before.address) != self._inside(after.address):
                return True
        prefixes = {_prefix64(s.address) for s in sights if ":" in s.address and not s.address.startswith(("fe80:", "fd", "fc"))}
        return len(prefixes) > V6_PREFIXES or (len(v4) > 1 and any(self._forwarded(s.address) for s in v4 if s.asks))

    def _forwarded(self, address: str) -> bool:
        """The host's SYNs lost hops before the tap: the MAC there is a router's."""
        opened = (c.syns[0] for c in islice(self._find.each(address, None), FEW) if c.syns)
        syn = next(opened, None)
        return syn is not None and syn.ttl not in FULL_TTL

    def _key(self, sight: Sight) -> tuple[str, str | None]:
        """What the host of this sight is known by, and its MAC."""
        owner = self._leased_to(sight.address, sight.first.time_ns)
        if owner:
            return owner, owner
        if sight.mac and sight.mac not in self._forwarders and not self._routed(sight):
            return sight.mac, sight.mac
        bound = [mac for mac in self._bound.get(sight.address, ()) if mac not in self._forwarders]
        if len(bound) == 1:
            return bound[0], bound[0]
        direct = next((mac for mac in self._carriers.get(sight.address, ()) if mac not in self._forwarders), None)
        if direct and sight.mac in self._forwarders:
            return direct, direct
        return sight.address, None

    def _routed(self, sight: Sight) -> bool:
        bound = (sight.address, sight.mac) in self._seen.neighbours
        return not bound and self._forwarded(sight.address)

    def _leased_to(self, address: str, time_ns: int) -> str | None:
        leases = self._leased.get(address)
        if not leases:
            return None
        at = bisect_right(leases, time_ns, key=lambda lease: lease[0])
        return leases[max(0, at - 1)][1]

    def _group(self) -> None:
        for sight in sorted(self._seen.sights.values(), key=lambda s: (s.first.time_ns, s.first.capture, s.first.frame)):
            if not is_unicast(sight.address):
                continue
            key, mac = self._key(sight)
            host = self._hosts.get(key)
            if host is None:
                host = self._hosts[key] = Host(key, mac, sight.first)
            host.sights.append(sight)
            host.addresses.setdefault(sight.address, sight.first.time_ns)
            self._bindings.setdefault(sight.address, []).append((sight.first.time_ns, key))
        for (address, mac), ref in self._seen.neighbours.items():
            owner = self._hosts.get(mac)
            if owner and mac not in self._forwarders and is_unicast(address):
                owner.bound = True
                if address not in owner.addresses:
                    owner.addresses[address] = ref.time_ns
                    self._bindings.setdefault(address, []).append((ref.time_ns, mac))
        self._quiet_hosts()
        for mac, client in self._seen.clients.items():
            owner = self._hosts.get(mac)
            if owner:
                owner.bound, owner.lease = True, client
                owner.first = min(owner.first, client.first, key=lambda r: (r.time_ns, r.capture, r.frame))
        for bindings in self._bindings.values():
            bindings.sort()

    def _quiet_hosts(self) -> None:
        """Hosts of which only the lease, ARP or ND is readable: they may have opened conversations of which nothing is."""
        bound = [(lease[1], mac, client.first) for mac, client in self._seen.clients.items() for lease in client.leases]
        bound += [(address, mac, ref) for (address, mac), ref in self._seen.neighbours.items()]
        for address, mac, ref in bound[:QUIET]:
            if address not in self._bindings and mac not in self._forwarders and is_unicast(address) and self._inside(address):
                host = self._hosts.setdefault(mac, Host(mac, mac, ref, bound=True))
                host.addresses.setdefault(address, ref.time_ns)
                self._bindings[address] = [(ref.time_ns, mac)]

    # ------------------------------------------------------------ devices

    def settle(self, outsiders: Iterable[str]) -> None:
        """Name the devices. ``outsiders``: addresses outside that took part in a discovery, devices too (a capture at the proxy)."""
        outside = frozenset(outsiders)
        hosts = [h for h in self._hosts.values() if self._is_device(h, outside)]
        hosts.sort(key=lambda h: (h.first.time_ns, h.first.capture, h.first.frame, h.key))
        for number, host in enumerate(hosts, 1):
            device = self._describe(host, f"D{number}")
            self.devices.append(device)
            self._by_key[host.key] = device

    def _is_device(self, host: Host, outside: frozenset[str]) -> bool:
        if not any(s.asks for s in host.sights) and not self._opens(host):
            return False
        addresses = set(host.addresses)
        if addresses <= self._translated:
            return False
        if not self._is_inside(host) and not addresses & outside:
            return False
        if host.lease:
            return True
        if any(s.resolves for s in host.sights) or any(a in self._seen.asked for a in addresses):
            return False
        return not self._accepts(host)

    def _opens(self, host: Host) -> bool:
        """It opened TCP conversations, or QUIC or encrypted DNS ones, in which nothing was readable."""
        if not host.bound or len(self._hosts) > QUIET:
            return False
        seen = (c for a in host.addresses for c in islice(self._find.each(a, None), FEW))
        return any(c.syns or (c.transport == "udp" and c.server_port in (443, 853)) for c in seen)

    def _is_inside(self, host: Host) -> bool:
        return host.bound or any(self._inside(a) for a in host.addresses)

    def _accepts(self, host: Host) -> bool:
        """Others opened conversations to a service of it, and got through."""
        for address in host.addresses:
            for connection in islice(self._find.each(None, address), FEW):
                served = connection.server_port < EPHEMERAL and connection.client not in host.addresses
                if served and connection.transport == "tcp" and connection.synacks:
                    return True
        return False

    def _describe(self, host: Host, device_id: str) -> DeviceCase:
        addresses = tuple(sorted(host.addresses, key=lambda a: (":" in a, a.startswith("fe80:"), host.addresses[a])))
        hints: dict[Hint, Ref] = {}
        for address in addresses:
            hints.update(self._seen.hints.get(address, {}))
        lease = host.lease
        hostname = lease.hostname if lease else None
        if hostname is None:
            hostname = next((self._seen.names[a][0] for a in addresses if a in self._seen.names), None)
        randomized = is_randomized(host.mac)
        notes = list(host.notes)
        if host.mac is None and any(s.mac for s in host.sights):
            notes.append("behind a router or controller: its own MAC is not seen here")
        return DeviceCase(
            id=device_id,
            mac=host.mac,
            mac_randomized=randomized,
            vendor=None if randomized or host.mac is None else vendor_of(host.mac),
            addresses=addresses,
            hostname=hostname,
            platform=platform_of(hints, lease),
            inside=self._is_inside(host),
            resolvers=lease.resolvers if lease else (),
            search_domains=(lease.search_domain.lower(),) if lease and lease.search_domain else (),
            notes=tuple(notes),
        )

    def of(self, address: str, time_ns: int, mac: str | None = None) -> DeviceCase | None:
        """The device that had an address at a time."""
        if mac and mac not in self._forwarders and address in (self._hosts[mac].addresses if mac in self._hosts else ()):
            return self._by_key.get(mac)
        bindings = self._bindings.get(address)
        if not bindings:
            return None
        at = bisect_right(bindings, time_ns, key=lambda binding: binding[0])
        return self._by_key.get(bindings[max(0, at - 1)][1])

    def adopt(self, address: str, mac: str | None) -> DeviceCase | None:
        """The device of a MAC gets an address under which it was not seen to say anything."""
        device = self._by_key.get(mac) if mac and mac not in self._forwarders else None
        if device is None or address in self._bindings or not is_unicast(address):
            return None
        device.addresses = (*device.addresses, address)
        self._hosts[device.mac or ""].addresses.setdefault(address, 0)
        self._bindings[address] = [(0, device.mac or "")]
        return device


def _prefix64(address: str) -> str:
    return ":".join(address.split("::")[0].split(":")[:4])
