from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from pcapkit_dissectors._api import Malformed, Stamp
from pcapkit_dissectors._limits import EVENT_FRAMES
from pcapkit_dissectors._spool import Spool

MESSAGE = Malformed("x", "y", 0, False)


def test_an_event_names_the_frames_of_what_was_taken_since_the_last() -> None:
    spool = Spool(1)
    spool.add(b"abc", Stamp(4, 40))
    spool.add(b"def", Stamp(6, 60))
    assert spool.take(2) == b"ab"
    first = spool.event(MESSAGE)
    assert (first.frames, first.time_ns, first.direction) == ((4,), 40, 1)
    assert spool.take(2) == b"cd"
    assert spool.event(MESSAGE).frames == (4, 6)
    spool.skip(100)
    second = spool.event(MESSAGE, complete=False)
    assert (second.frames, second.time_ns, second.complete, len(spool)) == ((6,), 60, False, 0)


def test_a_frame_is_over_with_its_last_byte() -> None:
    spool = Spool(0)
    spool.add(b"abc", Stamp(1, 10))
    spool.add(b"def", Stamp(2, 20))
    spool.skip(3)
    assert spool.event(MESSAGE).frames == (1,)
    spool.skip(1)
    assert spool.event(MESSAGE).frames == (2,)


def test_the_segment_that_filled_a_hole_completes_what_waited_behind_it() -> None:
    spool = Spool(0)
    spool.add(b"late", Stamp(9, 90))
    spool.add(b"early", Stamp(7, 70))
    spool.skip(9)
    event = spool.event(MESSAGE)
    assert (event.frames, event.time_ns, event.frame) == ((7, 9), 90, 9)


def test_an_event_of_nothing_stands_where_reading_stands() -> None:
    spool = Spool(0)
    spool.add(b"a", Stamp(3, 30))
    assert spool.event(MESSAGE).frames == (3,)
    spool.skip(1)
    spool.event(MESSAGE)
    assert spool.event(MESSAGE).frames == (3,)


def test_frames_of_an_event_are_bounded_and_the_last_is_kept() -> None:
    spool = Spool(0)
    for number in range(1, EVENT_FRAMES + 100):
        spool.add(b"a", Stamp(number, number))
    spool.skip(len(spool))
    frames = spool.event(MESSAGE).frames
    assert (len(frames), frames[-1]) == (EVENT_FRAMES, EVENT_FRAMES + 99)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(max_size=6), max_size=12), st.lists(st.integers(0, 20), max_size=12))
def test_what_goes_in_comes_out(parts: list[bytes], sizes: list[int]) -> None:
    spool = Spool(0)
    for number, part in enumerate(parts, 1):
        spool.add(part, Stamp(number, number))
    assert b"".join([*(spool.take(size) for size in sizes), spool.take(len(spool))]) == b"".join(parts)
