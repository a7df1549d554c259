"""Commands of the contract that this version does not have yet."""

from __future__ import annotations

from argparse import Namespace

from pcapkit.cli import errors


def run(args: Namespace) -> int:
    """Say so.

    Raises:
        Fail: exit code 2.
    """
    errors.usage(f"{args.command} is not in this version yet (see docs/roadmap.md); analyze, dissect, explain, doctor and schema are")
