"""Events to devices, attempts, steps and sessions."""

from __future__ import annotations

from collections.abc import Sequence

from pcapkit.limits import Thresholds
from pcapkit.model import Capture, Problem
from pcapkit.sessions.collect import Collecting, Facts
from pcapkit.sessions.scene import Scene
from pcapkit.sessions.sources import SiteOptions, Tracker, Trust

__all__ = ["Collector", "Facts", "Scene", "SiteOptions", "Tracker", "Trust"]


_LEFT_OUT = {
    "lookups": "DNS messages about discovery were not kept, since one client or the capture had too many",
    "conversations": "conversations about discovery were not kept, since there were too many",
    "events": "messages of long conversations were not kept",
    "hosts": "packets of further hosts were not looked at for devices",
}


class Collector(Collecting):
    """Takes every event of a run, in order (``add``), and makes the scene of what it has, as often as asked."""

    def scene(
        self,
        tracker: Tracker | Sequence[Tracker],
        captures: tuple[Capture, ...],
        site_options: SiteOptions,
        thresholds: Thresholds,
        trust: Trust | None = None,
    ) -> Scene:
        """Devices, sessions and all else the rules look at. Changes nothing here.

        ``tracker``: the flow tables, one a capture, in the order of ``captures`` (a single one needs no list).
        """
        from pcapkit.sessions.stage import build

        trackers = tracker if isinstance(tracker, Sequence) else (tracker,)
        return build(self.facts, trackers, captures, site_options, thresholds, trust)

    def problems(self) -> list[Problem]:
        """Bounds that were reached: what they kept out."""
        left_out = dict(self.facts.left_out, hosts=self.facts.sightings.left_out)
        return [Problem("limit-reached", f"{count} {_LEFT_OUT[kind]}", count=count) for kind, count in left_out.items() if count]

    def wants(self, name: str | None, address: str) -> bool:
        """Whether TLS and HTTP details of a conversation with this name or server matter, as far as is known now."""
        interest = self.facts.interest
        return address in interest.addresses or (name is not None and (interest.look(name.lower()) or interest.static(name.lower())))

    def name_of(self, client: str, server: str) -> str | None:
        """The name whose look-up last led this client to a server."""
        return self.facts.names.get(client, {}).get(server)
