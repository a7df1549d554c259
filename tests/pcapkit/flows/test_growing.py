"""Columns that grow, in memory and in a file: nobody can tell which."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapkit.flows import growing
from pcapkit.flows.growing import Growing

steps = st.lists(st.one_of(st.integers(0, 900), st.lists(st.integers(0, 10_000), max_size=5).map(tuple)), max_size=9)


@settings(max_examples=40, deadline=None)
@given(steps, st.sampled_from([1 << 30, 1, 4096]), st.sampled_from([1, 100, 10**6]))
def test_what_is_written_stays(taken, spill, rest):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(growing, "SPILL_BYTES", spill)
        patch.setattr(growing, "REST_ROWS", rest)
        columns = Growing(frame=np.int64, kind=np.uint8, seen=(np.uint32, 2))
        expected = []
        for step in taken:
            if isinstance(step, tuple):
                kept = sorted({n for n in step if n < len(expected)})
                columns.keep(np.array(kept, np.int64))
                expected = [expected[n] for n in kept]
            else:
                first = columns.extend(step)
                assert not columns["frame"][first:].any()
                assert not columns["seen"][first:].any()
                columns["frame"][first:] = np.arange(first, first + step)
                columns["kind"][first:] = 7
                columns.flat("seen")[2 * first :] = np.arange(2 * first, 2 * (first + step))
                expected += [(n, 2 * n, 2 * n + 1) for n in range(first, first + step)]
        columns.rest()
        assert [(f, *pair) for f, pair in zip(columns["frame"].tolist(), columns["seen"].tolist(), strict=True)] == expected
        for row in range(len(expected))[:3]:
            assert columns.row(row) == (expected[row][0], 7)
            assert columns.sides(row) == [(expected[row][1],), (expected[row][2],)]


def test_a_view_from_before_shows_what_is_written_later(monkeypatch):
    monkeypatch.setattr(growing, "SPILL_BYTES", 1)
    columns = Growing(frame=np.int64)
    columns.extend(10)
    view = columns["frame"]
    columns.extend(100_000)
    columns["frame"][3] = 5
    assert view[3] == 5


def test_without_a_file_it_stays_in_memory(monkeypatch):
    def no_room(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(growing, "SPILL_BYTES", 1)
    columns = Growing(frame=np.int64)
    columns.extend(300)
    columns["frame"][:] = 1
    monkeypatch.setattr(growing.os, "posix_fallocate", no_room)
    columns.extend(100_000)
    columns.rest()
    assert columns["frame"][:300].sum() == 300
    assert not columns["frame"][300:].any()
