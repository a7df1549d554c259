"""``--redact`` and ``--redact-map``: numbers for personal data, and the file that keeps their key."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping

from pcapkit.cli import errors
from pcapkit.model import Report


def wanted(args: Namespace) -> bool:
    """A map is kept of numbers only: ``--redact-map`` asks for them too."""
    return bool(args.redact or args.redact_map)


def check(args: Namespace) -> None:
    """Before the work begins: can the key be written?

    Raises:
        Fail: exit code 4.
    """
    from pcapkit.report.atomic import OutputError, check_target

    if args.redact_map:
        try:
            check_target(args.redact_map, args.force)
        except OutputError as error:
            raise errors.Fail(errors.OUTPUT, str(error)) from None


def redacted(report: Report, args: Namespace) -> Report:
    """The report with numbers; the key is written if it was asked for."""
    from pcapkit.report.redact import redact

    shown, key = redact(report)
    write_key(args, key)
    return shown


def write_key(args: Namespace, key: Mapping[str, str]) -> None:
    """Write what stands behind the numbers, for its owner alone.

    Raises:
        Fail: exit code 4.
    """
    from pcapkit.report.atomic import OutputError, write_atomic

    if not args.redact_map:
        return
    text = json.dumps(key, indent=1, ensure_ascii=True) + "\n"
    try:
        write_atomic(args.redact_map, [text.encode("ascii")], args.force, mode=0o600)
    except OutputError as error:
        raise errors.Fail(errors.OUTPUT, str(error)) from None
