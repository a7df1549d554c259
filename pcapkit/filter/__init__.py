"""The filter language of ``--filter``, ``extract`` and the terminal browser: text to a predicate over rows.

A *row* is a mapping from field to the values that it has there: ``{"device": ("D1", "iPhone-Joe"), "port": (443,), "time": (ns, ns)}``. A predicate
never raises on a row, and takes time linear in its text: no ``eval``, no backtracking.
"""

from __future__ import annotations

from pcapkit.filter.fields import FIELDS, Field, Row
from pcapkit.filter.language import MAX_CHARS, Filter, FilterError, compile_filter

__all__ = ["FIELDS", "MAX_CHARS", "Field", "Filter", "FilterError", "Row", "compile_filter"]
