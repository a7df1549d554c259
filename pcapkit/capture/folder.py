"""Folders to the captures in them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from pcapkit.capture.pcap import looks_like_pcap
from pcapkit.capture.pcapng import looks_like_pcapng


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Sort key in which ``cap_2`` stands before ``cap_10`` and tcpdump's ``cap.pcap`` before ``cap.pcap1``."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.findall(r"[0-9]+|[^0-9]+", name)]


def _holds_a_capture(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            head = file.read(64)
    except OSError:
        return False
    return looks_like_pcap(head) or looks_like_pcapng(head)


def expand(paths: Iterable[str]) -> list[str]:
    """Put the captures of a folder, told by content and in order of their names, in the place of each folder among ``paths``.

    What is no folder stays as it is, and so does a folder without captures: opening it says so.
    """
    out: list[str] = []
    for path in paths:
        if path == "-" or not os.path.isdir(path):
            out.append(path)
            continue
        inside = sorted((e.name for e in os.scandir(path) if e.is_file() and not e.name.startswith(".")), key=_natural)
        out += [p for p in (os.path.join(path, name) for name in inside) if _holds_a_capture(p)] or [path]
    return out
