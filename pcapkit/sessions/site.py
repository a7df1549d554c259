"""Inside and outside, and which public addresses are our own (docs/domain.md, 1 and 5)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Final

from pcapkit.model import Site
from pcapkit.sessions.finder import FEW, Finder
from pcapkit.sessions.roles import by_name, organisational_domain
from pcapkit.sessions.scene import DeviceCase, ForeignReply, Lookup, NameFact, NatCopy, OursEvidence, Ref, SessionCase

PRIVATE: Final = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "127.0.0.0/8",
    "fc00::/7",
    "fe80::/10",
    "::1/128",
)
"""RFC 1918, 6598, 3927, 4193, 4291. Documentation ranges count as public: redacted captures and labs use them."""
NEAR_TTL: Final = frozenset({62, 63, 64, 126, 127, 128, 253, 254, 255})
"""At most two hops from a sender that starts at 64, 128 or 255."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Inside:
    """Is an address inside? The private ranges and those that the user named."""

    def __init__(self, extra: Iterable[str] = ()) -> None:
        self.networks: list[Network] = [ipaddress.ip_network(text, strict=False) for text in (*PRIVATE, *extra)]
        self._known: dict[str, bool] = {}

    def __call__(self, address: str) -> bool:
        found = self._known.get(address)
        if found is None:
            if len(self._known) > 65_536:
                self._known.clear()
            found = self._known[address] = self._look(address)
        return found

    def _look(self, address: str) -> bool:
        parsed = parse(address)
        return parsed is not None and any(parsed in network for network in self.networks if network.version == parsed.version)


