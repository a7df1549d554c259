"""Bytes of a stream out of segments in any order."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pcapkit_dissectors._api import Stamp

from pcapkit.flows import segments
from pcapkit.flows.segments import HOLE_WAIT_NS, Segments

TEXT = bytes(range(1, 200))


def read(parts, start=0):
    """All pieces of segments (position, bytes), given in this order."""
    stream = Segments(start)
    pieces = [piece for n, (at, data) in enumerate(parts) for piece in stream.add(at, data, len(data), Stamp(n + 1, n))]
    return stream, pieces + stream.give_up()


def joined(pieces):
    return b"".join(piece.data or b"?" * piece.size for piece in pieces)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 180), st.integers(1, 60)), min_size=1, max_size=25), st.randoms(use_true_random=False))
def test_any_order_any_overlap_gives_the_same_bytes(cuts, rng):
    cuts = [(at, min(size, len(TEXT) - at)) for at, size in cuts]
    parts = [(at, TEXT[at : at + size]) for at, size in cuts]
    seen = {at + i for at, data in parts for i in range(len(data))}
    rng.shuffle(parts)
    stream, pieces = read(parts)
    expected = bytes(TEXT[i] if i in seen else ord("?") for i in range(max(seen) + 1))
    assert joined(pieces) == expected
    assert stream.held == 0
    assert stream.conflicts == 0


def test_in_order_nothing_is_held():
    stream = Segments()
    assert stream.add(0, b"abc", 3, Stamp(1, 1)) == [(b"abc", 3, Stamp(1, 1))]
    assert stream.add(3, b"def", 3, Stamp(2, 2)) == [(b"def", 3, Stamp(2, 2))]
    assert stream.add(3, b"def", 3, Stamp(3, 3)) == []


def test_a_piece_carries_the_stamp_of_its_own_segment():
    _, pieces = read([(3, b"def"), (0, b"abc")])
    assert [(p.data, p.stamp.frame) for p in pieces] == [(b"abc", 2), (b"def", 1)]


def test_first_bytes_win_and_differing_overlaps_are_counted():
    stream, pieces = read([(2, b"cdef"), (0, b"abXX")])
    assert joined(pieces) == b"abcdef"
    assert stream.conflicts == 1


def test_what_the_snaplen_took_is_a_gap():
    stream = Segments()
    assert [(p.data, p.size) for p in stream.add(0, b"ab", 5, Stamp(1, 1))] == [(b"ab", 2), (b"", 3)]
    assert [p.data for p in stream.add(5, b"fg", 2, Stamp(2, 2))] == [b"fg"]


def test_a_hole_is_waited_for_then_given_up():
    stream = Segments()
    assert stream.add(3, b"def", 3, Stamp(1, 0)) == []
    assert stream.add(9, b"jkl", 3, Stamp(2, HOLE_WAIT_NS)) == []
    pieces = stream.add(12, b"m", 1, Stamp(3, HOLE_WAIT_NS + 1))
    assert joined(pieces) == b"???def???jklm"


def test_limits_are_counted_and_nothing_is_allocated_by_distance(monkeypatch):
    monkeypatch.setattr(segments, "STREAM_SEGMENTS", 4)
    stream = Segments()
    stream.add(2**40, b"x", 1, Stamp(1, 1))
    for n in range(6):
        stream.add(10 + 2 * n, b"x", 1, Stamp(n, n))
    assert stream.ignored == 3
    assert stream.held == 4


@pytest.mark.parametrize("order", ["reversed", "shuffled"])
def test_many_segments_out_of_order_cost_little(order):
    parts = [(i, bytes([i % 256])) for i in range(2_000)]
    if order == "reversed":
        parts.reverse()
    else:
        random.Random(1).shuffle(parts)
    _, pieces = read(parts)
    assert joined(pieces) == bytes(i % 256 for i in range(2_000))


def test_one_segment_over_many_held_pieces_does_bounded_work():
    stream = Segments()
    for i in range(1_000):
        stream.add(2 + 2 * i, b"x", 1, Stamp(i, i))
    stream.add(1, b"y" * 2_000, 2_000, Stamp(5_000, 5_000))
    assert stream.ignored + len(stream.give_up()) > 0
