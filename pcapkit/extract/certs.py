"""``extract --certs``: the certificate chains that servers sent, as PEM files, and an index that says whose they are."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import wrap
from typing import Final

import numpy as np
from pcapkit_dissectors.messages import Certificate, ClientHello

from pcapkit import times
from pcapkit._version import __version__
from pcapkit.analysis import Analysis
from pcapkit.extract.survey import Part, Stopped
from pcapkit.flows.facts import Observation
from pcapkit.options import InputError, Options, ProgressFn, StopFn
from pcapkit.report.atomic import OutputError, check_target, write_atomic
from pcapkit.report.escape import visible
from pcapkit.trust.certificate import info_of

INDEX: Final = "index.txt"
MAX_CHAINS: Final = 4_096
"""Different chains kept: a capture holds tens."""
NAMES_SHOWN: Final = 64
PLACES_SHOWN: Final = 8


@dataclass(slots=True)
class Chain:
    """A chain as sent (DER, leaf first). ``names``: asked for; ``places``: capture and frame that completed it, the first few."""

    certs: tuple[bytes, ...]
    servers: dict[str, None] = field(default_factory=dict)
    names: dict[str, None] = field(default_factory=dict)
    places: list[tuple[int, int]] = field(default_factory=list)
    seen: int = 0

    @property
    def sha256(self) -> str:
        """Of the leaf."""
        return hashlib.sha256(self.certs[0]).hexdigest()


def chains_of(
    paths: Sequence[str], options: Options, parts: Sequence[Part] | None = None, progress: ProgressFn | None = None, stop: StopFn | None = None
) -> list[Chain]:
    """The chains that servers sent, each once, in the order in which they came. ``parts``: only from frames of this cut.

    Raises:
        InputError: no capture can be read. Stopped: told to stop.
    """
    analysis = Analysis(paths, options, stop=stop, full=True)
    found = _Chains(None if parts is None else {part.index: part for part in parts})
    for reading in analysis.open():
        for observations in reading.observations(analysis.timings):
            for observation in observations:
                found.look(observation)
            if progress is not None:
                progress(reading.progress())
    if analysis.interrupted:
        raise Stopped
    if analysis.unreadable and not analysis.readings:
        raise InputError(analysis.unreadable[0].path, analysis.unreadable[0].reason)
    return list(found.chains.values())


class _Chains:
    """Collects chains from events."""

    def __init__(self, parts: dict[int, Part] | None) -> None:
        self.chains: dict[tuple[bytes, ...], Chain] = {}
        self._parts = parts
        self._asked: dict[int, str] = {}

    def look(self, observation: Observation) -> None:
        message, flow = observation.event.message, observation.flow
        if isinstance(message, ClientHello) and message.sni:
            self._asked[flow] = message.sni.lower().rstrip(".")
        if not isinstance(message, Certificate) or not observation.event.direction or not message.raw_der:
            return
        place = (observation.capture, observation.event.frame)
        chain = self.chains.get(message.raw_der)
        if not self._wanted(*place) or (chain is None and len(self.chains) >= MAX_CHAINS):
            return
        if chain is None:
            chain = self.chains[message.raw_der] = Chain(message.raw_der)
        host = f"[{observation.src}]" if ":" in observation.src else observation.src
        chain.seen += 1
        chain.servers.setdefault(f"{host}:{observation.sport}")
        if flow in self._asked:
            chain.names.setdefault(self._asked[flow])
        if len(chain.places) < PLACES_SHOWN:
            chain.places.append(place)

    def _wanted(self, capture: int, frame: int) -> bool:
        if self._parts is None:
            return True
        part = self._parts.get(capture)
        return part is not None and bool(np.isin(frame, part.frames))


def write_chains(
    chains: Sequence[Chain],
    folder: str,
    force: bool = False,
    *,
    mask: Callable[[bytes], bytes] | None = None,
    text: Callable[[str], str] | None = None,
) -> list[str]:
    """Write ``NNN-<sha256 of the leaf, first 16>.pem`` for each chain and the index; gives the names. ``mask``, ``text``: for a redacted hand-over.

    Raises:
        OutputError: not all was written; what was stays.
    """
    said = text or (lambda shown: shown)
    changed = [Chain(tuple(map(mask, c.certs)), c.servers, c.names, c.places, c.seen) if mask else c for c in chains]
    files = {f"{number:03}-{chain.sha256[:16]}.pem": chain for number, chain in enumerate(changed, 1)}
    _prepare(folder, [*files, INDEX], force)
    for name, chain in files.items():
        write_atomic(Path(folder, name), ["".join(map(pem, chain.certs)).encode("ascii")], force)
    lines = [f"pcapkit {__version__}: certificate chains as servers sent them ({len(files)}), the leaf first"]
    for name, chain in files.items():
        lines += _entry(name, chain, said)
    write_atomic(Path(folder, INDEX), ["".join(line + "\n" for line in lines).encode("utf-8")], force)
    return [*files, INDEX]


def _prepare(folder: str, names: Sequence[str], force: bool) -> None:
    """Make the folder, and see that nothing is in the way."""
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise OutputError(folder, f"cannot be made: {error.strerror}") from None
    for name in names:
        check_target(Path(folder, name), force)


def pem(der: bytes) -> str:
    """One certificate (RFC 7468)."""
    return "\n".join(("-----BEGIN CERTIFICATE-----", *wrap(base64.b64encode(der).decode("ascii"), 64), "-----END CERTIFICATE-----", ""))


def _entry(name: str, chain: Chain, said: Callable[[str], str]) -> list[str]:
    frames = ", ".join(f"{frame}" if not capture else f"{frame} of capture {capture}" for capture, frame in chain.places)
    more = f" and {chain.seen - len(chain.places)} more" if chain.seen > len(chain.places) else ""
    asked = ", ".join(visible(said(asked)) for asked in list(chain.names)[:NAMES_SHOWN]) or "no name"
    lines = ["", name, f"  asked for {asked}", f"  sent by {', '.join(map(said, chain.servers))}, frame {frames}{more}"]
    for number, der in enumerate(chain.certs, 1):
        info = info_of(der)
        valid = " … ".join((times.rfc3339(moment) or "?")[:10] for moment in (info.not_before_ns, info.not_after_ns))
        lines.append(
            f"  {number} {visible(info.subject) or '(cannot be read)'}, issued by {visible(info.issuer) or '?'}, {valid}, sha256 {info.sha256}"
        )
        if info.san_dns:
            lines.append(f"    names {', '.join(map(visible, info.san_dns[:NAMES_SHOWN]))}")
    return lines
