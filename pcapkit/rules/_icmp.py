"""What to do about an ICMP error, by its type and code (RFC 792, RFC 4443)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pcapkit.rules._obstacle import Obstacle

BY_ICMP: Final[Mapping[tuple[int, int], str]] = {
    (3, 13): "A filter rule prohibits it: add a rule for {address}:{port} on {sender}.",
    (3, 10): "Policy prohibits the host: add a rule for {address}:{port} on {sender}.",
    (3, 9): "Policy prohibits the network: add a rule for {address}:{port} on {sender}.",
    (3, 0): "{sender} has no route there: add it, or correct the address in DNS.",
    (3, 1): "The host does not answer on its network: is it up, and is the address in DNS its own?",
    (3, 3): "Nothing listens there: start the service, or open its port.",
    (11, 0): "A routing loop: the packet goes round until its TTL ends. Mend the route.",
}
"""What to do, by type and code of IPv4 (RFC 792; RFC 1812, 5.2.7.1)."""
SAME_IN_V6: Final[Mapping[tuple[int, int], tuple[int, int]]] = {(1, 0): (3, 0), (1, 1): (3, 13), (1, 3): (3, 1), (1, 4): (3, 3), (3, 0): (11, 0)}
"""What ICMPv6 says (RFC 4443, 3) in the numbers of IPv4."""


def by_icmp(found: Obstacle, table: Mapping[tuple[int, int], str]) -> tuple[str, ...] | None:
    """The line of ``table`` for what was told, None where it has none."""
    kind, code = found.facts.get("icmp_type"), found.facts.get("icmp_code")
    if not isinstance(kind, int) or not isinstance(code, int):
        return None
    said = (kind, code) if found.facts["family"] == "ipv4" else SAME_IN_V6.get((kind, code))
    line = table.get(said) if said else None
    return (line.format(address=found.attempt.address, port=found.attempt.port, sender=found.facts.get("sender")),) if line else None
