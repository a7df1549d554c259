"""Marks, words and colours of severities and outcomes, shared by the text report, the HTML report and the terminal browser."""

from __future__ import annotations

from typing import Final, NamedTuple


class Mark(NamedTuple):
    """A sign of one cell with its ASCII twin, and its colours for dark and light grounds (Okabe-Ito), or None for the default colour."""

    sign: str
    ascii: str
    dark: str | None
    light: str | None
    sgr: str
    sgr256: str


MARKS: Final = {
    "critical": Mark("✖", "X", "#D55E00", "#D55E00", "1;31", "1;38;5;166"),
    "warning": Mark("▲", "!", "#E69F00", "#8A5A00", "33", "38;5;214"),
    "info": Mark("●", "i", "#56B4E9", "#0072B2", "36", "38;5;74"),
    "ok": Mark("✔", "+", "#009E73", "#00785A", "34", "38;5;36"),
    "pending": Mark("…", "~", None, None, "", ""),
    "none": Mark("·", ".", None, None, "2", "2"),
}

OUTCOME_MARKS: Final = {"succeeded": "ok", "degraded": "warning", "failed": "critical", "incomplete": "pending"}
"""From a session's outcome to its mark."""

OUTCOME_WORDS: Final = {"succeeded": "ok", "degraded": "worked, with a fault", "failed": "failed", "incomplete": "cannot be told"}

STAGE_WORDS: Final = {"dns": "DNS", "connect": "TCP", "tls": "TLS", "http": "HTTP", "service": "service"}

SERVICE_WORDS: Final = {"lync": "Lync/SfB", "exchange": "Exchange"}

ROLE_WORDS: Final = {
    "discover-internal": "lyncdiscoverinternal",
    "discover-external": "lyncdiscover",
    "exch-root": "root domain",
    "exch-autodiscover": "autodiscover",
    "exch-srv": "SRV record",
    "web-external": "external web services",
    "web-internal": "internal web services",
    "webticket": "web ticket",
    "mobility": "mobility service",
    "idp": "identity provider",
    "edge": "edge",
    "other": "other",
}

PLATFORM_WORDS: Final = {
    "ios": "iOS",
    "android": "Android",
    "windows-phone": "Windows Phone",
    "windows": "Windows",
    "macos": "macOS",
    "linux": "Linux",
}

ASCII_SIGNS: Final = str.maketrans(
    {
        "·": "-",
        "→": "->",
        "←": "<-",
        "↔": "<->",
        "×": "x",
        "…": "...",
        "≤": "<=",
        "≥": ">=",
        "–": "-",
        "—": "-",
        "“": '"',
        "”": '"',
        "„": '"',
        "‘": "'",
        "’": "'",
        "‹": "<",
        "›": ">",
        "Δ": "d",
        "−": "-",
        "½": "1/2",
        "µ": "u",
        "\u00a0": " ",
        "✖": "X",
        "▲": "!",
        "●": "i",
        "✔": "+",
    }
)
"""What our own sentences use beyond ASCII, in ASCII."""


def mark(name: str, ascii_only: bool = False) -> str:
    """The sign of a severity, ``ok``, ``pending`` or ``none``."""
    found = MARKS[name]
    return found.ascii if ascii_only else found.sign
