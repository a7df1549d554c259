"""snoop (RFC 1761)."""

import struct

import pytest
from craft_capture import START_NS, Packet, codes, read, snoop

PACKETS = [Packet(bytes([i]) * (41 + i), START_NS + i * 1_000_000, 70 + i) for i in range(4)]
EXPECTED = [(i + 1, p.time_ns, len(p.data), p.wire, 1, 0, p.data) for i, p in enumerate(PACKETS)]


@pytest.fixture
def file(tmp_path):
    def write(data):
        (tmp_path / "site.snoop").write_bytes(data)
        return tmp_path / "site.snoop"

    return write


@pytest.mark.parametrize("window", [1_024, 1 << 20])
def test_records(file, window):
    records, capture = read(file(snoop(PACKETS)), window_bytes=window)
    assert records == EXPECTED
    assert (capture.format, capture.problems, capture.link_types) == ("snoop", (), ("ethernet",))


def test_drops(file):
    _, capture = read(file(snoop(PACKETS, drops=12)))
    assert [(p.code, p.count) for p in capture.problems] == [("drops", 12)]


def test_cut(file):
    data = snoop(PACKETS)
    for cut in range(len(data) - 150, len(data)):
        records, capture = read(file(data[:cut]))
        assert records == EXPECTED[: len(records)]
        assert codes(capture) in ([], ["truncated"])


@pytest.mark.parametrize(("at", "value"), [(8, 3), (8, 0xFFFFFFFF), (4, 0xFFFFFFFF), (4, 400)])
def test_lengths_that_cannot_be(file, at, value):
    data = bytearray(snoop(PACKETS))
    second = 16 + 24 + 44
    struct.pack_into(">I", data, second + at, value)
    records, capture = read(file(bytes(data)))
    assert records == EXPECTED[:1]
    assert [(p.code, p.offset) for p in capture.problems] == [("bad-block", second)]


def test_unknown_datalink(file):
    records, capture = read(file(snoop(PACKETS, datalink=77)))
    assert records[0][4] == 0xFFFF
    assert capture.link_types == ("unknown",)
