"""Exit codes of the contract, and the one line that goes with each."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Final, NoReturn

OK: Final = 0
FOUND: Final = 1
USAGE: Final = 2
INPUT: Final = 3
OUTPUT: Final = 4
MISSING: Final = 5
BUG: Final = 70
STOPPED: Final = 130
TERMINATED: Final = 143

PRECEDENCE: Final = (USAGE, BUG, MISSING, OUTPUT, INPUT, TERMINATED, STOPPED, FOUND)
"""Where several apply, the first of these (docs/contract.md, 1)."""

LINE_CHARS: Final = 400


class Fail(Exception):
    """Ends the command with an exit code and one line: ``FILE: what is wrong and what to do``."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Done(Exception):
    """Ends the command in silence: help was printed, or the reader of standard output has left."""

    def __init__(self, code: int = OK) -> None:
        super().__init__(code)
        self.code = code


def usage(message: str) -> NoReturn:
    """The command line is wrong.

    Raises:
        Fail: always, with exit code 2.
    """
    raise Fail(USAGE, message)


def worst(codes: Iterable[int]) -> int:
    """The exit code that stands where several apply."""
    seen = set(codes)
    return next((code for code in PRECEDENCE if code in seen), OK)


def say(message: str) -> None:
    """One line on standard error, escaped and at most ``LINE_CHARS`` long. A closed standard error is nobody's fault."""
    from pcapkit.report.escape import visible  # late: --help and --version need no escaping

    line = visible(f"pcapkit: {message}", limit=LINE_CHARS - 20)
    try:
        print(line, file=sys.stderr, flush=True)  # noqa: T201
    except (OSError, ValueError):
        return
