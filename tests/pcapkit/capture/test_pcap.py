"""pcap in all its kinds: the same records, whatever the file calls them."""

import struct

import pytest
from craft_capture import START_NS, Packet, codes, pcap, read

PACKETS = [Packet(bytes([i]) * (40 + i), START_NS + i * 1_234_567_000, 60 + i) for i in range(5)]
EXPECTED = [(i + 1, p.time_ns, len(p.data), p.wire, 1, 0, p.data) for i, p in enumerate(PACKETS)]


@pytest.fixture
def file(tmp_path):
    def write(data):
        path = tmp_path / "site.pcap"
        path.write_bytes(data)
        return path

    return write


KUZNETZOV = struct.pack("<IHBx", 2, 0x0800, 0)

KINDS = {
    "little-endian": {},
    "big-endian": {"order": ">"},
    "nanoseconds": {"magic": 0xA1B23C4D, "unit_ns": 1},
    "nanoseconds, big-endian": {"magic": 0xA1B23C4D, "unit_ns": 1, "order": ">"},
    "Kuznetzov": {"magic": 0xA1B2CD34, "extra": KUZNETZOV},
    "Kuznetzov, big-endian": {"magic": 0xA1B2CD34, "order": ">", "extra": struct.pack(">IHBx", 2, 0x0800, 0)},
    "Kuznetzov, multiprocessor": {"magic": 0xA1B2CD34, "extra": KUZNETZOV[:7] + bytes([1, 1, 0, 0, 0])},
    "Kuznetzov under the plain magic": {"extra": KUZNETZOV},
    "Nokia": {"extra": bytes(4)},
    "Ixia hardware": {"magic": 0x1C0001AC, "unit_ns": 1, "behind": struct.pack("<I", 1_000)},
    "Ixia software": {"magic": 0x1C0001AB, "behind": struct.pack("<I", 1_000)},
    "AIX": {"version": (2, 2), "network": 6, "unit_ns": 1},
    "snaplen 0": {"snaplen": 0},
    "absurd snaplen": {"snaplen": 0xFFFFFFFF},
    "frame check sequence bits": {"network": 0x44000001},
}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_give_the_same_records(file, kind):
    data = pcap(PACKETS, **KINDS[kind])
    if kind == "AIX":
        data = swap_lengths(data)
    records, capture = read(file(data))
    assert records == EXPECTED
    assert capture.format == "pcap"
    assert capture.packets == 5
    assert capture.bytes == sum(p.wire for p in PACKETS)
    assert (capture.first_time_ns, capture.last_time_ns) == (PACKETS[0].time_ns, PACKETS[-1].time_ns)
    assert capture.link_types == ("ethernet",)
    assert capture.problems == ()


def swap_lengths(data):
    """The length on the wire first, as before version 2.3."""
    out, at = bytearray(data), 24
    for p in PACKETS:
        out[at + 8 : at + 16] = struct.pack("<II", p.wire, len(p.data))
        at += 16 + len(p.data)
    return bytes(out)


@pytest.mark.parametrize("version", [(2, 2), (543, 0)])
def test_versions_with_the_lengths_the_other_way_round(file, version):
    records, _ = read(file(swap_lengths(pcap(PACKETS, version=version))))
    assert records == EXPECTED


@pytest.mark.parametrize(("found", "meant"), [(12, 101), (14, 101), (113, 113), (4_000, 4_000)])
def test_link_types(file, found, meant):
    records, capture = read(file(pcap(PACKETS[:1], network=found)))
    assert records[0][4] == meant
    assert capture.link_types == ({101: "raw-ip", 113: "linux-sll"}.get(meant, f"linktype-{meant}"),)


def test_captured_length_above_length_is_tolerated_and_told(file):
    packets = [Packet(b"a" * 60), Packet(b"b" * 60, length=10), Packet(b"c" * 60, length=20)]
    records, capture = read(file(pcap(packets)))
    assert [r[2:4] for r in records] == [(60, 60)] * 3
    (problem,) = capture.problems
    assert (problem.code, problem.offset, problem.frame, problem.count) == ("caplen-above-length", 24 + 76, 2, 2)


@pytest.mark.parametrize("size", [262_145, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_length_that_cannot_be_ends_reading(file, size):
    data = bytearray(pcap(PACKETS))
    at = 24 + 56 + 57
    struct.pack_into("<I", data, at + 8, size)
    records, capture = read(file(bytes(data)))
    assert records == EXPECTED[:2]
    (problem,) = capture.problems
    assert (problem.code, problem.offset, problem.frame) == ("bad-block", at, 3)
    assert f"{len(data) - at} bytes" in problem.detail


def test_cut_at_every_byte_of_the_last_records(file):
    data = pcap(PACKETS)
    ends = [24]
    for p in PACKETS:
        ends.append(ends[-1] + 16 + len(p.data))
    for cut in range(ends[2], len(data) + 1):
        records, capture = read(file(data[:cut]))
        whole = sum(end <= cut for end in ends[1:])
        assert records == EXPECTED[:whole]
        assert codes(capture) == ([] if cut in ends else ["truncated"])
        if cut not in ends:
            assert (capture.problems[0].offset, capture.problems[0].frame) == (ends[whole], whole + 1)


def test_no_packets(file):
    records, capture = read(file(pcap([])))
    assert records == []
    assert (capture.packets, capture.first_time_ns, capture.problems, capture.link_types) == (0, None, (), ("ethernet",))


def test_a_record_larger_than_the_window(file):
    packets = [Packet(b"x" * 200_000), Packet(b"y" * 262_144), Packet(b"z")]
    records, _ = read(file(pcap(packets)), window_bytes=4_096)
    assert [r[6] for r in records] == [p.data for p in packets]


def test_times_with_too_many_microseconds_are_carried_over(file):
    data = bytearray(pcap(PACKETS[:1]))
    struct.pack_into("<II", data, 24, 10, 1_500_000)
    records, _ = read(file(bytes(data)))
    assert records[0][1] == 11_500_000_000


def test_a_hole_of_zeros_is_skipped_and_numbered(file):
    data = pcap(PACKETS)
    second = 24 + 16 + len(PACKETS[0].data)
    records, capture = read(file(data[:second] + bytes(16 * 1_000) + data[second:] + bytes(16 * 10 + 3)))
    assert [(r[0], r[6]) for r in records] == [(1, PACKETS[0].data), *((1_001 + i, p.data) for i, p in enumerate(PACKETS) if i)]
    assert capture.first_time_ns == PACKETS[0].time_ns
    assert next((p.code, p.offset, p.frame, p.count) for p in capture.problems) == ("bad-block", second, 2, 1_010)
    assert codes(capture) == ["bad-block", "truncated"]
