"""What all conversations together say about their capture."""

import struct
from ipaddress import ip_address

import numpy as np
import pytest

from pcapkit.capture.window import PAD, Window
from pcapkit.columns import Decoder
from pcapkit.flows.tracker import Tracker

PHONE, SERVER = "192.0.2.10", "198.51.100.20"
SYN, ACK, FIN = 2, 16, 1


def segment(forward, seq, ack, flags=ACK, size=0, port=50_000, ident=0, mss=None, phone=PHONE):
    """A TCP packet of the phone (or the server)."""
    options = struct.pack(">BBH", 2, 4, mss) if mss else b""
    ends = (port, 443) if forward else (443, port)
    tcp = struct.pack(">HHIIBBHHH", *ends, seq, ack, (20 + len(options)) << 2, flags, 512, 0, 0) + options + bytes(size)
    src, dst = (phone, SERVER) if forward else (SERVER, phone)
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), ident, 0, 64, 6, 0) + ip_address(src).packed + ip_address(dst).packed
    return bytes(12) + b"\x08\x00" + ip + tcp


def opening(port=50_000, mss=1460, **kw):
    return [segment(True, 99, 0, SYN, port=port, mss=mss, **kw), segment(False, 499, 100, SYN | ACK, port=port, mss=mss, **kw)]


def quality(*packets):
    offsets = np.cumsum([0, *(len(p) for p in packets[:-1])]).astype(np.int64)
    sizes = np.array([len(p) for p in packets], np.uint32)
    n = len(packets)
    window = Window(
        0, np.frombuffer(b"".join(packets) + bytes(PAD), np.uint8).copy(), offsets, sizes, sizes, np.arange(n, dtype=np.int64) * 10**7 + 10**18,
        np.arange(1, n + 1, dtype=np.int64), np.ones(n, np.uint16), np.zeros(n, np.uint16),
    )  # fmt: skip
    tracker = Tracker(0)
    tracker.update(Decoder().decode(window))
    return tracker.quality()


def test_a_sound_conversation():
    found = quality(*opening(), segment(True, 100, 500, size=10), segment(False, 500, 110, size=20), segment(True, 110, 520))
    assert (found.one_way, found.two_way, found.gapped, found.oversized, found.clients) == (0, 1, 0, 0, ())


def test_one_direction_that_acknowledges_what_was_never_seen():
    talks = [
        [segment(True, 100, 500, port=p, size=5), segment(True, 105, 900, port=p), segment(True, 105, 1900, port=p)] for p in (50_001, 50_002, 50_003)
    ]
    found = quality(*(s for talk in talks for s in talk))
    assert (found.one_way, found.two_way) == (3, 0)
    assert [(c.client, c.one_way, c.two_way) for c in found.clients] == [(PHONE, 3, 0)]


def test_unanswered_syns_prove_nothing():
    found = quality(*(segment(True, 99, 0, SYN, port=p, mss=1460) for p in (50_001, 50_002, 50_003)))
    assert (found.one_way, found.two_way) == (0, 0)


def test_retransmissions_to_nobody_prove_nothing():
    found = quality(*(segment(False, 500, 110, size=20, ident=n) for n in range(5)))
    assert (found.one_way, found.two_way) == (0, 0)


def test_bytes_acknowledged_and_never_captured():
    found = quality(
        *opening(),
        segment(True, 100, 500, size=10),
        segment(False, 500, 110, size=100),
        segment(False, 1600, 110, size=100),
        segment(True, 110, 1700),
    )
    assert (found.gapped, found.gaps, found.lost_bytes, found.gap_examples) == (1, 1, 1000, (0,))


def test_the_lost_end_of_a_stream():
    found = quality(*opening(), segment(True, 100, 500, size=10), segment(False, 500, 110, size=100), segment(True, 110, 2600))
    assert (found.gapped, found.lost_bytes) == (1, 2000)


def test_what_comes_late_was_not_lost():
    found = quality(
        *opening(), segment(True, 100, 500, size=10), segment(False, 600, 110, size=100), segment(False, 500, 110, size=100), segment(True, 110, 700)
    )
    assert found.gapped == 0


def test_what_was_never_acknowledged_is_not_the_captures_loss():
    found = quality(*opening(), segment(True, 100, 500, size=10), segment(False, 1600, 110, size=100), segment(True, 110, 500))
    assert found.gapped == 0


def test_a_keep_alive_before_all_else_is_no_gap():
    found = quality(
        segment(True, 99, 500), segment(False, 500, 100), segment(True, 100, 500, size=10), segment(False, 500, 110, size=20), segment(True, 110, 520)
    )
    assert found.gapped == 0


@pytest.mark.parametrize(("mss", "size", "found"), [(1460, 1460, 0), (1460, 1461, 1), (None, 9_000, 0)])
def test_segments_above_what_the_receiver_takes(mss, size, found):
    assert quality(*opening(mss=mss), segment(True, 100, 500, size=size)).oversized == found


def test_the_segment_that_is_too_large_is_named():
    small, large = segment(True, 100, 500, size=1000), segment(True, 1100, 500, size=4000)
    found = quality(*opening(), small, large, segment(False, 500, 5100), segment(True, 5100, 500, size=9000))
    assert found.oversized_examples == ((4, 10**18 + 3 * 10**7),)
    assert quality(*opening(mss=1400), segment(True, 100, 500, size=1448)).oversized_examples == ()


def test_nothing_at_all():
    assert quality(bytes(60)).two_way == 0


def test_answers_that_are_refused_again_and_again_lose_nothing():
    tries = [(5_000, 1_001), (90_000, 70_001), (3_000_000, 9_000_001)]
    packets = [s for seq, ack in tries for s in (segment(False, seq, ack, SYN | ACK), segment(True, ack, 0, 4))]
    assert (quality(*packets).gapped, quality(*packets).lost_bytes) == (0, 0)
