"""Signs that the screens are drawn with, and their twins for terminals that know ASCII only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pcapkit.report.style import Style


@dataclass(frozen=True, slots=True)
class Signs:
    """Every sign of one cell, but ``copies``. ``right``/``left``: arrow heads; ``lost``: an arrow that nothing answered."""

    life: str = "│"
    dash: str = "─"
    double: str = "═"
    guess: str = "╌"
    right: str = ">"
    left: str = "<"
    away: str = "»"
    lost: str = "✖"
    finding: str = "┊"
    gap: str = "┄"
    closed: str = "▸"
    opened: str = "▾"
    copies: str = "⧉"
    rule: str = "─"
    corner: str = "└"
    full: str = "█"
    empty: str = "░"


UNICODE: Final = Signs()
ASCII: Final = Signs(
    life="|", dash="-", double="=", guess=".", away="}", lost="X", finding=":", gap=".", closed="+", opened="-", copies="copies:", rule="-", corner="`",
    full="#", empty=".",
)  # fmt: skip


def signs(style: Style) -> Signs:
    """The set that fits a style."""
    return ASCII if style.ascii else UNICODE
