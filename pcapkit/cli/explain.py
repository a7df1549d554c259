"""``pcapkit explain``."""

from __future__ import annotations

from argparse import Namespace

from pcapkit.cli import errors


def run(args: Namespace) -> int:
    """Say so.

    Raises:
        Fail: exit code 2.
    """
    errors.usage("not in this version yet (see docs/roadmap.md)")
