"""Bytes and numbers that look random and are the same each time: everything derives from a label."""

from __future__ import annotations

import hashlib
import random


def noise(*label: object) -> random.Random:
    """A generator of its own for each label."""
    return random.Random(" ".join(map(str, label)))


def number(*label: object, bits: int = 32) -> int:
    """One number for each label."""
    return int.from_bytes(hashlib.sha256(" ".join(map(str, label)).encode()).digest(), "big") >> (256 - bits)
