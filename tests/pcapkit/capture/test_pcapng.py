"""pcapng to the last corner: sections, byte orders, interfaces, clocks, every block, and damage."""

import struct

import pytest
from craft_capture import (
    START_NS,
    Packet,
    block,
    codes,
    enhanced,
    interface,
    old_packet,
    option,
    pcapng,
    read,
    section,
    simple,
)

from pcapkit.capture import open_capture
from pcapkit.limits import MAX_INTERFACES, MAX_SECTIONS

A, B, C = (Packet(bytes([65 + i]) * (60 + i), START_NS + i * 1_000_000) for i in range(3))
END = option(0)


@pytest.fixture
def file(tmp_path):
    def write(*parts):
        path = tmp_path / "site.pcapng"
        path.write_bytes(b"".join(parts))
        return path

    return write


def frames(records):
    return [(r[0], r[6]) for r in records]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("exponent", [6, 9, 3])
def test_enhanced_packets(file, order, exponent):
    records, capture = read(file(pcapng([A, B, C], order=order, exponent=exponent)))
    assert records == [(i + 1, p.time_ns, len(p.data), p.wire, 1, 0, p.data) for i, p in enumerate((A, B, C))]
    assert (capture.format, capture.packets, capture.problems) == ("pcapng", 3, ())


def test_sections_of_either_byte_order_number_interfaces_and_frames_on(file):
    first = [section(), interface(), interface(101, order="<"), enhanced(A), enhanced(Packet(B.data, B.time_ns, interface=1))]
    second = [section(">"), interface(113, order=">"), enhanced(C, order=">")]
    third = [section(), interface(276), enhanced(A)]
    records, capture = read(file(*first, *second, *third))
    assert [(r[0], r[4], r[5], r[6]) for r in records] == [(1, 1, 0, A.data), (2, 101, 1, B.data), (3, 113, 2, C.data), (4, 276, 3, A.data)]
    assert capture.link_types == ("ethernet", "raw-ip", "linux-sll", "linux-sll2")
    assert [i.packets for i in capture.interfaces] == [1, 1, 1, 1]


def test_a_section_length_that_lies_is_ignored(file):
    records, capture = read(file(section(length=12), interface(), enhanced(A), enhanced(B)))
    assert frames(records) == [(1, A.data), (2, B.data)]
    assert capture.problems == ()


@pytest.mark.parametrize("order", ["<", ">"])
def test_old_packet_blocks_and_their_drops(file, order):
    blocks = [old_packet(A, 3, order), old_packet(B, 0xFFFF, order), old_packet(C, 4, order)]
    records, capture = read(file(section(order), interface(order=order), *blocks))
    assert [(r[1], r[6]) for r in records] == [(p.time_ns, p.data) for p in (A, B, C)]
    assert capture.interfaces[0].dropped == 7
    assert [(p.code, p.count) for p in capture.problems] == [("drops", 7)]


def test_simple_packets_have_the_snaplen_of_interface_0_and_the_time_before(file):
    long = b"s" * 100
    records, capture = read(file(section(), interface(snaplen=64), simple(long[:64], 100), enhanced(A), simple(b"t" * 20), enhanced(B)))
    assert [(r[1], r[2], r[3], r[6]) for r in records] == [
        (0, 64, 100, long[:64]),
        (A.time_ns, 60, 60, A.data),
        (A.time_ns, 20, 20, b"t" * 20),
        (B.time_ns, 61, 61, B.data),
    ]
    assert [(p.code, p.count, p.frame) for p in capture.problems] == [("no-time", 2, 1)]
    assert capture.first_time_ns == A.time_ns


def test_packets_of_unknown_interfaces_are_skipped_but_numbered(file):
    late = Packet(C.data, C.time_ns, interface=1)
    records, capture = read(file(section(), simple(b"x"), interface(), enhanced(A), enhanced(late), interface(101), enhanced(late), enhanced(B)))
    assert [(r[0], r[5], r[6]) for r in records] == [(2, 0, A.data), (4, 1, C.data), (5, 0, B.data)]
    (problem,) = capture.problems
    assert (problem.code, problem.count, problem.frame) == ("unknown-interface", 2, 1)
    assert capture.packets == 5


