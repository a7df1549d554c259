"""Moments as text, both ways: RFC 3339 for documents, and what people type for ``--since``, ``--until`` and ``--at``."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Final

NS: Final = 10**9
UNITS_S: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}

FORMS: Final = "2026-11-22T10:02:30Z, '2026-11-22 10:02:30', 2026-11-22, 10:02:30, or +5m after the start"


class TimeError(Exception):
    """The text is no moment; the message says what is taken."""


def rfc3339(time_ns: int | None) -> str | None:
    """``2026-11-22T10:02:14.000000001Z``; None where there is no time."""
    if time_ns is None:
        return None
    seconds, rest = divmod(time_ns, NS)
    try:
        day = time.gmtime(seconds)
    except (OverflowError, ValueError, OSError):
        return None
    return f"{day.tm_year:04}-{day.tm_mon:02}-{day.tm_mday:02}T{day.tm_hour:02}:{day.tm_min:02}:{day.tm_sec:02}.{rest:09}Z"


def parse(text: str, utc: bool = False, first_ns: int | None = None) -> int:
    """ns since the epoch. A time of day is of the capture's first day, ``+5m`` counts from its start (``first_ns``);
    what names no offset is on this machine's clock, or in UTC.

    Raises:
        TimeError: no moment.
    """
    text = text.strip()
    if not text.isascii():
        raise TimeError(f"{text}: no time; write {FORMS}")
    relative = re.fullmatch(r"\+\s*(\d{1,9}(?:\.\d{1,9})?)\s*(ms|s|min|m|h|d)", text)
    if relative:
        if first_ns is None:
            raise TimeError(f"{text}: a time after the start has no meaning here; write {FORMS}")
        return first_ns + round(float(relative[1]) * UNITS_S[relative[2]] * NS)
    day = re.fullmatch(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?", text)
    if day:
        return _time_of_day(text, day, utc, first_ns)
    fraction = re.search(r"(?<=:\d\d)[.,](\d{1,9})(?!\d)", text)
    whole = text.replace(fraction[0], "", 1) if fraction else text
    try:
        moment = datetime.fromisoformat(whole)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC) if utc else moment.astimezone()
        seconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    except (ValueError, OverflowError, OSError):
        raise TimeError(f"{text}: no time; write {FORMS}") from None
    return seconds * NS + (int(fraction[1].ljust(9, "0")) if fraction else 0)


def _time_of_day(text: str, match: re.Match[str], utc: bool, first_ns: int | None) -> int:
    if first_ns is None:
        raise TimeError(f"{text}: a time of day has no meaning here; write {FORMS}")
    start = datetime.fromtimestamp(first_ns // NS, UTC)
    start = start if utc else start.astimezone()
    try:
        moment = start.replace(hour=int(match[1]), minute=int(match[2]), second=int(match[3] or 0), microsecond=0)
    except ValueError:
        raise TimeError(f"{text}: no time of day; write {FORMS}") from None
    return int(moment.timestamp()) * NS + int((match[4] or "0").ljust(9, "0"))
