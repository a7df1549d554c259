"""Folders to the captures in them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from pcapkit.capture.sniff import holds_a_capture


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Sort key in which ``cap_2`` stands before ``cap_10`` and tcpdump's ``cap.pcap`` before ``cap.pcap1``."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.findall(r"[0-9]{1,18}|[^0-9]+", name)]


def expand(paths: Iterable[str]) -> list[str]:
    """Put the captures of a folder, told by content and in order of their names, in the place of each folder among ``paths``.

    Names that count (``cap_00001_…``, ``cap_00002_…``) come in the order of the numbers. Folders inside are not entered, hidden files not
    taken. What is no folder stays as it is, and so does a folder without captures: opening it says so.
    """
    out: list[str] = []
    for path in paths:
        inside = [] if path == "-" else [p for p in _files(path) if holds_a_capture(p)]
        out += inside or [path]
    return out


def _files(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            names = [e.name for e in entries if not e.name.startswith(".") and e.is_file()]
    except OSError:
        return []
    return [os.path.join(folder, name) for name in sorted(names, key=_natural)]
