"""What a command reads."""

from __future__ import annotations

import sys
from argparse import Namespace

from pcapkit.cli import errors


def check(args: Namespace) -> None:
    """A command that reads captures was given some. They are put in order by name: which was typed first changes nothing.

    Raises:
        Fail: none, or standard input though it is a terminal (exit code 2).
    """
    if not args.captures:
        errors.usage(f"name a capture: pcapkit {args.command} FILE… (a folder, or - for standard input, will do too)")
    if "-" in args.captures and sys.stdin is not None and sys.stdin.isatty():
        errors.usage("standard input is a terminal; pipe a capture into it: tcpdump -w - | pcapkit -")
    args.captures = sorted(args.captures)


def named(path: str) -> str:
    """An input as messages call it."""
    return "standard input" if path == "-" else path
