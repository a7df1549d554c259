"""Timestamps of every resolution."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapkit.capture.clock import times


def exact(ticks, resolution, shift_s):
    exponent = resolution & 0x7F
    base = 2**exponent if resolution & 0x80 else 10**exponent
    return ticks * 10**9 // base + shift_s * 10**9


@settings(max_examples=200, deadline=None)
@given(
    ticks=st.integers(0, 2**64 - 1),
    resolution=st.integers(0, 19) | st.integers(0x80, 0x80 + 63),
    shift_s=st.integers(-(10**9), 10**9),
)
def test_times_are_exact_or_unknown(ticks, resolution, shift_s):
    time_ns, known = times(np.array([ticks], np.uint64), resolution, np.array([shift_s], np.int64))
    expected = exact(ticks, resolution, shift_s)
    if known[0]:
        assert abs(int(time_ns[0]) - expected) <= (1 if resolution > 0x80 + 34 else 0)
    else:
        assert not -(2**63) <= expected < 2**63 - 10**10


@pytest.mark.parametrize("resolution", [20, 0x7F, 0x80 + 64, 0xFF])
def test_resolutions_that_make_no_sense(resolution):
    assert not times(np.array([1, 2], np.uint64), resolution, 0)[1].any()


@pytest.mark.parametrize("shift_s", [2**63 - 1, -(2**63), 2**40])
def test_shifts_that_make_no_sense(shift_s):
    assert not times(np.array([1], np.uint64), 6, np.array([shift_s], np.int64))[1].any()
