"""What ``live`` reads, by the command line."""

from __future__ import annotations

import re
from argparse import Namespace
from typing import TYPE_CHECKING, Any, Final

from pcapkit.cli import errors, output

if TYPE_CHECKING:
    from pcapkit.live import Feed, Request

CODES: Final = {"usage": errors.USAGE, "disk": errors.OUTPUT}
"""Exit codes by what is wrong; all else is ``MISSING``."""
MOST_FILES: Final = 10_000


def feed_of(args: Namespace) -> Feed:
    """A pipe or file of somebody else's, or a capturer of ours, started; then privileges are given up.

    Raises:
        Fail: the command line is wrong (2), nothing can be captured (5), or the file of ``-w`` not be written (4).
    """
    from pcapkit.live import CaptureError, Following, start

    if getattr(args, "interface", None) is None:
        _refuse_capturing(args)
        return Following(args.captures[0])
    request = _request(args)
    try:
        capturing = start(request)
    except CaptureError as error:
        raise errors.Fail(CODES.get(error.kind, errors.MISSING), str(error)) from None
    from pcapkit.cli.logs import LOG

    LOG.info("capturing on %s with %s%s", request.interface, capturing.tool.title, f", into {capturing.written}" if capturing.written else "")
    return capturing


def limits_of(args: Namespace) -> dict[str, Any]:
    """``-c`` and ``-a`` where the run itself must keep them: a capturer of ours does it by itself."""
    if getattr(args, "interface", None) is not None:
        return {}
    return {"packets": getattr(args, "packets", None), "seconds": _seconds(getattr(args, "autostop", None))}


def _refuse_capturing(args: Namespace) -> None:
    """Options that only mean something where we capture."""
    for option, name in (
        ("-w", "write"),
        ("--ring", "ring"),
        ("-f", "bpf"),
        ("--snaplen", "snaplen"),
        ("--monitor", "monitor"),
        ("--channel", "channel"),
    ):
        if getattr(args, name, None):
            errors.usage(f"{option} needs an interface (-i): what comes by a pipe is captured by others (keep it with tee)")


def _request(args: Namespace) -> Request:
    from pcapkit.live import Request

    ring = _ring(args.ring)
    if ring and not args.write:
        errors.usage("--ring needs -w FILE: the files of the ring are named after it")
    if args.channel and not args.monitor:
        errors.usage("--channel is for --monitor")
    if args.write:
        _check_target(args.write, args.force)
    return Request(
        args.interface,
        write=args.write,
        ring=ring,
        bpf=args.bpf,
        snaplen=args.snaplen,
        packets=args.packets,
        seconds=_seconds(args.autostop),
        monitor=args.monitor,
        channel=args.channel,
        outputs=not output.to_stdout(args) or bool(args.redact_map),
    )


def _check_target(path: str, force: bool) -> None:
    from pcapkit.report.atomic import OutputError, check_target

    try:
        check_target(path, force)
    except OutputError as error:
        raise errors.Fail(errors.OUTPUT, str(error)) from None


def _ring(text: str | None) -> tuple[int, int] | None:
    """``5×100``, ``5x100``, ``5x100MB``: files, and megabytes of each."""
    if text is None:
        return None
    told = re.fullmatch(r"([0-9]{1,5})\s*[x×X*]\s*([0-9]{1,6})\s*(?:MB)?", text.strip(), re.IGNORECASE)
    if not told or not 1 < int(told[1]) <= MOST_FILES or not int(told[2]):
        errors.usage(f"--ring {text}: say N×MB, such as 5x100: at least 2 files, of that many megabytes each")
    return int(told[1]), int(told[2])


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    told = re.fullmatch(r"duration:([0-9]{1,9}(?:\.[0-9]{1,6})?)", text)
    if not told or not float(told[1]):
        errors.usage(f"-a {text}: say duration:S, with S in seconds")
    return float(told[1])
