"""Cutting packets out of captures, to attach them to a ticket: as they are, or with everything personal replaced."""

from __future__ import annotations

from pcapkit.extract.cut import Cut, extract, extract_certs
from pcapkit.extract.selection import Selection, SelectionError
from pcapkit.extract.survey import Stopped

__all__ = ["Cut", "Selection", "SelectionError", "Stopped", "extract", "extract_certs"]
