"""Network Monitor 2."""

import gzip
import struct

import pytest
from craft_capture import START_NS, Packet, codes, netmon, read

PACKETS = [Packet(bytes([i]) * (41 + i), START_NS + i * 1_000_000, 70 + i) for i in range(4)]
EXPECTED = [(i + 1, p.time_ns, len(p.data), p.wire, 1, 0, p.data) for i, p in enumerate(PACKETS)]


@pytest.fixture
def file(tmp_path):
    def write(data):
        (tmp_path / "site.cap").write_bytes(data)
        return tmp_path / "site.cap"

    return write


@pytest.mark.parametrize("minor", [0, 1, 2, 3])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_versions(file, minor, pack):
    records, capture = read(file(pack(netmon(PACKETS, minor=minor))))
    assert records == EXPECTED
    assert (capture.format, capture.packets) == ("netmon", 4)
    assert codes(capture) == ([] if minor == 3 else ["local-time"])


def test_holes_and_any_order(file):
    data = bytearray(netmon(PACKETS, holes=13))
    table = struct.unpack_from("<I", data, 24)[0]
    offsets = struct.unpack_from("<4I", data, table)
    struct.pack_into("<4I", data, table, *reversed(offsets))
    records, _ = read(file(bytes(data)))
    assert [r[6] for r in records] == [p.data for p in reversed(PACKETS)]


@pytest.mark.parametrize(("media", "link_type"), [(0, 1), (9, 101), (0xE071, 113), (0xE080, 105), (0xFFFF, 0xFFFF), (0xE085, 0xFFFF)])
def test_media(file, media, link_type):
    records, _ = read(file(netmon(PACKETS[:1], media=media)))
    assert records[0][4] == link_type


@pytest.mark.parametrize("media", [0xFFFC, 0xFFFD, 0xFFFE])
def test_what_is_no_frame(file, media):
    records, capture = read(file(netmon(PACKETS, media=media)))
    assert (records, capture.packets) == ([], 0)


def test_wireless_metadata_is_taken_off(file):
    packet = Packet(b"\x02" + struct.pack("<H", 32) + bytes(29) + b"802.11 frame", length=44)
    records, _ = read(file(netmon([packet], media=6)))
    assert [(r[2], r[3], r[4], r[6]) for r in records] == [(12, 12, 105, b"802.11 frame")]


def test_a_table_that_names_one_frame_again_and_again_is_no_bomb(file):
    data = bytearray(netmon([Packet(b"x" * 50_000)]))
    data += struct.pack("<I", 128) * 10_000
    struct.pack_into("<I", data, 28, 4 * 10_001)
    records, capture = read(file(bytes(data)))
    assert len(records) < 5
    assert codes(capture) == ["limit-reached"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_cut_and_damaged(file, pack):
    data = netmon(PACKETS)
    for cut in range(40, len(data), 1 if pack is bytes else 9):
        records, _ = read(file(pack(data[:cut])))
        assert records == EXPECTED[: len(records)]
    spoilt = bytearray(data)
    struct.pack_into("<I", spoilt, 128 + 12, 0xFFFFFFFF)
    records, capture = read(file(pack(bytes(spoilt))))
    assert (records, codes(capture)) == ([], ["bad-block"])
