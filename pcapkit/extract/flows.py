"""All conversations of a run in order of their numbers, each made when looked at."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import overload

from pcapkit.analysis import Analysis
from pcapkit.model import FlowSummary


class Flows(Sequence[FlowSummary]):
    """The flow tables of an analysis as one."""

    def __init__(self, analysis: Analysis) -> None:
        self._tables = [reading.tracker.summaries() for reading in analysis.readings]
        self._ends = list(accumulate(map(len, self._tables)))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, index: int) -> FlowSummary: ...
    @overload
    def __getitem__(self, index: slice) -> list[FlowSummary]: ...
    def __getitem__(self, index: int | slice) -> FlowSummary | list[FlowSummary]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if index < 0:
            index += len(self)
        which = bisect_right(self._ends, index)
        if index < 0 or which >= len(self._tables):
            raise IndexError(index)
        return self._tables[which][index - (self._ends[which - 1] if which else 0)]
