"""What is counted of TCP: positions, losses, repetitions, acknowledgements, control segments."""

import struct

import pytest
from talk import ACK, FIN, MS, PHONE, RST, SERVER, SYN, Wire

from pcapkit.flows.control import CONTROLS_PER_CONVERSATION

SIZES = (1, 2, 3, None)


def connection(wire, size=None, flow=0):
    return wire.track(size)[0].connection(flow)


@pytest.mark.parametrize("isn", [1000, 2**32 - 3, 2**31 - 2], ids=["plain", "wraps around", "changes sign"])
@pytest.mark.parametrize("size", SIZES)
def test_a_whole_conversation(isn, size):
    wire = Wire()
    wire.talk(isn=(isn, isn + 5)).open(options=struct.pack(">BBH", 2, 4, 1460)).say(0, b"q" * 500).say(1, b"a" * 4000).close()
    c = connection(wire, size)
    assert (c.forward.bytes, c.forward.span, c.forward.missing, c.forward.retransmissions) == (500, 500, 0, 0)
    assert (c.reverse.bytes, c.reverse.span, c.reverse.missing, c.reverse.max_segment) == (4000, 4000, 0, 1448)
    assert (c.reverse.last_ack, c.forward.last_ack) == (501, 4001)
    assert (c.forward.first_data[0], c.reverse.last_data[0]) == (4, 7)
    assert [(s.frame, s.direction, s.mss) for s in c.control] == [(1, 0, 1460), (2, 1, None), (8, 0, None), (9, 1, None)]
    assert c.closed_by == 0
    assert c.rtt_ns == MS
    assert c.forward.ttl == (64, 64)
    assert c.handshake_seen


@pytest.mark.parametrize("size", SIZES)
def test_lost_late_and_repeated(size):
    wire = Wire()
    talk = wire.talk().open()
    base = talk.seq[0]
    talk.send(0, b"a" * 10, seq=base)
    talk.send(0, b"c" * 10, seq=base + 20)
    talk.send(0, b"b" * 10, seq=base + 10)  # late, no repetition
    talk.send(0, b"a" * 10, seq=base)  # repeated
    talk.send(0, b"e" * 10, seq=base + 40)  # 30 to 40 never comes
    talk.send(0, b"e", seq=base + 49)  # keep-alive
    side = connection(wire, size).forward
    assert (side.span, side.missing, side.first_missing_offset, side.retransmissions) == (50, 10, 30, 1)
    assert side.bytes == 51


@pytest.mark.parametrize("size", SIZES)
def test_a_small_segment_proves_that_large_ones_were_lost(size):
    """What a black hole for large packets looks like: the number of the next acknowledgement (docs/domain.md, 5)."""
    wire = Wire()
    talk = wire.talk().open().say(0, b"hello")
    talk.send(0, flags=FIN | ACK)
    talk.send(1, seq=talk.seq[1] + 2894)
    side = connection(wire, size).reverse
    assert (side.missing, side.first_missing_offset, side.bytes) == (2894, 0, 0)


def test_what_the_peer_acknowledged_was_there():
    wire = Wire()
    talk = wire.talk().open()
    talk.send(1, ack=talk.seq[0] + 700)
    side = connection(wire).forward
    assert (side.missing, side.first_missing_offset) == (700, 0)


def test_a_fin_that_was_not_captured_is_no_lost_byte():
    wire = Wire()
    talk = wire.talk().open().say(0, b"abc")
    talk.send(1, ack=talk.seq[0] + 1)
    assert connection(wire).forward.missing == 0


@pytest.mark.parametrize("size", SIZES)
def test_one_direction_only(size):
    wire = Wire()
    talk = wire.talk()
    talk.send(0, flags=SYN)
    for n in range(5):
        talk.send(0, ack=9001 + 1000 * n)
    c = connection(wire, size)
    assert (c.reverse.packets, c.forward.last_ack, c.reverse.missing) == (0, 4000, 4000)


@pytest.mark.parametrize("size", SIZES)
def test_copies_are_no_repetitions(size):
    wire = Wire()
    talk = wire.talk().open()
    at = talk.seq[0]
    for n in range(2):
        talk.send(0, b"data", seq=at, ident=5, at=10 * MS + 1000 * n)
    side = connection(wire, size).forward
    assert (side.packets, side.bytes, side.duplicates, side.retransmissions) == (4, 8, 1, 0)


def test_a_copied_syn_is_marked():
    wire = Wire()
    talk = wire.talk()
    for n in range(2):
        talk.send(0, flags=SYN, seq=1000, ident=5, at=1000 * n)
    c = connection(wire)
    assert [s.duplicate for s in c.control] == [False, True]
    assert len(c.syns) == 1


def test_a_reset_with_any_number_changes_nothing():
    wire = Wire()
    talk = wire.talk().open().say(0, b"abc")
    talk.send(0, flags=RST, seq=4_000_000_000)
    side = connection(wire).forward
    assert (side.span, side.missing) == (3, 0)


def test_ttl_of_ordinary_segments():
    wire = Wire()
    talk = wire.talk().open()
    talk.send(1, b"x", ttl=57)
    talk.send(1, flags=RST, ttl=255)
    assert connection(wire).reverse.ttl == (57, 64)


@pytest.mark.parametrize("size", SIZES)
def test_few_control_segments_are_kept_of_one_conversation(size):
    wire = Wire()
    talk = wire.talk().open()
    for n in range(200):
        talk.send(0, flags=RST, seq=2000 + n)
    c = connection(wire, size)
    assert len(c.control) == CONTROLS_PER_CONVERSATION
    assert [s.frame for s in c.control[:2]] == [1, 2]


def test_segments_that_the_snaplen_cut():
    wire = Wire()
    talk = wire.talk().open()
    talk.send(0, b"x" * 100, snap=60)
    side = connection(wire).forward
    assert (side.cut, side.bytes, side.span) == (1, 100, 100)


@pytest.mark.parametrize(
    ("options", "mss"),
    [
        (struct.pack(">BBH", 2, 4, 1460), 1460),
        (b"\x01\x01" + struct.pack(">BBH", 2, 4, 1400) + b"\x04\x02", 1400),
        (b"\x03\x03\x07\x00", None),
        (b"\x02\x00\x05\xb4", None),
        (b"\x01\x01\x02\x04", None),
        (b"\x08\x0a" + bytes(8) + b"\x02\x04\x05\xb4", 1460),
        (b"\x00" + struct.pack(">BBH", 2, 4, 1460) + bytes(3), None),
    ],
    ids=["first", "behind others", "none", "length zero", "cut off", "behind times", "behind the end"],
)
def test_segment_size_announced(options, mss):
    wire = Wire()
    wire.talk().send(0, flags=SYN, options=options + bytes(-len(options) % 4))
    assert connection(wire).control[0].mss == mss


def test_wild_numbers_break_nothing():
    wire = Wire()
    for n in range(60):
        wire.tcp(PHONE, SERVER, b"x" * (n % 3), sport=5, dport=6, seq=n * 2_147_483_647, ack=n * 1_234_567_891, flags=(n * 37) % 64)
    for size in (1, 7, None):
        tracker, _ = wire.track(size)
        for flow in range(tracker.next_flow):
            c = tracker.connection(flow)
            assert c.forward.missing >= 0
            assert c.forward.packets + c.reverse.packets > 0
