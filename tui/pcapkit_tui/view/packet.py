"""Screen 5: the layers of a frame as lines, and its bytes with those of the field under the cursor marked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from pcapkit.drill import Node
from pcapkit.report.cells import clip, pad
from pcapkit.report.style import Style
from pcapkit.revisit import Frame
from pcapkit_tui.view import secrets
from pcapkit_tui.view.layers import Layer
from pcapkit_tui.view.lines import Line, Span, line

ROW: Final = 16
NAME: Final = 18


def lines(style: Style, frame: Frame, found: Sequence[Layer], width: int) -> list[Line]:
    """Each layer in a line, its fields below. Keys: ``2`` the third layer, ``2.5`` its sixth field."""
    when = f"{style.date(frame.time_ns)} {style.clock(frame.time_ns)}.{frame.time_ns % 10**9:09} {style.offset(frame.time_ns)}"
    cut = f" ({len(frame.data):,} captured)" if len(frame.data) < frame.length else ""
    made = [line(Span(f"Frame {frame.frame}", "bold"), f"  {when}  {frame.length:,} bytes{cut}", key="frame")]
    for number, layer in enumerate(found):
        made.append(line(Span(clip(style.own(style.show(layer.title)), width, style.own("…")), "accent"), key=f"{number}"))
        for place, field in enumerate(layer.fields):
            value = clip(style.own(style.show(field.value)), max(8, width - NAME - 4), style.own("…"))
            made.append(line(Span(f"  {pad(clip(style.show(field.name), NAME, style.own('…')), NAME)}", "dim"), value, key=f"{number}.{place}"))
    return made


def marked(found: Sequence[Layer], key: str | None) -> tuple[int, int]:
    """The bytes of what a line stands for: (first, behind the last)."""
    if key is None or not key[:1].isdigit():
        return 0, 0
    number, _, place = key.partition(".")
    if int(number) >= len(found):
        return 0, 0
    layer = found[int(number)]
    part = layer.fields[int(place)] if place and int(place) < len(layer.fields) else layer
    return part.at, part.at + part.size


def hexdump(style: Style, data: bytes, mark: tuple[int, int], width: int) -> list[Line]:
    """Bytes as hex and text. Bytes of secrets are not shown."""
    hidden = bytearray(len(data))
    for start, end in secrets.spans(data):
        hidden[start:end] = b"\x01" * (end - start)
    dark = "." if style.ascii else "·"
    made = [_row(data, hidden, row, mark, dark) for row in range(0, len(data), ROW)]
    if any(hidden):
        made.insert(0, line(Span(f"{sum(hidden):,} bytes of secrets are not shown", "warning")))
    return made


def _row(data: bytes, hidden: bytearray, at: int, mark: tuple[int, int], dark: str) -> Line:
    numbers: list[Span] = []
    texts: list[Span] = []
    for place in range(at, at + ROW):
        if place >= len(data):
            numbers.append(Span("   "))
            continue
        style = "marked" if mark[0] <= place < mark[1] else ""
        byte = data[place]
        gap = " " if (place + 1) % 8 else "  "
        numbers += [
            Span("xx" if hidden[place] else f"{byte:02x}", style),
            Span(gap, style if style and place + 1 < mark[1] and (place + 1) % ROW else ""),
        ]
        texts.append(Span("x" if hidden[place] else chr(byte) if 32 <= byte < 127 else dark, style))
    return Line((Span(f"{at:04x}  ", "dim"), *_joined(numbers), Span(" "), *_joined(texts)))


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Neighbours of one style together."""
    found: list[Span] = []
    for span in spans:
        if found and found[-1].style == span.style:
            found[-1] = Span(found[-1].text + span.text, span.style)
        else:
            found.append(span)
    return found


def tree(style: Style, nodes: Sequence[Node], width: int, clean: Callable[[bytes], bytes]) -> list[Line]:
    """tshark's tree, without secrets. Keys: ``t7`` the eighth node."""
    made: list[Line] = []
    for number, node in enumerate(nodes):
        text = clean(node.text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")
        shown = clip(style.own(style.show(text)), max(8, width - 2 * node.depth), style.own("…"))
        made.append(line(Span("  " * node.depth + shown, "" if node.depth else "accent"), key=f"t{number}"))
    return made
