"""What the sessions need from the stages beside them, as protocols: the flow table, the judge of chains, and what the user told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from pcapkit.flows.facts import Connection
from pcapkit.sessions.scene import ForeignReply, NatCopy
from pcapkit.trust.verdict import Verdict


class Tracker(Protocol):
    """The flow table (``pcapkit.flows``). Addresses are text in RFC 5952 form."""

    def connection(self, flow: int) -> Connection:
        """Everything known of a flow."""

    def find(self, client: str | None = None, server: str | None = None, port: int | None = None) -> Iterable[int]:
        """Flows by address of the side that opened them, of the other side, and its port. None: any."""

    def nat_copies(self) -> Mapping[int, Sequence[NatCopy]]:
        """By flow: its SYNs seen again behind the NAT."""

    def foreign_replies(self) -> Mapping[int, Sequence[ForeignReply]]:
        """By flow: SYN-ACKs for its SYNs from addresses that were not asked."""


class Trust(Protocol):
    """The judge of certificate chains (``pcapkit.trust``)."""

    def judge(self, chain: Sequence[bytes], name: str | None, at_ns: int) -> Verdict:
        """The verdict on a chain (DER, as sent) for a name at a time."""

    def learn(self, der: bytes) -> None:
        """An issuer that some server sent: known from now on as an intermediate, never as an anchor."""


class SiteOptions(Protocol):
    """What the user told of the site (``pcapkit.options.Options`` fits)."""

    @property
    def inside(self) -> tuple[str, ...]:
        """CIDR text, added to the private ranges."""

    @property
    def public_ips(self) -> tuple[str, ...]:
        """Our own public addresses."""

    @property
    def external_fqdns(self) -> tuple[str, ...]:
        """Names of the external web services."""
