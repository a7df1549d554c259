"""What matters to a discovery: domains, names and addresses, learnt as the capture goes on. Cheap to ask, bounded."""

from __future__ import annotations

from typing import Final

from pcapkit_dissectors.messages import Dns, ExchangeAnswer, ExchangeRequest, HttpRequest, HttpResponse, LyncAnswer

from pcapkit.sessions.hints import PROBE_HOSTS
from pcapkit.sessions.roles import IDENTITY_PROVIDERS, by_name, by_path, host_of, is_address, organisational_domain, told_by_exchange, told_by_lync

MAX_DOMAINS: Final = 4_096
MAX_ADDRESSES: Final = 32_768
DOH_NAMES: Final = ("dns.google", "cloudflare-dns.com", "one.one.one.one", "dns.quad9.net", "mask.icloud.com", "mask-h2.icloud.com")
STATIC: Final = IDENTITY_PROVIDERS | PROBE_HOSTS | frozenset(DOH_NAMES)
"""Names that say something about any device: kept too, few of each device."""


class Interest:
    """Asked of every name and address; told of every message that matters."""

    def __init__(self, external_fqdns: tuple[str, ...] = ()) -> None:
        self.domains: set[str] = set()
        self.addresses: set[str] = set()
        for name in external_fqdns:
            self.add_domain(name.lower())

    def add_domain(self, name: str) -> None:
        """Everything under the organisational domain of ``name`` matters from now on."""
        if len(self.domains) < MAX_DOMAINS and name and not is_address(name):
            self.domains.add(organisational_domain(name) or name)

    def add_address(self, address: str) -> None:
        """Connections to this address matter."""
        if len(self.addresses) < MAX_ADDRESSES:
            self.addresses.add(address)

    def matters(self, name: str) -> bool:
        """The name (lower case) lies in a domain that matters, or is a discovery name itself."""
        at = 0
        domains = self.domains
        while at >= 0:
            rest = name[at:]
            if rest in domains:
                return True
            at = name.find(".", at) + 1 or -1
        return False

    @staticmethod
    def static(name: str) -> bool:
        """A name that says something about any device."""
        return name in STATIC or name.startswith("doh.") or name.endswith(".cloudflare-dns.com")

    def look(self, name: str) -> bool:
        """As ``matters``; a discovery name makes its domain matter."""
        told = by_name(name)
        if told and told.role != "edge":
            self.add_domain(name if "." not in told.domain else told.domain)
            return True
        return self.matters(name)

    def dns(self, name: str, message: Dns) -> None:
        """An answer about a name that matters: where it leads matters too, but not everything in the cloud that a CNAME leads to."""
        owner = name
        for record in message.answers:
            if record.type == "CNAME":
                owner = str(record.data).lower()
            elif record.type in ("A", "AAAA") and self.matters(owner):
                self.add_address(str(record.data))
            elif record.type == "SRV":
                self.add_domain(str(record.data).rpartition(" ")[2].lower())

    def http(self, message: HttpRequest | HttpResponse, of_interest: bool) -> bool:
        """A request or response: discovery and service paths make their host matter. True if it does."""
        if isinstance(message, HttpResponse):
            if of_interest and message.location and (host := host_of(message.location)):
                self.add_domain(host)
            return of_interest
        path = message.uri.partition("?")[0].lower()
        if not of_interest and by_path(path) is None and "sipuri=" not in message.uri.lower():
            return False
        if message.host and (host := host_of(message.host)) and not self.static(host):
            self.add_domain(host)
        return True

    def document(self, message: LyncAnswer | ExchangeAnswer | ExchangeRequest) -> None:
        """A discovery document: all hosts in it matter."""
        if isinstance(message, ExchangeRequest):
            self.add_domain((message.email or "").rpartition("@")[2].lower())
            return
        told = told_by_lync(message) if isinstance(message, LyncAnswer) else told_by_exchange(message)
        for item in told:
            self.add_domain(item.host)
