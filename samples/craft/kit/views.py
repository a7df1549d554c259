"""What a tap makes of the frames: copies, losses, cuts, one direction, both sides of a NAT."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether

from kit.tape import Frame, Tape

US = 1_000


def packet(frame: Frame) -> Any:
    """The frame as scapy reads it."""
    return Ether(frame.data)


def only(tape: Tape, wanted: Callable[[Any], bool]) -> None:
    """Frames that the tap does not see are gone."""
    tape.frames = [f for f in tape.frames if wanted(packet(f))]


def cut(tape: Tape, snaplen: int) -> None:
    """The capture keeps the beginning of each frame."""
    tape.snaplen = snaplen
    tape.frames = [replace(f, data=f.data[:snaplen]) for f in tape.frames]


def doubled(tape: Tape, delay_us: int = 12) -> None:
    """Two ports of one switch are mirrored: every IP frame comes twice."""
    again = [replace(f, time_ns=f.time_ns + delay_us * US) for f in tape.frames if IP in packet(f)]
    tape.frames = sorted([*tape.frames, *again], key=lambda f: f.time_ns)


def behind_nat(tape: Tape, public: str, proxy: str, nat: str, macs: tuple[str, str]) -> None:
    """The tap also sees the proxy's side: what goes to the public address appears again, translated, 35 µs later (answers: earlier)."""
    more = []
    for frame in tape.frames:
        seen = packet(frame)
        if TCP not in seen or public not in (seen[IP].src, seen[IP].dst):
            continue
        forward = seen[IP].dst == public
        seen[IP].src, seen[IP].dst = (nat, proxy) if forward else (proxy, nat)
        seen[IP].ttl += -1 if forward else 1
        seen.src, seen.dst = macs if forward else macs[::-1]
        del seen[IP].chksum, seen[TCP].chksum
        data = bytes(seen)
        more.append(Frame(frame.time_ns + (35 if forward else -35) * US, data, len(data)))
    tape.frames = sorted([*tape.frames, *more], key=lambda f: f.time_ns)
