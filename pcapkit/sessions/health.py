"""What the capture lost or never saw (autodiscover.md 13, "Capture quality"), and where the tap stands."""

from __future__ import annotations

from collections.abc import Mapping

from pcapkit.limits import Thresholds
from pcapkit.model import Capture
from pcapkit.sessions.scene import CaptureHealth, DeviceCase, NatCopy, SessionCase
from pcapkit.sessions.sources import Tracker


def measure(
    tracker: Tracker,
    captures: tuple[Capture, ...],
    devices: list[DeviceCase],
    sessions: list[SessionCase],
    copies: Mapping[int, tuple[NatCopy, ...]],
    thresholds: Thresholds,
) -> CaptureHealth:
    """The figures of the whole run."""
    health = CaptureHealth(packets=sum(c.packets for c in captures), nat_copies=sum(map(len, copies.values())))
    drops = [i.dropped for c in captures for i in c.interfaces if i.dropped is not None]
    health.drops = sum(drops) if drops else None
    return health
