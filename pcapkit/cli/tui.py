"""``pcapkit tui``: the terminal browser, in the terminal or, with ``--serve``, in a web browser."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING, Final

from pcapkit.cli import errors, logs, settings, unavailable

if TYPE_CHECKING:
    from pcapkit_tui.state import Setup

    from pcapkit.config import Config

SERVED: Final = "PCAPKIT_SERVED"
"""Set for the browser that a web server starts for each visitor: no terminal is asked for, nothing is written."""


def run(args: Namespace) -> int:
    """Browse captures until the user leaves.

    Raises:
        Fail: there is no terminal, or an option does not fit.
    """
    unavailable.refuse(args)
    if args.interface:
        errors.usage("a running capture is browsed with: pcapkit live -i IFACE -w FILE, and pcapkit tui FILE beside it")
    if "-" in args.captures:
        errors.usage("standard input is the keyboard here: save the capture to a file, or use pcapkit analyze -")
    if args.serve:
        from pcapkit.cli.serving import serve

        return serve(args, SERVED)
    _check_terminal()
    logs.start(args)
    config = settings.configuration(args)
    setup = _setup(args, config)
    _quiet(args)
    from pcapkit_tui.run import browse

    return browse(setup)


def _setup(args: Namespace, config: Config) -> Setup:
    from pcapkit_tui.state import Setup

    return Setup(
        paths=tuple(sorted(args.captures)),
        options=settings.analysis_options(args, config),
        narrowing=settings.narrowing(args, config),
        names=config.names,
        style=settings.style(args, config, to_terminal=True),
        keys=config.keys,
        theme=str(config.ui["theme"]) if "theme" in config.ui else None,
        served=_served(),
        redact=bool(args.redact or args.redact_map),
    )


def _served() -> bool:
    import os

    return bool(os.environ.get(SERVED))


def _check_terminal() -> None:
    """Keys come from standard input, the screen goes to standard error.

    Raises:
        Fail: exit code 2, they are no terminal.
    """
    if _served():
        return
    for stream in (sys.stdin, sys.stderr):
        if stream is None or not stream.isatty():
            errors.usage("the browser needs a terminal; use pcapkit analyze FILE for a report, or --serve for a web browser")


def _quiet(args: Namespace) -> None:
    """While the browser has the terminal, messages go to the log file alone, warnings of libraries too."""
    import logging
    import warnings

    logger = logging.getLogger("pcapkit")
    for handler in list(logger.handlers):
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr:
            logger.removeHandler(handler)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    logging.captureWarnings(capture=True)
    warnings.simplefilter("ignore" if not args.log else "default")
