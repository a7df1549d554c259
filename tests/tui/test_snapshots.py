"""What every screen looks like: pictures of all of them in each size, theme and set of signs."""

from __future__ import annotations

import made
import pytest
from shown import browser, settle

from pcapkit.model import FrameRef

SIZES = {"80x24": (80, 24), "120x34": (120, 34), "160x48": (160, 48)}
LOOKS = ("dark", "light", "ascii")
SCREENS = {
    "devices": [],
    "session": ["enter"],
    "findings": ["3"],
    "finding": ["4"],
    "chain": ["6"],
    "capture": ["8"],
    "help": ["question_mark"],
    "export": ["e"],
    "settings": ["V"],
    "filter": ["slash", "s", "e", "v"],
    "wrong-filter": ["slash", *"devize:x"],
}
MATRIX = [(screen, size, look) for screen in SCREENS for size in SIZES for look in LOOKS if size == "80x24" or look == "dark"]


@pytest.mark.parametrize(("screen", "size", "look"), MATRIX, ids=["-".join(case) for case in MATRIX])
def test_screen(screen, size, look, snap_compare):
    app = browser(ascii_only=look == "ascii", theme="light" if look == "light" else "dark")
    assert snap_compare(app, press=SCREENS[screen], terminal_size=SIZES[size])


STATES = {
    "nothing-relevant": made.empty,
    "one": lambda: made.many(1),
    "ten-thousand": lambda: made.many(10_000),
    "hostile": made.hostile,
}


@pytest.mark.parametrize("state", STATES)
def test_state(state, snap_compare):
    assert snap_compare(browser(STATES[state]()), terminal_size=(80, 24))


@pytest.mark.parametrize("screen", ["session", "findings", "finding", "capture"])
def test_hostile(screen, snap_compare):
    assert snap_compare(browser(made.hostile()), press=SCREENS[screen], terminal_size=(80, 24))


def test_too_small(snap_compare):
    assert snap_compare(browser(), terminal_size=(50, 12))


def test_loading(snap_compare):
    from pcapkit.options import Progress

    app = browser()

    async def load(pilot):
        app.state.loading, app.state.progress, app.state.speed = True, Progress("site-a.pcapng", 41_000_000, 100_000_000, 410_000), 180e6
        app.refresh_screens()
        await pilot.pause()

    assert snap_compare(app, run_before=load, terminal_size=(120, 34))


@pytest.mark.parametrize("reason", ["site.etl: this is a Windows trace, not a capture. Convert it: pktmon etl2pcap site.etl"])
def test_wrong_file(reason, snap_compare):
    app = browser(made.report(captures=(), devices=(), sessions=(), findings=()))

    async def fail(pilot):
        app.state.failure = reason
        app.refresh_screens()
        await pilot.pause()

    assert snap_compare(app, run_before=fail, terminal_size=(80, 24))


def test_packet(snap_compare, demo, tmp_path, monkeypatch):
    """Raw bytes come from a sample; the report is made by hand."""
    from dataclasses import replace

    app = browser(snapshot=replace(made.snapshot(), paths=(str(demo),)))

    async def open_it(pilot):
        app.open_packet(FrameRef(0, 7))
        await settle(app, pilot)

    assert snap_compare(app, run_before=open_it, terminal_size=(120, 34))
