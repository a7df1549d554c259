"""Helpers to look at a running browser."""

from __future__ import annotations

from contextlib import asynccontextmanager

import made
from pcapkit_tui.app import BrowseApp
from pcapkit_tui.state import Setup

from pcapkit.model import FrameRef
from pcapkit.report.style import Style

PLACE = FrameRef(0, 22)


def browser(report=None, *, snapshot=None, ascii_only=False, **setup) -> BrowseApp:
    """A browser that has read a report made by hand; ``snapshot`` in its place."""
    setup.setdefault("style", Style(utc=True, ascii=ascii_only))
    return BrowseApp(Setup(**setup), snapshot or made.snapshot(report))


def text(app: BrowseApp) -> str:
    """The screen as text."""
    return "\n".join("".join(s.text for s in strip).rstrip() for strip in app.screen._compositor.render_strips())


async def settle(app: BrowseApp, pilot) -> None:
    """Until workers and messages are done."""
    await pilot.pause()
    await app.workers.wait_for_complete()
    await pilot.pause()


async def keys(app: BrowseApp, pilot, *pressed: str) -> None:
    """Press keys, each settled."""
    for key in pressed:
        await pilot.press(key)
        await settle(app, pilot)


@asynccontextmanager
async def running(app: BrowseApp, size=(80, 24)):
    """The browser, running and settled."""
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        yield pilot
