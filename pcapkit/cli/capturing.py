"""What ``live`` reads, by the command line."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from pcapkit.cli import errors

if TYPE_CHECKING:
    from pcapkit.live import Feed


def feed_of(args: Namespace) -> Feed:
    """A pipe or file of somebody else's, or a capturer of ours, started.

    Raises:
        Fail: it cannot be captured (exit code 5), or the file of ``-w`` not written (4).
    """
    from pcapkit.live import Following

    return Following(args.captures[0])


def limits_of(args: Namespace) -> dict[str, Any]:
    """``-c`` and ``-a`` as the run keeps them."""
    return {"packets": getattr(args, "packets", None), "seconds": _seconds(getattr(args, "autostop", None))}


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    name, _, value = text.partition(":")
    if name != "duration" or not value.isascii() or not value.replace(".", "", 1).isdigit() or float(value) <= 0:
        errors.usage(f"-a {text}: say duration:S, with S in seconds")
    return float(value)
