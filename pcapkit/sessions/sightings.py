"""Who was seen: addresses with the MACs that carried them, leases, and every hint at what runs there. Bounded, and cheap for each event."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from pcapkit_dissectors.messages import Dhcp, Dns, HttpRequest, Neighbour

from pcapkit.limits import MAX_DEVICES
from pcapkit.sessions.hints import HABITS, PROBES, Hint
from pcapkit.sessions.scene import Ref

HINTS_PER_HOST: Final = 64
LEASES_PER_MAC: Final = 64
DHCP_ACK: Final = 5
Hints = dict[Hint, Ref]


@dataclass(slots=True)
class Sight:
    """An address as one MAC carried it."""

    mac: str | None
    address: str
    first: Ref
    last_ns: int
    asks: bool = False
    """It sent a DNS query or opened a conversation."""
    resolves: bool = False
    """It answered a DNS query."""


@dataclass(slots=True)
class Client:
    """What DHCP says of a MAC (RFC 2131, 2132)."""

    mac: str
    first: Ref
    last_ns: int
    leases: list[tuple[int, str]] = field(default_factory=list)
    """Time of the acknowledgement in ns, and the address."""
    hostname: str | None = None
    vendor_class: str | None = None
    parameters: tuple[int, ...] = ()
    resolvers: tuple[str, ...] = ()
    search_domain: str | None = None
    refs: dict[str, Ref] = field(default_factory=dict)
    """Frame that told ``hostname``, ``vendor_class``, ``parameters``."""


class Sightings:
    """All of it, filled event by event."""

    def __init__(self) -> None:
        self.sights: dict[tuple[str | None, str], Sight] = {}
        self.clients: dict[str, Client] = {}
        self.neighbours: dict[tuple[str, str], Ref] = {}
        """(address, MAC) of ARP and neighbour discovery."""
        self.hints: dict[str, Hints] = {}
        """By address."""
        self.names: dict[str, tuple[str, Ref]] = {}
        """Address → host name that it gave itself in mDNS or LLMNR."""
        self.asked: set[str] = set()
        """Addresses that DNS queries were sent to: no devices, even where their answers were not captured."""
        self.left_out = 0

    def see(self, mac: str | None, address: str, ref: Ref) -> Sight | None:
        """A packet with this source; None where the bound is reached."""
        sight = self.sights.get((mac, address))
        if sight is None:
            if len(self.sights) >= 2 * MAX_DEVICES:
                self.left_out += 1
                return None
            sight = self.sights[mac, address] = Sight(mac, address, ref, ref.time_ns)
        elif ref.time_ns > sight.last_ns:
            sight.last_ns = ref.time_ns
        return sight

    def hint(self, address: str, hint: Hint, ref: Ref) -> None:
        """Something that tells what runs at an address."""
        hints = self.hints.get(address)
        if hints is None:
            if len(self.hints) >= MAX_DEVICES:
                return
            hints = self.hints[address] = {}
        if hint not in hints and len(hints) < HINTS_PER_HOST:
            hints[hint] = ref

    def query(self, client: str, name: str, qtype: str, ref: Ref) -> None:
        """A DNS question: some names are asked by one platform only."""
        habit = HABITS.get(name) or HABITS.get("*." + ".".join(name.rsplit(".", 2)[-2:]))
        if habit:
            self.hint(client, Hint(habit, name), ref)
        if qtype == "HTTPS":
            self.hint(client, Hint("dns-https", "type 65"), ref)

    def request(self, client: str, message: HttpRequest, ref: Ref) -> None:
        """An HTTP request: user agents, and the probes for captive portals."""
        if message.user_agent:
            self.hint(client, Hint("user-agent", message.user_agent[:256]), ref)
        path = message.uri.partition("?")
        probe = PROBES.get(((message.host or "").lower(), path[0].lower()))
        if probe:
            self.hint(client, Hint(probe, f"{message.host}{path[0]}"), ref)
        if path[0].lower() == "/microsoft-server-activesync":
            for part in path[2].split("&"):
                key, _, value = part.partition("=")
                if key.lower() == "devicetype" and value:
                    self.hint(client, Hint("eas-device", value[:64]), ref)

    def local(self, source: str, message: Dns, ref: Ref) -> None:
        """mDNS and LLMNR: host names that hosts give themselves, and the services they know."""
        if message.response:
            for record in message.answers + message.additional:
                own = record.type in ("A", "AAAA") and record.data == source
                if own and source not in self.names and len(self.names) < MAX_DEVICES:
                    self.names[source] = (record.name.removesuffix(".local"), ref)
        if message.proto == "llmnr" and not message.response:
            self.hint(source, Hint("llmnr", "LLMNR"), ref)
        for name, _ in message.questions or ((message.qname, message.qtype),):
            if name.startswith("_"):
                self.hint(source, Hint("mdns-own" if message.response else "mdns", name.lower()), ref)
        if message.response:
            for record in message.answers:
                if record.name.startswith("_"):
                    self.hint(source, Hint("mdns-own", record.name.lower()), ref)

    def dhcp(self, message: Dhcp, ref: Ref) -> None:
        """A DHCP message, of the client or to it."""
        mac = message.client_mac
        client = self.clients.get(mac)
        if client is None:
            if len(self.clients) >= MAX_DEVICES:
                self.left_out += 1
                return
            client = self.clients[mac] = Client(mac, ref, ref.time_ns)
        client.last_ns = max(client.last_ns, ref.time_ns)
        if message.message_type == DHCP_ACK:
            self._lease(client, message, ref)
            return
        for key, value in (
            ("hostname", message.hostname or message.fqdn),
            ("vendor_class", message.vendor_class),
            ("parameters", message.parameters),
        ):
            if value:
                setattr(client, key, value)
                client.refs.setdefault(key, ref)

    @staticmethod
    def _lease(client: Client, message: Dhcp, ref: Ref) -> None:
        address = message.yiaddr if message.yiaddr and message.yiaddr != "0.0.0.0" else message.ciaddr
        if address and address != "0.0.0.0" and len(client.leases) < LEASES_PER_MAC and (not client.leases or client.leases[-1][1] != address):
            client.leases.append((ref.time_ns, address))
        client.resolvers = message.dns_servers or client.resolvers
        client.search_domain = message.domain or client.search_domain

    def neighbour(self, message: Neighbour, ref: Ref) -> None:
        """An address shown to belong to a MAC."""
        key = (message.address, message.mac)
        if key not in self.neighbours and len(self.neighbours) < 2 * MAX_DEVICES:
            self.neighbours[key] = ref