def test_blocks_that_wireshark_numbers_as_frames(file):
    """Seen with tshark 4.0: custom blocks, the journal and Sysdig events get frame numbers, unknown blocks do not."""
    numbered = [
        block(0xBAD, struct.pack("<I", 32_473)),
        block(0x40000BAD, struct.pack("<I", 32_473)),
        block(9, b"MESSAGE=x\n"),
        block(0x204, bytes(20)),
    ]
    silent = [block(0x77, b"abcd"), block(0x80000001, b""), block(0x0000000B, b"abcd")]
    records, _ = read(file(section(), interface(), *silent, enhanced(A), *numbered, *silent, enhanced(B)))
    assert frames(records) == [(1, A.data), (6, B.data)]


def test_clocks_of_interfaces(file):
    clocks = {
        b"\x00": (1, 0),
        b"\x06": (1_700_000_000_123_456, 0),
        b"\x09": (1_700_000_000_123_456_789, 0),
        b"\x0c": (1_700_000_000_123_456_789_012 >> 10, 0),
        b"\x8a": (1_700_000_000 << 10 | 512, -3_600),
        b"\xa0": (1_700_000_000 << 32 | 1 << 31, 7),
    }
    head = [section()]
    for resolution, (_, shift) in clocks.items():
        head.append(interface(options=option(9, resolution) + option(14, struct.pack("<q", shift)) + END))
    packets = [enhanced(Packet(A.data, interface=i), ticks=ticks) for i, (ticks, _) in enumerate(clocks.values())]
    records, capture = read(file(*head, *packets))
    assert [r[1] for r in records] == [
        1_000_000_000,
        1_700_000_000_123_456_000,
        1_700_000_000_123_456_789,
        (1_700_000_000_123_456_789_012 >> 10) // 1_000,
        1_699_996_400_500_000_000,
        1_700_000_007_500_000_000,
    ]
    assert capture.problems == ()


@pytest.mark.parametrize(
    ("resolution", "ticks", "shift"),
    [(b"\x14", 5, 0), (b"\x7f", 5, 0), (b"\xc0", 5, 0), (b"\x06", 2**64 - 1, 0), (b"\x80", 2**63, 0), (b"\x06", 5, 2**62), (b"\x06", 5, -(2**63))],
)
def test_times_that_cannot_be_are_unknown_not_errors(file, resolution, ticks, shift):
    odd = interface(options=option(9, resolution) + option(14, struct.pack("<q", shift)) + END)
    data = [section(), interface(), odd, enhanced(A), enhanced(Packet(B.data, interface=1), ticks=ticks), enhanced(C)]
    records, capture = read(file(*data))
    assert [r[1] for r in records] == [A.time_ns, A.time_ns, C.time_ns]
    assert codes(capture) == ["no-time"]


