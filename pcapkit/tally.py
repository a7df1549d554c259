"""How many messages of each kind there were: what else a capture holds beside what the report is about (``Report.counts``)."""

from __future__ import annotations

from collections import Counter
from typing import Final

from pcapkit_dissectors.autodiscover_paths import is_discovery_host
from pcapkit_dissectors.messages import ClientHello, Dhcp, Dns, Http2Request, HttpRequest, ServerHello
from pcapkit_dissectors.tls_names import is_tls13

from pcapkit.flows.facts import Observation

_KINDS: Final[dict[type, str]] = {ClientHello: "tls_hellos", HttpRequest: "http_requests", Http2Request: "http_requests", Dhcp: "dhcp"}


class Tally:
    """Counts what it is shown."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter(dns_queries=0, discovery_queries=0, tls_hellos=0)

    def add(self, observation: Observation) -> None:
        """Count one event."""
        event = observation.event
        message = event.message
        if isinstance(message, Dns):
            if not message.response and message.proto == "dns":
                self.counts["dns_queries"] += 1
                if is_discovery_host(message.qname):
                    self.counts["discovery_queries"] += 1
        elif (kind := _KINDS.get(type(message))) is not None:
            self.counts[kind] += 1
        elif isinstance(message, ServerHello) and is_tls13(message.version) and not message.hello_retry:
            self.counts["tls13_hidden"] += 1
        if event.decrypted:
            self.counts["decrypted"] += 1
