"""Walking in lock step gives exactly the chain, whatever the packets hold."""

import random

import numpy as np
import pytest
from craft_capture import START_NS, Packet, pcap, pcapng

from pcapkit.capture import walk
from pcapkit.capture.layouts import BlockLayout, PcapLayout
from pcapkit.capture.walk import Walker
from pcapkit.capture.window import PAD

KINDS = {
    "pcap": (PcapLayout("<", 16, 1_000), 24, lambda ps: pcap(ps)),
    "pcap, big-endian": (PcapLayout(">", 16, 1_000), 24, lambda ps: pcap(ps, order=">")),
    "pcap, ns": (PcapLayout("<", 16, 1), 24, lambda ps: pcap(ps, magic=0xA1B23C4D, unit_ns=1)),
    "pcapng": (BlockLayout("<"), 0, lambda ps: pcapng(ps)),
    "pcapng, big-endian": (BlockLayout(">"), 0, lambda ps: pcapng(ps, order=">")),
}


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(walk, "_TOGETHER", 16_384)
    monkeypatch.setattr(walk, "_SEGMENT", 2_048)
    monkeypatch.setattr(walk, "_SEARCH", 2_048)
    monkeypatch.setattr(walk, "_FEW", 2)


def packets(rng, count, inner=b""):
    out, now = [], START_NS
    for _ in range(count):
        now += rng.randrange(20_000_000)
        size = rng.choice((0, 1, 60, 60, 300, 1_400))
        at = rng.randrange(len(inner) + 1)
        out.append(Packet(b"\xee" * 54 + inner[at : at + 1_400] if inner and rng.random() < 0.7 else rng.randbytes(size), now))
    return out


def chained(layout, data, at):
    starts, behind = layout.chain(bytearray(data) + bytearray(PAD), at, len(data), len(data))
    return np.array(starts, np.int64), behind


def together(layout, data, at):
    return Walker(layout).walk(bytearray(data) + bytearray(PAD), at, len(data))


@pytest.mark.parametrize("seed", range(4))
def test_the_chain(kind, seed):
    layout, at, make = kind
    data = make(packets(random.Random(seed), 800))
    expected, behind = chained(layout, data, at)
    starts, found = together(layout, data, at)
    assert np.array_equal(starts, expected)
    assert found == behind == len(data)


@pytest.mark.parametrize("seed", range(4))
def test_downloads_of_captures_hold_headers_that_only_look_like_ours(kind, seed, monkeypatch):
    mended = []
    mend = walk._mend
    monkeypatch.setattr(walk, "_mend", lambda *a: mended.append(1) or mend(*a))
    layout, at, make = kind
    rng = random.Random(seed)
    data = make(packets(rng, 800, make(packets(rng, 400))))
    starts, _ = together(layout, data, at)
    assert np.array_equal(starts, chained(layout, data, at)[0])
    assert mended


@pytest.mark.parametrize("seed", range(12))
def test_damage_anywhere_ends_both_walks_at_the_same_place(kind, seed):
    layout, at, make = kind
    rng = random.Random(seed)
    data = bytearray(make(packets(rng, 600, make(packets(rng, 50)))))
    for _ in range(rng.choice((1, 5))):
        place = rng.randrange(at, len(data) - 4)
        data[place : place + 4] = rng.choice((bytes(4), b"\xff" * 4, b"\1\0\0\0", rng.randbytes(4)))
    data = data[: rng.randrange(len(data) // 2, len(data))]
    expected, behind = chained(layout, data, at)
    starts, found = together(layout, data, at)
    assert np.array_equal(starts, expected)
    assert found == behind


def test_every_step_goes_on(kind):
    """Unsound sizes never stand still or go back."""
    layout, _, _ = kind
    data = bytearray(random.Random(1).randbytes(4_096)) + bytearray(4_096)
    starts = np.arange(7_000, dtype=np.int64)
    assert (layout.stepper(data)(starts) > starts).all()
