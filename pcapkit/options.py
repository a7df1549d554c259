"""What a run may be told, and what it tells while it runs: the nouns between the command line, ``pcapkit.analyze`` and ``pcapkit.analysis``.

No library but the standard one: the command line builds these before anything costly is imported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from pcapkit.limits import Thresholds


@dataclass(frozen=True, slots=True)
class Options:
    """What changes a verdict (the contract's options of the analysing commands). What only narrows the report is ``report.narrow.Narrowing``.

    ``inside``: CIDR text, added to the private ranges; ``public_ips``, ``external_fqdns``: as typed, checked by the command line.
    ``trust``, ``intermediates``, ``keylog``, ``wpa_psk_files``: paths; ``wpa_psk``: ``SSID:PASSPHRASE``.
    ``at_ns``: verify certificates as of then, None: each at its own packet's time. ``decode``: ``SEL,PROTO``.
    ``full``: keep the flows (``Report.flows``). ``strict``: a bug in one rule or flow is raised (exit 70), damage is exit 3.
    ``timings``: if given, called once at the end with CPU seconds by stage.
    """

    inside: tuple[str, ...] = ()
    public_ips: tuple[str, ...] = ()
    external_fqdns: tuple[str, ...] = ()
    trust: tuple[str, ...] = ()
    intermediates: tuple[str, ...] = ()
    public_roots: bool = True
    system_trust: bool = False
    at_ns: int | None = None
    keylog: tuple[str, ...] = ()
    wpa_psk: tuple[str, ...] = ()
    decode: tuple[str, ...] = ()
    thresholds: Thresholds = field(default_factory=Thresholds)
    full: bool = False
    strict: bool = False
    follow: bool = False
    jobs: int = 1
    timings: Callable[[dict[str, float]], None] | None = None


class Progress(NamedTuple):
    """How far a run is. ``total`` bytes is None for pipes and growing files; ``done`` counts bytes of the file as it lies on disk."""

    path: str
    done: int
    total: int | None
    packets: int


ProgressFn = Callable[[Progress], None]
StopFn = Callable[[], bool]
"""Asked after each window; True ends reading, and what was read is reported (``Report.interrupted``)."""


class InputError(Exception):
    """An input that could not be read at all: missing, empty, not a capture, no permission. ``reason`` says what it is and what to do.

    Raised only when no input is left to read; beside readable ones it is listed in ``Report.unreadable``.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason
