"""The ladder: a story drawn as lines of a given width. A pure function, tested by golden text (ux: the ladder)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple

from pcapkit.report.cells import cells, clip, pad
from pcapkit.report.style import Style
from pcapkit_tui.state import TimeForm
from pcapkit_tui.view.lines import Line, Span, fit, line, short
from pcapkit_tui.view.signs import signs
from pcapkit_tui.view.story import NS, PHONE, Arrow, Fold, Gap, Item, Note, Party, Story

MARGIN: Final = 18
"""Cells of the times before the first lifeline, without the cursor's."""
LEAST: Final = 15
"""Cells between two lifelines, at least."""
RIGHT: Final = 6
"""Cells behind the last lifeline: half a label."""


class Columns(NamedTuple):
    """Which parties have a lifeline, and where. ``hidden``: those that have none; ``folded``: address → key of the column it shares."""

    shown: tuple[Party, ...]
    x: tuple[int, ...]
    before: int
    after: int
    folded: dict[str, str]


@dataclass(frozen=True, slots=True)
class Drawing:
    """How a ladder is to be drawn. ``fold``: hosts of a role share a column (None: where there is no room else); ``first``: columns slid away.

    ``expanded``: arrows that show each of their repeats.
    """

    width: int
    style: Style
    time_form: TimeForm = "absolute"
    fold: bool | None = None
    first: int = 0
    expanded: frozenset[str] = field(default_factory=frozenset)


def columns(story: Story, drawing: Drawing) -> Columns:
    """Lifelines that fit, the phone's always."""
    room = 1 + max(1, (drawing.width - MARGIN - RIGHT - 1) // LEAST)
    folded: dict[str, str] = {}
    parties = list(story.parties)
    if drawing.fold or (drawing.fold is None and len(parties) > room):
        parties = _share(parties, folded)
    first = max(0, min(drawing.first, len(parties) - room))
    shown = [parties[0], *parties[1 + first : first + room]]
    pitch = (drawing.width - MARGIN - RIGHT - 1) // max(1, len(shown) - 1)
    x = tuple(MARGIN + n * pitch for n in range(len(shown)))
    return Columns(tuple(shown), x, first, max(0, len(parties) - room - first), folded)


def _share(parties: list[Party], folded: dict[str, str]) -> list[Party]:
    """One column a role."""
    kept: dict[str, Party] = {}
    for party in parties:
        first = kept.setdefault(party.role, party)
        if first is not party:
            folded[party.key] = first.key
    counts = {role: sum(p.role == role for p in parties) for role in kept}
    return [p if counts[r] == 1 else Party(p.key, p.role, f"{p.address} +{counts[r] - 1}") for r, p in kept.items()]


def head(story: Story, drawing: Drawing) -> list[Line]:
    """Roles and addresses above the lifelines."""
    found = columns(story, drawing)
    style = drawing.style
    above, below = [" "] * drawing.width, [" "] * drawing.width
    _write(above, 0, " Time     " + style.own("Δ"))
    for party, x in zip(found.shown, found.x, strict=True):
        room = found.x[1] - found.x[0] - 1 if len(found.x) > 1 else drawing.width - MARGIN
        _center(above, x, clip(party.role, room, style.own("…")), drawing.width)
        _center(below, x, clip(style.show(party.address), room, style.own("…")), drawing.width)
    if found.before or found.after:
        _write(below, 0, f" <{found.before} {found.after}>")
    return [fit(line(Span("".join(row), look)), drawing.width, style) for row, look in ((above, "head"), (below, "dim"))]


def _center(row: list[str], x: int, text: str, width: int) -> None:
    start = min(max(MARGIN // 2, x - cells(text) // 2), width - cells(text))
    _write(row, max(0, start), text)


def _write(row: list[str], at: int, text: str) -> None:
    """Put text into a row of cells. A wide character takes two, the second of which is empty."""
    for char in text:
        size = cells(char)
        if size == 0:
            if at > 0:
                row[at - 1] += char
            continue
        if at + size > len(row):
            return
        row[at] = char
        for extra in range(1, size):
            row[at + extra] = ""
        at += size


def draw(story: Story, drawing: Drawing) -> list[Line]:
    """Every line below the head."""
    pen = _Pen(story, drawing)
    return [fit(one, drawing.width, drawing.style) for item in story.items for one in pen.item(item)]


class _Pen:
    """Draws items one after the other; remembers the second that was written last."""

    def __init__(self, story: Story, drawing: Drawing) -> None:
        self.story, self.drawing = story, drawing
        self.style, self.sign = drawing.style, signs(drawing.style)
        self.columns = columns(story, drawing)
        self.x = {p.key: x for p, x in zip(self.columns.shown, self.columns.x, strict=True)}
        self.second: int | None = None

    def item(self, item: Item) -> Iterable[Line]:
        if isinstance(item, Arrow):
            yield self.arrow(item)
            if item.id in self.drawing.expanded:
                yield from self.repeats(item)
        elif isinstance(item, Gap):
            yield self.gap(item)
        elif isinstance(item, Fold):
            sign = (
                self.sign.opened if any(isinstance(i, Note) and i.inside and i.because == item.root for i in self.story.items) else self.sign.closed
            )
            more = f"{item.count} more consequence{'' if item.count == 1 else 's'} of {item.root}"
            yield line(f"        {sign} ", Span(more, "dim"), key=item.id)
        else:
            yield self.note(item)

    # ------------------------------------------------------------ lines that are no arrows

    def note(self, note: Note) -> Line:
        finding, own = note.finding, self.style.own
        why = f"because {note.because} · {finding.title}" if note.because else finding.title
        indent = "        " if note.inside else "      "
        head = f"{finding.id} {self.style.mark(finding.severity)} {finding.code}"
        tail = own(f" · {finding.severity} · {finding.confidence} · ") + self.style.prose(why)
        room = self.drawing.width - len(indent) - 2 - cells(head)
        return line(indent, Span(f"{self.sign.finding} "), Span(head, finding.severity), Span(short(tail, max(0, room), self.style)), key=note.id)

    def gap(self, gap: Gap) -> Line:
        row = self.lifelines()
        self.second = None
        _write(row, self.columns.x[0] + 1, f"{self.sign.gap * 2} {long_span(gap.ns)} nothing {self.sign.gap * 2}")
        return line(Span("".join(row).rstrip(), "dim"))

    def lifelines(self) -> list[str]:
        row = [" "] * self.drawing.width
        for x in self.columns.x:
            row[x] = self.sign.life
        return row

    # ------------------------------------------------------------ arrows

    def margin(self, time_ns: int, delta_ns: int | None) -> str:
        """``10:02:15 +114ms``: the time of day once a second, then the milliseconds, and how long since the arrow before."""
        delta = f"+{short_span(delta_ns)}" if delta_ns is not None else ""
        form = self.drawing.time_form
        if form == "delta":
            return f" {'':8} {delta}"
        if form == "since":
            return f" {(time_ns - self.story.session.first_time_ns) / NS:8.3f} {delta}"
        second = time_ns // NS
        if second != self.second:
            self.second = second
            return f" {self.style.clock(time_ns)} {delta}"
        return f"     .{time_ns % NS // 10**6:03} {delta}"

    def arrow(self, arrow: Arrow) -> Line:
        row = self.lifelines()
        _write(row, 0, pad(self.margin(arrow.time_ns, arrow.delta_ns), MARGIN)[:MARGIN])
        start, end = self._shaft(row, arrow.peer, arrow.form, arrow.sent)
        name = "critical" if arrow.failed else "accent" if arrow.form == "open" else "dim" if arrow.form == "guess" else ""
        return _painted(row, start, end, self._label(row, start, end, arrow, self._text(arrow)), name, arrow.id)

    def repeats(self, arrow: Arrow) -> Iterable[Line]:
        """Each time that it was sent again."""
        before = arrow.time_ns
        for number, time_ns in enumerate(arrow.again_ns):
            row = self.lifelines()
            _write(row, 0, pad(self.margin(time_ns, time_ns - before), MARGIN)[:MARGIN])
            start, end = self._shaft(row, arrow.peer, arrow.form, arrow.sent)
            text = f"again, {self.style.own('×')}{number + 2}"
            yield _painted(row, start, end, self._label(row, start, end, arrow, text), "dim", f"{arrow.id}r{number}")
            before = time_ns

    def _text(self, arrow: Arrow) -> str:
        """``✖ SYN ×3 (1 s, 2 s) to 203.0.113.50:443, no answer``."""
        show, own = self.style.show, self.style.own
        text = own(arrow.text)
        if arrow.again_ns:
            times = _times((arrow.time_ns, *arrow.again_ns))
            text = f"SYN {times}{text[3:]}" if text.startswith("SYN to ") else f"{text} {times}"
        if arrow.form == "lost":
            text += ", no answer" if arrow.failed else ", no answer in the capture"
        if arrow.form == "guess":
            text += " (not in the capture)"
        if arrow.failed and arrow.form != "lost":
            text = f"{self.style.mark('critical')} {text}"
        if arrow.copies > 1:
            text += f" {self.sign.copies}{arrow.copies}"
        if self._hidden(arrow.peer):
            party = next(p for p in self.story.parties if p.key == arrow.peer)
            text = f"{party.role}: {text}"
        return own(show(text))

    def _hidden(self, peer: str) -> bool:
        return self.columns.folded.get(peer, peer) not in self.x

    def _shaft(self, row: list[str], peer: str, form: str, sent: bool) -> tuple[int, int]:
        """Draw the shaft from the phone's lifeline to the peer's; where it begins and ends (the lifelines are not part of it)."""
        sign, x0 = self.sign, self.x[PHONE]
        key = self.columns.folded.get(peer, peer)
        hidden = key not in self.x
        x1 = self.x.get(key, min(x0 + 8, self.drawing.width - 1))
        shaft = sign.double if form == "open" else sign.guess if form == "guess" else sign.dash
        for x in range(x0 + 1, x1):
            row[x] = shaft
        if form == "lost":
            row[x1 - 1] = sign.lost
        elif hidden and sent:
            row[x1 - 1] = sign.away
        elif form != "open":
            row[x1 - 1 if sent else x0 + 1] = sign.right if sent else sign.left
        return x0 + 1, x1

    def _label(self, row: list[str], start: int, end: int, arrow: Arrow, text: str) -> tuple[int, int]:
        """Write the label on the shaft if it fits there, else behind the arrow across the empty lifelines, else cut; where it stands."""
        ellipsis = self.style.own("…")
        inside, behind = end - start - 5, self.drawing.width - end - 3
        short = self._short(text)
        compact = self._compact(short, arrow.peer)
        for form in dict.fromkeys((text, short, compact)):
            if cells(form) <= inside:
                return self._inside(row, start, form)
            if cells(form) <= behind:
                return self._behind(row, end, form)
        short = compact
        if behind > inside:
            return self._behind(row, end, clip(short, behind, ellipsis))
        return self._inside(row, start, clip(short, max(0, inside), ellipsis))

    def _short(self, text: str) -> str:
        """Names without the domain that stands above the ladder."""
        return text.replace("." + self.style.show(self.story.session.domain), "")

    def _compact(self, text: str, peer: str) -> str:
        """Without what the column or the order of the story says as well."""
        for long, brief in (
            ("ClientHello for ", "ClientHello "),
            ("TLS 1.2 Certificate", "Certificate"),
            ("1.3 ServerHello,", "1.3,"),
            (f" to {peer}:", " to :"),
            (f"from {peer}, ", ""),
        ):
            text = text.replace(long, brief)
        return re.sub(r"^(\S+ /[^/ ]{1,24})/\S+", rf"\1/{self.style.own('…')}", text)

    @staticmethod
    def _inside(row: list[str], start: int, text: str) -> tuple[int, int]:
        if not text:
            return start, start
        _write(row, start + 2, f" {text} ")
        return start + 3, start + 3 + cells(text)

    @staticmethod
    def _behind(row: list[str], end: int, text: str) -> tuple[int, int]:
        _write(row, end + 1, f" {text} ")
        return end + 2, end + 2 + cells(text)


def _painted(row: list[str], start: int, end: int, label: tuple[int, int], name: str, key: str) -> Line:
    """A row with its shaft and label in the arrow's style; lifelines stay dim."""
    low, high = min(start, label[0]), max(end, label[1])
    low, high = max(0, low), min(len(row), high)
    return Line((Span("".join(row[: start - 1])), Span("".join(row[start - 1 : low]), "dim"), Span("".join(row[low:high]), name),
                 Span("".join(row[high:]).rstrip(), "dim")), key)  # fmt: skip


def _times(times: tuple[int, ...]) -> str:
    """``×3 (1 s, 2 s)``, ``×5 (1 s apart)``."""
    gaps = [short_span(b - a, blank=" ") for a, b in pairwise(times)]
    said = f"{gaps[0]} apart" if len(gaps) > 1 and len(set(gaps)) == 1 else ", ".join(gaps[:3]) + (", …" if len(gaps) > 3 else "")
    return f"×{len(times)} ({said})"


def short_span(ns: int, blank: str = "") -> str:
    """``0.1ms``, ``158ms``, ``2.3s``, ``1m02s``, ``3h05m``."""
    if ns < 10**7:
        return f"{ns / 10**6:.1f}{blank}ms"
    if ns < NS - 500_000:
        return f"{ns / 10**6:.0f}{blank}ms"
    if ns < 60 * NS - NS // 20:
        return f"{ns / NS:.1f}{blank}s".replace(".0", "")
    seconds = round(ns / NS)
    if seconds < 3_600:
        return f"{seconds // 60}m{seconds % 60:02}s"
    return f"{seconds // 3600}h{seconds % 3600 // 60:02}m" if seconds < 86_400 else f"{seconds // 86_400}d{seconds % 86_400 // 3600:02}h"


def long_span(ns: int) -> str:
    """``32 s``, ``4 min``, ``3 h``, ``12 days``."""
    seconds = round(ns / NS)
    for size, word in ((86_400 * 2, "days"), (3_600 * 2, "h"), (60 * 2, "min")):
        if seconds >= size:
            return f"{seconds // (size // 2)} {word}"
    return f"{seconds} s"
