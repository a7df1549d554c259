"""Starting the browser and giving the terminal back, whatever ends it."""

from __future__ import annotations

import sys
from typing import Final

from pcapkit_tui.app import BrowseApp
from pcapkit_tui.state import Setup

RESTORE: Final = "\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1004l\x1b[<u\x1b[0m"
"""Leave the alternate screen, show the cursor, turn mouse, paste, focus and key reports off."""


def browse(setup: Setup) -> int:
    """Run the browser until it is left; the exit code."""
    app = BrowseApp(setup)
    try:
        code = app.run()
    except BaseException:
        _restore()
        raise
    if app.ended_by is not None:
        return 128 + app.ended_by
    if app._exception is not None:  # a bug of ours: Textual has printed where
        return 70
    return code or 0


def _restore() -> None:
    """Best effort: the terminal may be gone."""
    try:
        sys.__stderr__.write(RESTORE)  # type: ignore[union-attr]  # browse is only run with a terminal there
        sys.__stderr__.flush()  # type: ignore[union-attr]
    except (OSError, ValueError, AttributeError):
        return
