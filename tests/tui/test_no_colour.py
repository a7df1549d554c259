"""Without colours: NO_COLOR and the terminal's own colours. What is selected is still seen, and no colour is written."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pcapkit_tui import themes
from shown import browser, running
from textual.color import Color
from textual.filter import NoColor

GOLDEN = Path(__file__).parent / "golden"
SCREENS = {"devices": [], "session": ["enter"], "findings": ["3"], "finding": ["4"], "chain": ["6"], "capture": ["8"], "help": ["question_mark"]}


def look(app) -> str:
    """The screen as text; reverse parts in ‹›, bold ones in **."""
    lines = []
    for strip in app.screen._compositor.render_strips():
        line = ""
        for segment in strip:
            style = segment.style
            text = segment.text.rstrip() if style is None or not style.reverse else segment.text
            if style is not None and style.reverse and text:
                text = f"‹{text}›"
            elif style is not None and style.bold and text.strip():
                text = f"**{text}**"
            line += text + segment.text[len(segment.text.rstrip()) :] * (style is None or not style.reverse)
        lines.append(line.rstrip())
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("screen", SCREENS)
async def test_golden(screen, request, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    app = browser()
    async with running(app) as pilot:
        await pilot.press(*SCREENS[screen])
        await pilot.pause()
        text = look(app)
        assert any(isinstance(f, NoColor) for f in app._filters)
        assert app.theme == themes.ANSI.name
    file = GOLDEN / f"no-colour-{screen}.txt"
    if request.config.getoption("--renew-golden"):
        await asyncio.to_thread(file.write_text, text, "utf-8")
    assert text == await asyncio.to_thread(file.read_text, "utf-8")


async def test_no_colour_reaches_the_terminal(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    app = browser()
    async with running(app):
        for strip in app.screen._compositor.render_strips():
            for segment in strip.apply_filter(NoColor(), Color.parse("black")):
                style = segment.style
                assert style is None or style.color is None or style.color.is_default
                assert style is None or style.bgcolor is None or style.bgcolor.is_default


@pytest.mark.parametrize(("name", "value", "theme"), [("TERM", "linux", "ansi"), ("TERM", "xterm-256color", "dark"), ("TERM", "dumb", "ansi")])
def test_few_colours_mean_the_terminals_own(name, value, theme, monkeypatch):
    monkeypatch.delenv("COLORTERM", raising=False)
    monkeypatch.setenv(name, value)
    assert themes.chosen(None) == themes.THEMES[theme].name


@pytest.mark.parametrize(
    ("wish", "theme"), [("light", "light"), ("pcapkit-dark", "dark"), ("textual-ansi", "ansi"), ("terminal", "ansi"), ("nonsense", "dark")]
)
def test_themes_by_name(wish, theme):
    assert themes.chosen(wish) == themes.THEMES[theme].name


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [themes.DARK, themes.LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("name", ["critical", "caution", "remark", "fine", "faint", "strong"])
def test_contrast(theme, name):
    pair = sorted((luminance(theme.variables[name]), luminance(theme.background)))
    assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5
