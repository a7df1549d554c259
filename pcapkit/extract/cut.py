"""Cutting out: an analysis says what belongs together, the captures are read again, and the packets are written as they are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pcapkit_dissectors.keylog import KeyLog

from pcapkit._version import __version__
from pcapkit.analysis import Analysis
from pcapkit.capture.writer import PcapngWriter
from pcapkit.extract.certs import chains_of, write_chains
from pcapkit.extract.disguise import Disguise
from pcapkit.extract.flows import Flows
from pcapkit.extract.packets import Packet, merged, packets_of
from pcapkit.extract.selection import Selection, Wanted, resolve
from pcapkit.extract.survey import Part, Stopped, survey
from pcapkit.limits import MIB, SECRET_BYTES
from pcapkit.model import Report
from pcapkit.options import InputError, Options, Progress, ProgressFn, StopFn
from pcapkit.report.atomic import write_atomic

CHUNK: Final = MIB


@dataclass(slots=True)
class Cut:
    """What was cut out. ``evidence``: frames in the new file that prove the findings, the first finding's first."""

    packets: int = 0
    bytes: int = 0
    chosen: tuple[str, ...] = ()
    evidence: list[int] = field(default_factory=list)
    report: Report | None = None
    key: Mapping[str, str] = field(default_factory=dict)


def extract(
    paths: Sequence[str],
    options: Options,
    selection: Selection,
    out: str | Callable[[Iterable[bytes]], None],
    *,
    analysis: Analysis | None = None,
    report: Report | None = None,
    command: str = "",
    force: bool = False,
    with_keys: bool = False,
    redact: bool = False,
    progress: ProgressFn | None = None,
    stop: StopFn | None = None,
) -> Cut:
    """Cut the selection out of captures into a new pcapng file ``out`` (or what takes its bytes).

    ``analysis``: one that has read these captures already, ``report`` the part of its report to choose from; else they are analyzed first.
    ``command`` stands in the file's comment. ``with_keys``: TLS secrets that fit are written too. ``redact``: everything personal is replaced by
    stand-ins of the same length, and ``Cut.key`` tells what stands for what.

    Raises:
        SelectionError: the selection names what is not there. InputError: no capture can be read. OutputError: nothing was written.
        Stopped: told to stop before.
    """
    work = Work(options, progress or _quiet, stop or _never)
    analysis = analysis or analyzed(paths, options, progress, stop or _never)
    report = report or analysis.report()
    wanted, parts = work.choose(analysis, report, selection)
    disguise = work.disguise(analysis, parts, with_keys) if redact else None
    cutter = _Cutter(parts, wanted, options, command, with_keys, work.stop, disguise)
    if isinstance(out, str):
        write_atomic(out, cutter.chunks(), force)
    else:
        out(cutter.chunks())
    return Cut(cutter.packets, cutter.bytes, tuple(wanted.chosen), cutter.evidence(), report, disguise.key if disguise else {})


def extract_certs(
    paths: Sequence[str],
    options: Options,
    selection: Selection,
    folder: str,
    *,
    analysis: Analysis | None = None,
    report: Report | None = None,
    force: bool = False,
    redact: bool = False,
    progress: ProgressFn | None = None,
    stop: StopFn | None = None,
) -> tuple[list[str], Mapping[str, str]]:
    """Write the certificate chains of a selection (nothing named: all) as PEM into ``folder``; gives the files' names, and as ``Cut.key`` has it
    what stands for what.

    Raises:
        As ``extract``.
    """
    work = Work(options, progress or _quiet, stop or _never)
    parts, disguise = None, None
    if selection.named or redact:
        analysis = analysis or analyzed(paths, options, progress, stop or _never)
        _, parts = work.choose(analysis, report or analysis.report(), selection)
        disguise = work.disguise(analysis, parts, with_keys=False) if redact else None
    chains = chains_of(paths, options, parts, progress, stop)
    if disguise is None:
        return write_chains(chains, folder, force), {}
    return write_chains(chains, folder, force, mask=disguise.certificate, text=disguise.text), disguise.key


@dataclass(frozen=True, slots=True)
class Work:
    """The passes over the captures that come before anything is written."""

    options: Options
    progress: ProgressFn
    stop: StopFn

    def choose(self, analysis: Analysis, report: Report, selection: Selection) -> tuple[Wanted, list[Part]]:
        """What is wanted, and where it stands."""
        wanted = resolve(report, selection, Flows(analysis))
        captures = [reading.capture() for reading in analysis.readings]
        return wanted, survey(captures, wanted, self.options, self.progress, self.stop)

    def disguise(self, analysis: Analysis, parts: Sequence[Part], with_keys: bool) -> Disguise:
        """Stand-ins for what is personal in it."""
        keys = _key_log(parts, self.options) if with_keys else None
        return Disguise(analysis.report(), parts, self.options, self.progress, self.stop, keys)


def analyzed(paths: Sequence[str], options: Options, progress: ProgressFn | None, stop: StopFn) -> Analysis:
    """The captures, read.

    Raises:
        InputError: none can be read. Stopped: told to stop.
    """
    analysis = Analysis(paths, options, stop=stop)
    for state in analysis.read():
        if progress is not None:
            progress(state)
    if analysis.interrupted:
        raise Stopped
    if analysis.unreadable and not analysis.readings:
        raise InputError(analysis.unreadable[0].path, analysis.unreadable[0].reason)
    return analysis


