"""Themes: dark, light, and the terminal's own colours. Okabe-Ito: to be told apart with a red-green deficiency; marks and words say it as well."""

from __future__ import annotations

import os
from typing import Final

from textual.theme import Theme

DARK: Final = Theme(
    name="pcapkit-dark",
    primary="#56B4E9",
    secondary="#8FA3B0",
    foreground="#E6E8EB",
    background="#14171B",
    surface="#1B1F24",
    panel="#20252B",
    warning="#E69F00",
    error="#E8681A",
    success="#1DB584",
    accent="#56B4E9",
    dark=True,
    variables={
        "critical": "#E8681A", "caution": "#E69F00", "remark": "#56B4E9", "fine": "#1DB584", "faint": "#98A2AE", "strong": "#FFFFFF",
        "block-cursor-foreground": "#14171B", "block-cursor-background": "#E6E8EB",
    },
)  # fmt: skip

LIGHT: Final = Theme(
    name="pcapkit-light",
    primary="#0072B2",
    secondary="#4A5560",
    foreground="#1A1D21",
    background="#FAFAF8",
    surface="#F1F1EE",
    panel="#E9E9E5",
    warning="#8A5A00",
    error="#AD4B00",
    success="#00735A",
    accent="#0072B2",
    dark=False,
    variables={
        "critical": "#AD4B00", "caution": "#8A5A00", "remark": "#0072B2", "fine": "#00735A", "faint": "#5C6670", "strong": "#000000",
        "block-cursor-foreground": "#FAFAF8", "block-cursor-background": "#1A1D21",
    },
)  # fmt: skip

ANSI: Final = Theme(
    name="pcapkit-ansi",
    ansi=True,
    primary="ansi_blue",
    secondary="ansi_cyan",
    warning="ansi_yellow",
    error="ansi_red",
    success="ansi_blue",
    accent="ansi_cyan",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    dark=True,
    variables={
        "critical": "ansi_red", "caution": "ansi_yellow", "remark": "ansi_cyan", "fine": "ansi_blue", "faint": "ansi_default", "strong": "ansi_default",
        "ansi-background": "ansi_black", "ansi-foreground": "ansi_white", "border-blurred": "ansi_default", "block-cursor-foreground": "ansi_black",
        "block-cursor-background": "ansi_white", "input-cursor-background": "ansi_white", "input-cursor-foreground": "ansi_black",
        "input-selection-background": "ansi_blue", "input-selection-foreground": "ansi_white", "screen-selection-background": "ansi_blue",
        "screen-selection-foreground": "ansi_white",
    },
)  # fmt: skip

THEMES: Final = {"dark": DARK, "light": LIGHT, "ansi": ANSI}
"""By the names of the configuration; ``ansi`` also answers to ``terminal``."""


def chosen(wish: str | None) -> str:
    """The theme's full name: what was asked for, else what this terminal can show."""
    if wish:
        short = wish.lower().removeprefix("pcapkit-").removeprefix("textual-").replace("terminal", "ansi")
        if short in THEMES:
            return THEMES[short].name
    return ANSI.name if few_colours() else DARK.name


def few_colours() -> bool:
    """No colour is wanted, or the terminal has but sixteen of its own."""
    terminal = os.environ.get("TERM", "")
    rich = (
        "256color" in terminal
        or os.environ.get("COLORTERM", "") in ("truecolor", "24bit")
        or terminal.startswith(("xterm-kitty", "alacritty", "foot"))
    )
    return "NO_COLOR" in os.environ or not rich
