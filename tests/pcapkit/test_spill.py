"""Lines in order of frames, more than memory should hold."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pcapkit.spill import by_frame


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 20), max_size=60), st.integers(1, 7))
def test_order_is_that_of_a_stable_sort(frames, run):
    lines = [{"frame": frame, "n": n, "text": "\udc80ü"} for n, frame in enumerate(frames)]
    assert list(by_frame(iter(lines), run)) == sorted(lines, key=lambda line: line["frame"])
