"""The mark of captures in which names inside certificates were replaced: their signatures cannot hold any more."""

from __future__ import annotations

from typing import Final

RENAMED: Final = "Names inside certificates are replaced too, which breaks their signatures: paths can be built by names alone."
"""Stands in the comment of the section."""
