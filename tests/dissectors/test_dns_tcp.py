from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pcapkit_dissectors._api import Malformed
from pcapkit_dissectors.dns_tcp import DISSECTOR, recognise
from pcapkit_dissectors.messages import Dns
from properties import messages, mutated, run, segments


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(2, "big") + message


def query(number: int, name: bytes = b"\x0cautodiscover\x07example\x03com\0", kind: int = 1) -> bytes:
    return number.to_bytes(2, "big") + bytes.fromhex("0100 0001 0000 0000 0000") + name + kind.to_bytes(2, "big") + b"\0\1"


def answer(number: int) -> bytes:
    head = number.to_bytes(2, "big") + bytes.fromhex("8180 0001 0001 0000 0000")
    return head + query(number)[12:] + b"\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\xcb\0\x71\x32"


ASKED = b"".join(framed(query(number)) for number in range(1, 4))
ANSWERED = b"".join(framed(answer(number)) for number in range(1, 4))


def test_many_messages_in_one_segment_and_one_over_many() -> None:
    whole = run(DISSECTOR, [(0, ASKED), (1, ANSWERED)])
    assert [(e.direction, e.message.id, e.frames) for e in whole if isinstance(e.message, Dns)] == [
        (0, 1, (1,)), (0, 2, (1,)), (0, 3, (1,)), (1, 1, (2,)), (1, 2, (2,)), (1, 3, (2,)),
    ]  # fmt: skip
    size = len(framed(query(1)))
    slow = run(DISSECTOR, [(0, ASKED[:1]), (0, ASKED[1:10]), (0, ASKED[10:size]), (0, ASKED[size:])])
    assert [e.frames for e in slow] == [(1, 2, 3), (4,), (4,)]
    assert [e.time_ns for e in slow] == [3 * 10**9, 4 * 10**9, 4 * 10**9]
    assert messages(slow) == messages(whole)[:3]


def test_after_a_gap_the_next_segment_that_begins_with_a_message_is_read() -> None:
    first, second = framed(answer(1)), framed(answer(2))
    events = run(DISSECTOR, [(1, first + second[:50]), (1, 100), (1, b"\1\2\3"), (1, framed(answer(5)))])
    assert [(type(e.message), e.complete) for e in events] == [(Dns, True), (Dns, False), (Malformed, False), (Dns, True)]
    assert [e.message.id for e in events if isinstance(e.message, Dns)] == [1, 2, 5]
    assert [e.message.cut for e in events if isinstance(e.message, Malformed)] == [True]


def test_a_message_cut_by_the_end_of_the_capture_is_given_as_far_as_it_goes() -> None:
    events = run(DISSECTOR, [(1, framed(answer(1))[:-2])])
    assert [(type(e.message), e.complete) for e in events] == [(Dns, False), (Malformed, False)]


def test_a_damaged_message_does_not_hide_the_next() -> None:
    bad = framed(answer(1)[:-5] + b"\3\1\2\3\4")
    events = run(DISSECTOR, [(1, bad + framed(answer(2)))])
    assert [(type(e.message), e.complete) for e in events] == [(Dns, False), (Malformed, False), (Dns, True)]
    assert [e.message.cut for e in events if isinstance(e.message, Malformed)] == [False]


def test_nonsense_is_given_up() -> None:
    conversation = [(0, b"\0\1x")] + [(0, framed(query(1)) + b"\0\1x")] * 200
    events = run(DISSECTOR, conversation)
    assert sum(isinstance(e.message, Malformed) for e in events) == 100


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (framed(query(1)), 0.9),
        (framed(answer(1))[:50], 0.7),
        (framed(query(1))[:10], 0.1),
        (b"", 0.0),
        (b"\0\5hello", 0.0),
        (b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", 0.0),
        (bytes.fromhex("16030100c8010000c40303") + bytes(200), 0.0),
        (b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", 0.0),
    ],
)
def test_recogniser(data: bytes, sure: float) -> None:
    assert recognise(data) == sure


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 2000), max_size=8))
def test_chunking_does_not_matter(cuts: list[int]) -> None:
    whole = messages(run(DISSECTOR, [(1, ANSWERED)]))
    assert messages(run(DISSECTOR, [(1, part) for part in segments(ANSWERED, cuts)])) == whole


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.binary(max_size=400), mutated([ASKED, ANSWERED])), st.lists(st.integers(0, 2000), max_size=4), st.integers(0, 3))
def test_nothing_is_raised(data: bytes, cuts: list[int], gap: int) -> None:
    parts: list[tuple[int, bytes | int]] = [(0, part) for part in segments(data, cuts)]
    parts[gap:gap] = [(0, 17)]
    run(DISSECTOR, parts)
    recognise(data)


def test_every_prefix_gives_the_whole_messages_in_it() -> None:
    size = len(framed(query(1)))
    for end in range(len(ASKED)):
        whole = [e for e in run(DISSECTOR, [(0, ASKED[:end])]) if e.complete]
        assert len(whole) == end // size
