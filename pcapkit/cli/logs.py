"""Messages beside the result: to standard error, and to a file that only its owner reads."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from argparse import Namespace

from pcapkit.cli import errors
from pcapkit.report.escape import visible

LOG = logging.getLogger("pcapkit")


class _Line(logging.Formatter):
    """One escaped line a message; tracebacks escaped line by line."""

    def format(self, record: logging.LogRecord) -> str:
        text = visible(record.getMessage(), limit=4_000)
        if record.exc_info and record.exc_info[1] is not None:
            text += "\n" + escaped_traceback(record.exc_info[1])
        return f"pcapkit: {text}"


def start(args: Namespace) -> None:
    """Set up messages as ``-q``, ``-v``, ``--debug`` and ``--log`` ask.

    Raises:
        Fail: the log file cannot be written (exit code 4).
    """
    level = logging.DEBUG if args.debug else logging.INFO if args.verbose else logging.ERROR if args.quiet else logging.WARNING
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(level)
    handlers = [handler]
    if args.log:
        handlers.append(_to_file(args.log))
    LOG.handlers.clear()
    LOG.propagate = False
    LOG.setLevel(logging.DEBUG if args.log else level)
    for handler in handlers:
        handler.setFormatter(_Line())
        LOG.addHandler(handler)
    logging.raiseExceptions = False  # a closed standard error is nobody's fault


def _to_file(path: str) -> logging.Handler:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise errors.Fail(errors.OUTPUT, f"{path}: the log cannot be written: {error.strerror}") from None
    return logging.StreamHandler(os.fdopen(descriptor, "a", encoding="utf-8"))


def escaped_traceback(error: BaseException) -> str:
    """A traceback without what packets may have put into messages: places and types, the message escaped."""
    lines = "".join(traceback.format_exception(error)).splitlines()
    return "\n".join(visible(line, limit=1_000) for line in lines)


def show_traceback(error: BaseException) -> None:
    """Print the traceback to standard error (``--debug``)."""
    try:
        print(escaped_traceback(error), file=sys.stderr)  # noqa: T201
    except (OSError, ValueError):
        return