def test_comments_names_secrets_and_statistics(file):
    names = (
        struct.pack("<HH4s12s", 1, 16, bytes([192, 0, 2, 1]), b"example.com\0")
        + struct.pack("<HH16s4s", 2, 20, bytes(15) + b"\1", b"six\0")
        + bytes(4)
    )
    statistics = [option(4, struct.pack("<Q", 90)), option(5, struct.pack("<Q", 3)), option(7, struct.pack("<Q", 4)), END]
    path = file(
        section(options=option(1, b"a section") + option(4, b"dumpcap") + END),
        interface(options=option(2, b"eth0") + option(3, b"uplink") + option(1, b"an interface") + END),
        block(4, names),
        block(10, struct.pack("<II", 0x544C534B, 5) + b"first"),
        block(10, struct.pack("<II", 0x5353484B, 3) + b"ssh"),
        enhanced(Packet(A.data, options=option(2, b"\0\0\0\1") + option(1, b"a packet") + option(1, b"again") + END)),
        block(10, struct.pack("<II", 0x544C534B, 6) + b"second"),
        block(5, struct.pack("<III", 0, 0, 0) + b"".join(statistics)),
    )
    with open_capture(str(path), 0) as source:
        assert sum(map(len, source.windows())) == 1
        capture = source.info()
        assert source.secrets == [b"first", b"second"]
        assert source.names == {"192.0.2.1": "example.com", "::1": "six"}
    assert capture.comments == ("a section", "an interface", "frame 1: a packet", "frame 1: again")
    (port,) = capture.interfaces
    assert (port.name, port.description, port.received, port.dropped, port.packets) == ("eth0", "uplink", 90, 7, 1)
    assert [(p.code, p.count) for p in capture.problems] == [("drops", 7)]


def test_drop_counts_of_packets(file):
    options = option(4, struct.pack("<Q", 5)) + END
    _, capture = read(file(section(), interface(), enhanced(Packet(A.data, options=options)), enhanced(Packet(B.data, options=options))))
    assert [(p.code, p.count) for p in capture.problems] == [("drops", 10)]


def test_a_bad_option_spoils_the_option_not_the_packet(file):
    lying = struct.pack("<HH", 1, 500) + b"abcd"
    records, capture = read(file(section(), interface(options=lying), enhanced(Packet(A.data, A.time_ns, options=lying)), enhanced(B)))
    assert frames(records) == [(1, A.data), (2, B.data)]
    assert [(p.code, p.count) for p in capture.problems] == [("bad-option", 2)]


def test_lengths_that_are_no_multiple_of_four_are_rounded_up(file):
    odd = struct.pack("<II", 0x77, 13) + b"a\0\0\0" + struct.pack("<I", 13)
    records, capture = read(file(section(), interface(), enhanced(A), odd, enhanced(B)))
    assert frames(records) == [(1, A.data), (2, B.data)]
    assert capture.problems == ()


def spoilt(packet, at, value):
    data = bytearray(enhanced(packet))
    struct.pack_into("<I", data, at if at >= 0 else len(data) + at, value)
    return bytes(data)


