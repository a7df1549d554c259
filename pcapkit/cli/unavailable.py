"""Options of the contract that this version does not serve yet: said in one line, never passed over in silence."""

from __future__ import annotations

from argparse import Namespace

from pcapkit.cli import errors


def refuse(args: Namespace) -> None:
    """End with exit code 2 for an option that comes later.

    Raises:
        Fail: exit code 2.
    """
    later = {
        "--jobs": args.jobs > 1,
    }
    for option, given in later.items():
        if given:
            errors.usage(f"{option} is not in this version yet (see docs/roadmap.md)")
