"""Wording that rules share: devices, lists, details."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from pcapkit.sessions.scene import DeviceCase

SENTENCES: Final = 3
"""Sentences that a finding's detail repeats; the rest is counted."""


def who(device: DeviceCase) -> str:
    """The device by the best name it has."""
    return device.hostname or device.mac or (device.addresses[0] if device.addresses else device.id)


def listed(items: Sequence[str], limit: int = 4) -> str:
    """``a, b and 3 more``."""
    shown = ", ".join(items[:limit])
    more = len(items) - limit
    return shown if more <= 0 else f"{shown} and {more} more"


def tell(sentences: Iterable[tuple[str | None, str]]) -> str:
    """A finding's detail: its sentences, equal ones once, the rest counted."""
    said = tuple(dict.fromkeys(sentence for _, sentence in sentences))
    more = len(said) - SENTENCES
    return " ".join(said if more <= 0 else (*said[:SENTENCES], f"The same in {more} more case{'s' if more > 1 else ''}."))
