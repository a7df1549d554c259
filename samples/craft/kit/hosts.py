"""Hosts and the wire between them: what an address, a hop count and an operating system make of a packet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from scapy.layers.inet import IP
from scapy.layers.l2 import Ether

from kit.noise import number
from kit.tape import SECOND, START, Tape

MS: Final = 10**6


@dataclass(eq=False)
class Host:
    """Somebody with an address. ``hops``: routers between the host and the tap; ``system`` shapes its TCP (linux, ios, android, windows).

    ``rtt``: seconds from a question at the tap to this host's answer.
    """

    ip: str
    mac: str
    hops: int = 1
    system: str = "linux"
    rtt: float = 0.0006

    def __post_init__(self) -> None:
        self._id = number("ip id", self.ip, bits=16)
        self._clock = number("clock", self.ip, bits=31)

    @property
    def ttl(self) -> int:
        """Time to live as seen at the tap."""
        return (128 if self.system == "windows" else 64) - self.hops

    @property
    def stamps(self) -> bool:
        """Sends TCP timestamps (RFC 7323); Windows does not by default."""
        return self.system != "windows"

    def next_id(self) -> int:
        """IP identification: counts up."""
        self._id = self._id + 1 & 0xFFFF or 1
        return self._id

    def clock(self, now: int) -> int:
        """The millisecond clock in TCP timestamps."""
        return self._clock + (now - START) // MS & 0xFFFFFFFF


class Wire:
    """The segment at which the tap stands. Hosts that are more than a hop away are behind the gateway."""

    def __init__(self, tape: Tape, gateway: Host) -> None:
        self.tape = tape
        self.gateway = gateway

    def send(self, source: Host, target: Host, layer: Any, after: float = 0.00004, *, ttl: int | None = None, whole: bool = True) -> bytes:
        """One IP packet. ``after``: seconds since the last frame; ``ttl`` if another than usual; ``whole``: may not be fragmented. Gives the packet."""
        self.tape.now += round(after * SECOND)
        header = IP(src=source.ip, dst=target.ip, ttl=ttl or source.ttl, id=source.next_id(), flags=2 if whole else 0)
        packet = bytes(header / layer)
        self.tape.put(bytes(Ether(src=self._mac(source), dst=self._mac(target), type=0x0800) / packet))
        return packet

    def _mac(self, host: Host) -> str:
        return host.mac if host.hops == 0 else self.gateway.mac
