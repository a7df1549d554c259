"""Any bytes give records, problems or one line; never another exception, and never something that depends on the window."""

import random
import struct

import pytest
from craft_capture import (
    START_NS,
    Packet,
    block,
    enhanced,
    interface,
    netmon,
    old_packet,
    option,
    pcap,
    read,
    section,
    simple,
    snoop,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapkit.capture import NotACapture, walk

OPTIONS = option(1, b"a comment") + option(2, b"\0\0\0\1") + option(4, struct.pack("<Q", 3)) + option(0)
PACKETS = [Packet(bytes([i]) * (i * 7 % 90), START_NS + i * 1_000, options=OPTIONS if i % 3 == 0 else b"") for i in range(40)]
BLOCKS = [
    section(options=option(1, b"comment") + option(0)),
    interface(options=option(2, b"eth0") + option(9, b"\x09") + option(14, struct.pack("<q", 7)) + option(0)),
    *map(enhanced, PACKETS[:12]),
    simple(b"y" * 60),
    old_packet(PACKETS[3], drops=4),
    block(5, struct.pack("<III", 0, 0, 0) + option(4, struct.pack("<Q", 9)) + option(5, struct.pack("<Q", 2))),
    block(4, struct.pack("<HH", 1, 12) + b"\1\2\3\4host\0\0\0\0" + bytes(4)),
    block(10, struct.pack("<II", 0x544C534B, 8) + b"CLIENT_R"),
    block(0xBAD, b"1234"),
    section(">"),
    interface(order=">", options=option(9, b"\x8a", ">")),
    *(enhanced(p, order=">") for p in PACKETS[12:]),
]
SAMPLES = {
    "pcap": pcap(PACKETS),
    "pcap, Kuznetzov": pcap(PACKETS, magic=0xA1B2CD34, extra=bytes(8)),
    "pcapng": b"".join(BLOCKS),
    "pcapng, three times": b"".join(BLOCKS) * 3,
    "snoop": snoop(PACKETS),
    "netmon": netmon(PACKETS),
}
NUMBERS = (0, 1, 7, 11, 12, 13, 28, 0x7FFFFFFF, 0xFFFFFFFF, 262_144, 262_145, 1 << 24, (1 << 24) + 4)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("hostile") / "site"


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(walk, "_TOGETHER", 1_024)
    monkeypatch.setattr(walk, "_SEGMENT", 256)
    monkeypatch.setattr(walk, "_SEARCH", 256)
    monkeypatch.setattr(walk, "_FEW", 1)


def outcome(path, window):
    try:
        return read(path, window_bytes=window)
    except NotACapture as error:
        line = str(error)
    assert line.isprintable()
    return line


def check(path, data):
    path.write_bytes(data)
    whole = outcome(path, 1 << 20)
    assert outcome(path, 1_024) == whole
    return whole


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=4_096))
def test_random_bytes(path, data):
    check(path, data)


@settings(max_examples=150, deadline=None)
@given(
    head=st.sampled_from(
        [pcap([]), pcap([], order=">"), section(), section(">") + interface(order=">"), b"snoop\0\0\0\0\0\0\2\0\0\0\4", netmon([])[:128]]
    ),
    tail=st.binary(max_size=2_048),
)
def test_random_bytes_behind_a_good_header(path, head, tail):
    check(path, head + tail)


def mutated(rng, data):
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        at = rng.randrange(len(out) - 4)
        kind = rng.randrange(5)
        if kind == 0:
            out[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            struct.pack_into(rng.choice("<>") + "I", out, at, rng.choice(NUMBERS))
        elif kind == 2:
            del out[at : at + rng.choice((1, 2, 4, 100))]
        elif kind == 3:
            out[at:at] = rng.randbytes(rng.choice((1, 4, 64)))
        else:
            del out[max(at, 64) :]
        if len(out) < 64:
            break
    return bytes(out)


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 1 << 30))
def test_mutated_captures(path, name, seed):
    check(path, mutated(random.Random(seed), SAMPLES[name]))


@pytest.mark.parametrize("name", SAMPLES)
def test_cut_captures_give_a_beginning_of_the_records(path, name):
    whole, _ = check(path, SAMPLES[name])
    for cut in random.Random(5).sample(range(len(SAMPLES[name])), 60):
        result = check(path, SAMPLES[name][:cut])
        assert isinstance(result, str) or result[0] == whole[: len(result[0])]
