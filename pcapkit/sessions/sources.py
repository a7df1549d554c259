"""What the sessions need from the stages beside them, as protocols: the flow tables, the judge of chains, and what the user told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from pcapkit.flows.facts import Connection, Quality
from pcapkit.trust.verdict import Verdict

Place = tuple[int, int]
"""Frame and time in ns."""


class SynCopy(Protocol):
    """A SYN of ``flow`` seen again with another address."""

    @property
    def flow(self) -> int: ...
    @property
    def original(self) -> Place: ...
    @property
    def copy(self) -> Place: ...
    @property
    def source(self) -> str: ...
    @property
    def destination(self) -> str: ...


class SynReply(Protocol):
    """A SYN-ACK from an address that was not asked, for a SYN of ``flow``."""

    @property
    def flow(self) -> int: ...
    @property
    def syn(self) -> Place: ...
    @property
    def reply(self) -> Place: ...
    @property
    def source(self) -> str: ...
    @property
    def ttl(self) -> int: ...
    @property
    def reset(self) -> Place | None: ...


class Tracker(Protocol):
    """The flow table of one capture (``pcapkit.flows.tracker``). Numbers of flows are different for all captures of a run."""

    @property
    def next_flow(self) -> int:
        """The number that the next flow would have: all flows of this capture are below."""

    def connection(self, flow: int) -> Connection:
        """Everything known of a flow.

        Raises:
            KeyError: there is none with this number, or it was forgotten.
        """

    def find(self, client: str | None = None, server: str | None = None, port: int | None = None, transport: str | None = None) -> list[int]:
        """Flows by address of the client and of the server, the server's port, and transport. None: any."""

    def unanswered(self) -> list[int]:
        """TCP flows whose SYN got nothing back."""

    def nat_copies(self) -> Sequence[SynCopy]:
        """SYNs that were seen again behind a NAT."""

    def foreign_replies(self) -> Sequence[SynReply]:
        """SYN-ACKs from addresses that were not asked."""

    def quality(self) -> Quality:
        """What the conversations say about the capture."""

    def counts(self) -> Mapping[str, int]:
        """``tcp_conversations``, ``mirrored_copies``, ``routed_copies``, …"""


class Trust(Protocol):
    """The judge of certificate chains (``pcapkit.trust``)."""

    def judge(self, chain: Sequence[bytes], name: str | None, at_ns: int) -> Verdict:
        """The verdict on a chain (DER, as sent) for a name at a time."""

    def learn(self, der: bytes) -> None:
        """An issuer that some server sent: known from now on as an intermediate, never as an anchor."""

    def given_chain(self, name: str) -> tuple[bytes, ...]:
        """The chain that the user gave for a server of this name, empty if none."""


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