DAMAGE = {
    "length 0": spoilt(B, 4, 0),
    "length 8": spoilt(B, 4, 8),
    "length larger than any block": spoilt(B, 4, (1 << 24) + 4),
    "lengths differ": spoilt(B, -4, 4_444),
    "zeros": bytes(64),
    "a section header of no byte order": block(0x0A0D0D0A, struct.pack("<IHHq", 0x11111111, 1, 0, -1)),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_section_is_left_for_the_next(file, name):
    before = [section(), interface(), enhanced(A)]
    between = DAMAGE[name] + enhanced(C)
    records, capture = read(file(*before, between, section(">"), interface(order=">"), enhanced(C, order=">")))
    assert frames(records) == [(1, A.data), (2, C.data)]
    (problem,) = capture.problems
    assert (problem.code, problem.offset, problem.frame) == ("bad-block", sum(map(len, before)), 2)
    assert f"{len(between)} bytes" in problem.detail


def test_damage_without_a_section_behind_it_tells_what_is_not_read(file):
    records, capture = read(file(section(), interface(), enhanced(A), bytes(40)))
    assert frames(records) == [(1, A.data)]
    assert "40 bytes" in capture.problems[0].detail


def test_a_section_header_inside_a_packet_is_not_believed_after_damage(file):
    """A transferred pcapng holds section headers, and is cut into segments."""
    inner = pcapng([Packet(b"i" * 100, interface=0) for _ in range(4)])[:300]
    carrier = enhanced(Packet(b"\xee" * 54 + inner))
    records, capture = read(file(section(), interface(), enhanced(A), bytes(16), carrier, section(), interface(), enhanced(B)))
    assert frames(records) == [(1, A.data), (2, B.data)]
    assert codes(capture) == ["bad-block"]


def test_a_packet_longer_than_its_block_is_skipped_and_numbered(file):
    records, capture = read(file(section(), interface(), enhanced(A), spoilt(B, 20, 5_000), spoilt(B, 20, 0xFFFFFFFF), enhanced(C)))
    assert frames(records) == [(1, A.data), (4, C.data)]
    assert [(p.code, p.count, p.frame) for p in capture.problems] == [("bad-block", 2, 2)]


def test_a_short_packet_block_is_skipped(file):
    records, capture = read(file(section(), interface(), block(6, b""), block(2, b"abcd"), block(3, b""), enhanced(A)))
    assert frames(records) == [(4, A.data)]
    assert [(p.code, p.count) for p in capture.problems] == [("bad-block", 3)]


def test_cut_at_every_byte_of_the_last_blocks(file):
    head = section() + interface() + enhanced(A)
    data = head + enhanced(B) + enhanced(C)
    ends = [len(head), len(head) + len(enhanced(B)), len(data)]
    for cut in range(len(head), len(data) + 1):
        records, capture = read(file(data[:cut]))
        assert frames(records) == [(1, A.data), (2, B.data), (3, C.data)][: 1 + sum(end <= cut for end in ends[1:])]
        assert codes(capture) == ([] if cut in ends else ["truncated"])


def test_too_many_sections_end_reading(file):
    records, capture = read(file((section() + interface() + enhanced(A)) * (MAX_SECTIONS + 3)))
    assert len(records) == MAX_SECTIONS
    assert codes(capture) == ["limit-reached"]


def test_too_many_interfaces_are_ignored(file):
    last = [Packet(A.data, interface=n) for n in (MAX_INTERFACES - 1, MAX_INTERFACES)]
    records, capture = read(file(section(), interface() * (MAX_INTERFACES + 2), *map(enhanced, last)))
    assert [(r[0], r[5]) for r in records] == [(1, MAX_INTERFACES - 1)]
    assert codes(capture) == ["limit-reached", "unknown-interface"]


def test_comments_are_bounded(file):
    many = [enhanced(Packet(b"", options=option(1, b"c") + END))] * 1_500
    _, capture = read(file(section(), interface(), *many))
    assert len(capture.comments) == 1_000
    assert [(p.code, p.count) for p in capture.problems] == [("limit-reached", 500)]


SHORT = {
    "interface": (block(1, b"abcd"), "bad-block"),
    "statistics": (block(5, b"abcd"), "bad-block"),
    "statistics of no interface": (block(5, struct.pack("<III", 9, 0, 0)), "unknown-interface"),
    "secrets": (block(10, b"abcd"), "bad-block"),
    "secrets that lie": (block(10, struct.pack("<II", 0x544C534B, 500) + b"abcd"), "bad-block"),
    "clock of the wrong size": (interface(options=option(9, b"ab") + END), "bad-option"),
}


@pytest.mark.parametrize("name", SHORT)
def test_odd_blocks_are_told_and_passed(file, name):
    odd, code = SHORT[name]
    before = section() + interface()
    records, capture = read(file(before, odd, enhanced(A)))
    assert frames(records) == [(1, A.data)]
    assert [(p.code, p.offset) for p in capture.problems] == [(code, len(before))]


@pytest.mark.parametrize(
    "record", [struct.pack("<HH", 1, 200) + b"abcd", struct.pack("<HH", 7, 4) + b"abcd", struct.pack("<HH", 1, 2) + b"ab\0\0", b"\1"]
)
def test_odd_name_records_are_passed(file, record):
    path = file(section(), block(4, record + struct.pack("<HH", 1, 8) + b"\xc0\0\2\1yes\0" + bytes(4)))
    with open_capture(str(path), 0) as source:
        assert list(source.windows()) == []
        assert source.names in ({"192.0.2.1": "yes"}, {})
        assert source.info().problems == ()
