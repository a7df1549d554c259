"""Holes as intervals, against sets of positions."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapkit.flows.holes import Holes, Spans

span = st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(0, 12))


def spans(listed):
    columns = list(zip(*((side, at, at + size) for side, at, size in listed), strict=True)) or [[], [], []]
    return Spans(*(np.array(column, np.int64) for column in columns))


def disjoint(listed):
    """Holes lie apart within a side, as the front of a stream leaves them behind."""
    found, top = [], {}
    for side, skip, size in listed:
        start = top.get(side, 0) + skip + 1
        found.append((side, start, size + 1))
        top[side] = start + size + 1
    return found


def points(listed):
    return {(side, at + i) for side, at, size in listed for i in range(size)}


@settings(max_examples=60, deadline=None)
@given(st.lists(span, max_size=6).map(disjoint), st.lists(st.lists(span, max_size=6), max_size=3))
def test_filling_is_what_sets_do(holes, rounds):
    open_ = Holes()
    open_.add(spans(holes))
    left = points(holes)
    for filled in rounds:
        expected = []
        for one in filled:
            expected.append(len(points([one]) & left))
            left -= points([one])
        assert open_.fill(spans(filled)).tolist() == expected
        assert {(side, at) for side in range(3) for start, end in open_.of(side) for at in range(start, end)} == left


def test_too_many_holes_are_counted(monkeypatch):
    monkeypatch.setattr("pcapkit.flows.holes.MAX_HOLES", 3)
    open_ = Holes()
    open_.add(spans([(0, 10 * i, 2) for i in range(5)]))
    assert len(open_.open.side) == 3
    assert open_.refused == 2


def test_holes_of_conversations_that_are_forgotten_go():
    open_ = Holes()
    open_.add(spans([(0, 1, 2), (3, 5, 1), (6, 7, 1)]))
    open_.keep(np.array([1], np.uint32))
    assert open_.of(3) == [(5, 6)]
    assert open_.of(0) == [] == open_.of(6)
