"""Fragments of IPv4, IPv6 and CAPWAP put together again: what becomes a row, and when nothing may."""

import random
import struct

import pytest
from craft import PHONE6, SERVER6, T0, address, ether, ipv4, ipv6, payload, udp, window
from wrap import TAP, capwap, over_udp, wlan

from pcapkit.columns import Decoder
from pcapkit.columns.fragments import Fragment, Reassembler
from pcapkit.columns.table import FRAGMENT, OK
from pcapkit.limits import FRAG_TIMEOUT_NS, MAX_FRAG_DATAGRAMS

BODY = bytes(range(256)) * 12
DATAGRAM = udp(BODY, 50000, 53)


def pieces4(data, size=1000, ident=9, **kwargs):
    """IPv4 fragments of an IP payload, each in Ethernet."""
    made = []
    for start in range(0, len(data), size):
        more = 0x2000 if start + size < len(data) else 0
        made.append(ether(ipv4(data[start : start + size], 17, ident=ident, fragment=start // 8 | more, **kwargs), 0x0800))
    return made


def pieces6(data, size=1000, ident=9, before=b"", first=44, proto=17):
    made = []
    for start in range(0, len(data), size):
        more = int(start + size < len(data))
        head = before + struct.pack(">BBHI", proto, 0, start | more, ident)
        made.append(ether(ipv6(head + data[start : start + size], first), 0x86DD))
    return made


def decode(packets, **kwargs):
    return Decoder().decode(window(packets, **kwargs))


@pytest.mark.parametrize("pieces", [pieces4, pieces6])
@pytest.mark.parametrize("order", ["straight", "reversed", "doubled"])
def test_the_rebuilt_packet_is_a_row_at_the_frame_that_completes_it(pieces, order):
    packets = {"straight": list, "reversed": lambda p: p[::-1], "doubled": lambda p: [x for x in p for _ in "ab"]}[order](pieces(DATAGRAM))
    table = decode(packets)
    assert table.status.tolist().count(OK) == 1
    row = table.status.tolist().index(OK)
    assert (table.status == FRAGMENT).sum() == len(packets)
    assert payload(table, row) == BODY
    assert (table.sport[row], table.dport[row], table.proto[row], table.wire_len[row]) == (50000, 53, 17, len(BODY))
    assert table.frame[row] == max(table.parts[row])
    assert table.frame.tolist() == sorted(table.frame.tolist())
    assert len(table.parts[row]) == len(pieces(DATAGRAM))


def test_first_fragment_tells_the_ports():
    table = decode(pieces4(DATAGRAM)[:1])
    assert (table.status[0], table.sport[0], table.dport[0], table.proto[0]) == (FRAGMENT, 50000, 53, 17)


def test_atomic_fragment_is_a_packet():
    table = decode(pieces6(udp(b"whole"), 1000))
    assert (table.status.tolist(), payload(table, 0)) == ([OK], b"whole")


def test_headers_before_the_fragment_header_stay():
    options = bytes((44, 0, 1, 4, 0, 0, 0, 0))
    table = decode(pieces6(DATAGRAM, before=options, first=0))
    row = table.status.tolist().index(OK)
    assert payload(table, row) == BODY
    assert (table.version[row], table.proto[row]) == (6, 17)


def test_a_missing_piece_makes_no_packet():
    assert OK not in decode(pieces4(DATAGRAM)[:-1]).status
    assert OK not in decode(pieces4(DATAGRAM)[1:]).status


def test_pieces_too_far_apart_in_time_do_not_belong_together():
    first, *rest = pieces4(DATAGRAM)
    times = [T0] + [T0 + FRAG_TIMEOUT_NS + 1 + n for n in range(len(rest))]
    table = decode([first, *rest], times=times)
    assert OK not in table.status
    assert table.limits == {"FRAG_TIMEOUT_NS": 1}


def test_a_number_used_again_is_another_datagram():
    other = udp(bytes(len(BODY)), 50000, 53)
    table = decode(pieces4(DATAGRAM) + pieces4(other))
    assert [payload(table, row) for row in range(len(table)) if table.status[row] == OK] == [BODY, bytes(len(BODY))]


def test_a_mirrored_copy_of_a_datagram_is_not_rebuilt_twice():
    assert (decode(pieces4(DATAGRAM) * 2).status == OK).sum() == 1


def test_overlap_in_ipv4_keeps_the_bytes_that_came_first():
    data = udp(b"A" * 1992)
    early = ether(ipv4(b"B" * 1000, 17, ident=9, fragment=1000 // 8), 0x0800)
    table = decode([early, *pieces4(data, 1200)])
    row = table.status.tolist().index(OK)
    assert payload(table, row) == b"A" * 992 + b"B" * 1000


def test_overlap_in_ipv6_drops_the_datagram():
    data = udp(b"A" * 1992)
    assert OK not in decode([*pieces6(data, 1200)[:1], *pieces6(data, 1000)]).status


def test_a_piece_behind_the_last_one_drops_the_datagram():
    pieces = pieces4(DATAGRAM)
    beyond = ether(ipv4(bytes(1000), 17, ident=9, fragment=0x2000 | 4000 // 8), 0x0800)
    assert OK not in decode([pieces[-1], beyond, *pieces[:-1]]).status


def test_pieces_cut_by_the_capture_are_not_used():
    pieces = pieces4(DATAGRAM)
    table = decode([pieces[0][:100], *pieces[1:]], lengths=[len(p) for p in pieces])
    assert OK not in table.status
    assert table.dport[0] == 53


def test_capwap_pieces():
    inner = wlan(ether(ipv4(udp(b"x" * 2000), 17), 0x0800))
    first = over_udp(capwap(inner[:1400], fragment=0, last=False), 5247)
    second = over_udp(capwap(inner[1400:], fragment=1, start=1400), 5247)
    for packets in ([first, second], [second, first]):
        table = decode(packets)
        assert table.status.tolist() == [FRAGMENT, FRAGMENT, OK]
        assert payload(table, 2) == b"x" * 2000
        assert (table.parts[2], table.encapsulations["capwap"]) == ((1, 2), 1)


def nested():
    """A fragmented datagram, in a tunnel whose packets are fragmented too (the last of them small enough not to be)."""
    made = []
    for number, inner in enumerate(pieces4(DATAGRAM, 1400)):
        tunnel = struct.pack(">HH", 0, 0x6558) + inner
        parts = [tunnel] if len(tunnel) < 1000 else [tunnel[:1000], tunnel[1000:]]
        for place, part in enumerate(parts):
            more = 0x2000 if place + 1 < len(parts) else 0
            made.append(ether(ipv4(part, 47, TAP, "203.0.113.2", ident=100 + number, fragment=place * 125 | more), 0x0800))
    return made


def test_fragments_in_fragments():
    table = decode(nested())
    whole = [row for row in range(len(table)) if table.status[row] == OK]
    assert [payload(table, row) for row in whole] == [BODY]
    assert table.frame[whole[0]] == len(nested())


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_windows_of_any_size_give_the_same_rows(step):
    random_ = random.Random(3)
    packets = pieces4(DATAGRAM) + pieces6(DATAGRAM) + nested() + pieces4(udp(bytes(3000)), ident=10) + [ether(ipv4(udp(b"plain"), 17), 0x0800)] * 5
    random_.shuffle(packets)

    def rows(size):
        decoder, found = Decoder(), []
        for start in range(0, len(packets), size):
            frames = range(start + 1, min(start + size, len(packets)) + 1)
            table = decoder.decode(window(packets[start : start + size], frames=list(frames), times=[T0 + f for f in frames]))
            found += [
                (int(table.frame[r]), int(table.status[r]), int(table.dport[r]), payload(table, r), table.parts.get(r)) for r in range(len(table))
            ]
        return found

    assert rows(step) == rows(len(packets))


def test_addresses_of_the_rebuilt_ipv6_packet():
    table = decode(pieces6(DATAGRAM))
    row = table.status.tolist().index(OK)
    assert (address(table, row, "src"), address(table, row, "dst")) == (PHONE6, SERVER6)


def test_a_flood_of_pieces_stays_within_bounds():
    box = Reassembler(4)
    for number in range(3 * MAX_FRAG_DATAGRAMS):
        assert box.add(number, Fragment(0, bytes(1400), False, b"h", number, T0), strict=False) is None
    assert box.limits["MAX_FRAG_DATAGRAMS"] > 2 * MAX_FRAG_DATAGRAMS - 10


def test_tiny_pieces_count_for_what_they_cost():
    box = Reassembler(16)
    for number in range(40_000):
        box.add(number % 3, Fragment(8 + number // 3 * 16 % 60_000, bytes(8), False, b"", number, T0), strict=False)
    assert box._used < 8 << 20