def _quiet(_: Progress) -> None:
    return


def _never() -> bool:
    return False


class _Sink:
    """Collects what the writer writes until somebody takes it."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes, /) -> object:
        self.data += data
        return None

    def take(self) -> bytes:
        data = bytes(self.data)
        self.data.clear()
        return data


class _Cutter:
    """Writes the cut, and counts."""

    def __init__(
        self, parts: list[Part], wanted: Wanted, options: Options, command: str, with_keys: bool, stop: StopFn, disguise: Disguise | None
    ) -> None:
        self.packets = self.bytes = 0
        self._parts = parts
        self._wanted = wanted
        self._options = options
        self._command = command
        self._with_keys = with_keys
        self._stop = stop
        self._disguise = disguise
        self._first: list[int] = []
        """Number in the cut of each capture's interface 0."""
        self._written: dict[int, int] = {}
        self._places: dict[tuple[int, int], int] = {}

    def evidence(self) -> list[int]:
        """Frames in the cut."""
        found = [self._places.get((e.capture, e.frame)) for finding in self._wanted.findings for e in finding.evidence]
        return list(dict.fromkeys(frame for frame in found if frame))

    def chunks(self) -> Iterator[bytes]:
        """The file, piece by piece."""
        sink = _Sink()
        writer = PcapngWriter(sink, comment=self._comment(), application=f"pcapkit {__version__}")
        self._interfaces(writer)
        for part in self._parts:
            names = {address: name for address, name in part.names.items() if address in part.addresses}
            writer.names(self._disguise.names(names) if self._disguise else names)
        if self._with_keys and (secrets := self._secrets()):
            writer.secrets(secrets)
        for packet in merged(self._parts, self._stop, self._disguise.packets if self._disguise else packets_of):
            self._packet(writer, packet)
            if len(sink.data) >= CHUNK:
                yield sink.take()
        self._statistics(writer)
        yield sink.take()

    def _comment(self) -> str:
        lines = [f"pcapkit {__version__}: {self._said(self._command) or 'extract'}"]
        for part in self._parts:
            c = part.capture
            lines.append(f"from {self._said(os.path.basename(c.path)) or 'standard input'}: {len(part.frames)} of {c.packets} packets")
        return "\n".join(lines + (self._disguise.remarks() if self._disguise else []))

    def _said(self, text: str) -> str:
        """A text of ours or of the capture, as it may stand in the cut."""
        return self._disguise.text(text) if self._disguise else text

    def _maybe(self, text: str | None) -> str | None:
        return None if text is None else self._said(text)

    def _interfaces(self, writer: PcapngWriter) -> None:
        for part in self._parts:
            self._first.append(0)
            for number, port in enumerate(part.ports):
                made = writer.interface(
                    port.link_type, snaplen=port.snaplen or 0, name=self._maybe(port.name), description=self._maybe(port.description)
                )
                if not number:
                    self._first[-1] = made

    def _packet(self, writer: PcapngWriter, packet: Packet) -> None:
        interface = self._first[packet.capture] + packet.interface
        place = (packet.capture, packet.frame)
        notes = self._wanted.notes.get(place, ())
        writer.packet(interface, packet.time_ns, packet.data, packet.length, map(self._said, notes))
        self.packets += 1
        self.bytes += len(packet.data)
        self._written[interface] = self._written.get(interface, 0) + 1
        if notes:
            self._places[place] = self.packets

    def _statistics(self, writer: PcapngWriter) -> None:
        """Until when was listened, or silence at the end of the cut would mean nothing."""
        for part, first in zip(self._parts, self._first, strict=True):
            ends = [t for t in (part.capture.end_time_ns, part.capture.last_time_ns) if t is not None]
            for number, port in enumerate(part.ports):
                written = self._written.get(first + number, 0)
                if ends and written:
                    writer.statistics(first + number, min(max(ends), self._wanted.until_ns), written, port.lost)

    def _secrets(self) -> bytes:
        """Lines of key logs that open conversations of the cut. Of a redacted one, only where everything that they open was changed."""
        randoms = self._disguise.randoms if self._disguise else {random for part in self._parts for random in part.randoms}
        named = {random.hex().encode() for random in randoms}
        lines = dict.fromkeys(line.strip() for text in _texts(self._parts, self._options) for line in text.splitlines())
        return b"".join(line + b"\n" for line in lines if _fits(line, named, old=self._disguise is None))


def _texts(parts: Sequence[Part], options: Options) -> Iterator[bytes]:
    """Key logs: the captures' own, and those that the user named."""
    for part in parts:
        yield from part.secrets
    for path in options.keylog:
        with open(path, "rb") as file:
            yield file.read(SECRET_BYTES)


def _key_log(parts: Sequence[Part], options: Options) -> KeyLog:
    log = KeyLog()
    for text in _texts(parts, options):
        log.read(text)
    return log


def _fits(line: bytes, randoms: set[bytes], old: bool) -> bool:
    """The secret belongs to one of these clients; old ones (``RSA``) name no random, and may."""
    words = line.split()
    return len(words) == 3 and not line.startswith(b"#") and (words[1].lower() in randoms or (old and words[0] == b"RSA"))
