"""``pcapkit doctor``: what works on this machine."""

from __future__ import annotations

import sys
from argparse import Namespace

from pcapkit.cli import errors, output
from pcapkit.report.style import Style


def run(args: Namespace) -> int:
    """Print the checks; exit code 5 if the named interface is missing."""
    from pcapkit import doctor

    if args.limits:
        output.write_stdout([doctor.limits_text()])
        return errors.OK
    style = Style(ascii=bool(args.ascii) or not Style.locale_shows_marks(sys.stdout), colour=Style.colours(args.color, sys.stdout))
    found = list(doctor.checks(args.interface))
    output.write_stdout([doctor.text(found, style)])
    gone = args.interface is not None and any(c.level == "miss" and c.what == f"interface {args.interface}" for c in found)
    return errors.MISSING if gone else errors.OK