@lru_cache(maxsize=4_096)
def parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address, None for what is none."""
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None


def is_unicast(address: str) -> bool:
    """Neither multicast, broadcast nor the unspecified address."""
    parsed = parse(address)
    return parsed is not None and not (parsed.is_multicast or parsed.is_unspecified or address == "255.255.255.255")


class Ours:
    """Collects the evidence H1-H6 that an address is our own public one."""

    def __init__(
        self,
        inside: Inside,
        public_ips: tuple[str, ...],
        external_fqdns: tuple[str, ...],
        lookups: list[Lookup],
        names: Mapping[str, NameFact],
        find: Finder,
        foreign: Mapping[int, tuple[ForeignReply, ...]],
        copies: Mapping[int, tuple[NatCopy, ...]],
    ) -> None:
        self._inside = inside
        self._public_ips = frozenset(str(parse(a) or a) for a in public_ips)
        self._external = frozenset(n.lower().rstrip(".") for n in external_fqdns)
        self._names = names
        self._find = find
        self._foreign = foreign
        self._copies = copies
        self._by_address: dict[str, list[Lookup]] = {}
        self._private: dict[str, list[Lookup]] = {}
        """Organisational domain of the owner → look-ups with a private answer."""
        self._domains: dict[str, set[str]] = {}
        """Device → the account domains that it signs in to."""
        self._addresses: dict[str, tuple[str, ...]] = {}
        self._known: dict[tuple[str, str | None, str | None], list[OursEvidence]] = {}
        for lookup in lookups:
            for address in lookup.addresses:
                self._by_address.setdefault(address, []).append(lookup)
            zone = organisational_domain(lookup.owner)
            if zone and any(self._leads_inside(a) for a in lookup.addresses):
                self._private.setdefault(zone, []).append(lookup)

    def sessions(self, sessions: Iterable[SessionCase], devices: Iterable[DeviceCase]) -> None:
        """The sessions, once they are known: whom H4 believes."""
        self._known.clear()
        self._addresses = {d.id: d.addresses for d in devices}
        for session in sessions:
            self._domains.setdefault(session.device.id, set()).add(session.domain)

    def __call__(self, address: str, name: str | None, device: str | None) -> list[OursEvidence]:
        key = (address, name, device)
        if key not in self._known:
            self._known[key] = self._evidence(address, name, device)
        return list(self._known[key])

    def _evidence(self, address: str, name: str | None, device: str | None) -> list[OursEvidence]:
        if self._inside(address) or not is_unicast(address):
            return []
        name = name.lower() if name else None
        found = [
            *self._told(address, name),
            *self._by_packets(address, device),
            *self._near(address, device),
            *self._zone(address, name, device),
            *self._asked(address, name, device),
        ]
        if found:
            found += self._others(address, device)
        return sorted(found, key=lambda e: (not e.strong, e.code))

    def _flows(self, address: str, device: str | None) -> Iterator[int]:
        """Conversations to an address, those of the device first: what it did itself proves best."""
        mine = [flow for own in self._addresses.get(device or "", ()) for flow in self._find.flows(own, address)]
        known = set(mine)
        yield from mine
        yield from (flow for flow in self._find.flows(None, address) if flow not in known)

    def _leads_inside(self, address: str) -> bool:
        return is_unicast(address) and self._inside(address) and not address.startswith("127.") and address != "::1"

    def _told(self, address: str, name: str | None) -> Iterable[OursEvidence]:
        if address in self._public_ips:
            yield OursEvidence("H1", True, f"{address} was given as a public address of the site", ())
        elif name and name in self._external:
            yield OursEvidence("H1", True, f"{name} was given as an external name of the site", ())

    def _by_packets(self, address: str, device: str | None) -> Iterable[OursEvidence]:
        for flow in self._flows(address, device):
            reply = next((r for r in self._foreign.get(flow, ()) if self._inside(r.source)), None)
            if reply:
                yield OursEvidence("H2", True, f"the SYN to {address} was answered by the private address {reply.source}", (reply.syn, reply.reply))
                return
            copy = next((c for c in self._copies.get(flow, ()) if self._inside(c.copy_destination)), None)
            if copy:
                yield OursEvidence(
                    "H2", True, f"the SYN to {address} was seen again, translated to {copy.copy_destination}", (copy.original, copy.copy)
                )
                return

    def _near(self, address: str, device: str | None) -> Iterable[OursEvidence]:
        for connection in islice(map(self._find.connection, self._flows(address, device)), FEW):
            if connection is None or connection.transport != "tcp":
                continue
            for answer in connection.synacks:
                if answer.ttl in NEAR_TTL:
                    ref = Ref.of(connection, answer)
                    yield OursEvidence("H5", True, f"{address} answered from at most two hops away (TTL {answer.ttl})", (ref,))
                    return
            data = connection.reverse
            if data.bytes and data.ttl and data.first_data and data.ttl[0] in NEAR_TTL and data.ttl[1] in NEAR_TTL:
                ref = Ref(connection.capture, *data.first_data)
                yield OursEvidence("H5", True, f"{address} sent data from at most two hops away (TTL {data.ttl[1]})", (ref,))
                return

    def _owners(self, address: str, name: str | None, device: str | None) -> list[Lookup]:
        """Look-ups that gave the address, those of ``name`` and of the device first."""
        found = self._by_address.get(address, [])
        return sorted(found, key=lambda x: (x.name.lower() != name, x.device != device, x.first.time_ns))

    def _zone(self, address: str, name: str | None, device: str | None) -> Iterable[OursEvidence]:
        for lookup in self._owners(address, name, device):
            zone = organisational_domain(lookup.owner)
            private_ones = (x for x in self._private.get(zone or "", ()) if x.answer)
            other = min(private_ones, key=lambda x: (x.device != device, x.first.time_ns), default=None)
            if other and other.answer:
                refs = tuple(r for r in (lookup.answer, other.answer) if r)
                private = next(a for a in other.addresses if self._leads_inside(a))
                yield OursEvidence("H3", False, f"{lookup.owner} is {address}, and {other.name} of the same zone is {private} here", refs)
                return

    def _asked(self, address: str, name: str | None, device: str | None) -> Iterable[OursEvidence]:
        for lookup in self._owners(address, name, device):
            asked = lookup.name.lower()
            told = by_name(asked)
            domains = self._domains.get(device or lookup.device, set())
            fact = self._names.get(asked)
            own = told is not None and told.role != "edge" and told.domain in domains
            from_answer = fact is not None and fact.known and fact.source is not None and told is None
            if not own and not from_answer:
                continue
            zones = {organisational_domain(d) or d for d in domains}
            if (organisational_domain(lookup.owner) or lookup.owner) in zones:
                why = "is a discovery name of the account's domain" if own else "was named in an autodiscover answer"
                refs = tuple(r for r in (fact.source if fact else None, lookup.answer) if r)
                yield OursEvidence("H4", False, f"{asked} {why}", refs)
                return

    def _others(self, address: str, device: str | None) -> Iterable[OursEvidence]:
        mine = self._addresses.get(device or "", ())
        for connection in islice(self._find.each(None, address), FEW):
            if connection.client not in mine and connection.established and connection.reverse.bytes and connection.transport == "tcp":
                refs = tuple(Ref.of(connection, c) for c in connection.synacks[:1])
                yield OursEvidence("H6", False, f"{connection.client} reaches {address}", refs)
                return


def describe(
    extra: tuple[str, ...],
    public_ips: tuple[str, ...],
    external_fqdns: tuple[str, ...],
    sessions: list[SessionCase],
    names: Mapping[str, NameFact],
    ours: Ours,
) -> Site:
    """What counts as inside and as ours, and what of it nobody told us."""
    guessed: list[str] = []
    if not public_ips:
        found = {
            a.address: None
            for s in sessions
            for a in s.attempts
            if a.address and s.device.inside and any(e.code != "H6" for e in ours(a.address, a.name, s.device.id))
        }
        public_ips = tuple(sorted(found, key=lambda a: (":" in a, a)))
        if public_ips:
            guessed.append("public_ips")
    if not external_fqdns:
        external_fqdns = tuple(sorted(n for n, fact in names.items() if fact.role == "web-external"))
        if external_fqdns:
            guessed.append("external_fqdns")
    told = [str(ipaddress.ip_network(text, strict=False)) for text in extra]
    return Site(tuple(dict.fromkeys((*PRIVATE[:5], *PRIVATE[6:8], *told))), public_ips, external_fqdns, tuple(guessed))
