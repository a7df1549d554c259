"""Run by the tests under a pseudo-terminal: a browser with a report made by hand. The first word is the name that stands everywhere."""

from __future__ import annotations

import sys

import made
from pcapkit_tui.app import BrowseApp
from pcapkit_tui.state import Setup

from pcapkit.report.style import Style

if __name__ == "__main__":
    name = made.HOSTILE if sys.argv[1] == "hostile" else sys.argv[1]
    app = BrowseApp(Setup(style=Style(utc=True)), made.snapshot(made.hostile(name)))
    if sys.argv[1:] == ["crash"]:
        app.call_later(lambda: app.run_worker(lambda: 1 / 0, thread=True, exit_on_error=False, group="crash"))
    app.run()
    sys.exit(70 if app._exception else 0)
