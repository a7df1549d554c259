"""Ethernet, tags, IP, TCP, UDP, ICMP and ARP as columns."""

import numpy as np
import pytest
from craft import PHONE, PHONE6, SERVER, SERVER6, address, arp, ether, ipv4, ipv6, payload, tag, tcp, udp, window

from pcapkit.columns import Decoder
from pcapkit.columns.table import ARP, CUT, OK, UNKNOWN


def decode(*packets, **kwargs):
    return Decoder().decode(window(list(packets), **kwargs))


def test_tcp_over_ipv4_fills_every_column():
    table = decode(ether(ipv4(tcp(b"hello", options=bytes(4)), 6), 0x0800))
    expected = {"status": OK, "version": 4, "proto": 6, "sport": 50000, "dport": 443, "seq": 1000, "ack": 2000, "flags": 0x18, "tcp_window": 512}
    expected |= {"ttl": 64, "ip_id": 7}
    assert {name: int(getattr(table, name)[0]) for name in expected} == expected
    assert (address(table, 0, "src"), address(table, 0, "dst")) == (PHONE, SERVER)
    assert payload(table, 0) == b"hello"
    assert table.wire_len[0] == 5
    assert (int(table.src_mac[0]), int(table.dst_mac[0])) == (0x0200000000A1, 0x0200000000B2)
    assert table.buffer[table.ip[0]] == 0x45


def test_udp_over_ipv6():
    table = decode(ether(ipv6(udp(b"query"), 17), 0x86DD))
    assert (table.version[0], table.proto[0], table.dport[0]) == (6, 17, 53)
    assert (address(table, 0, "src"), address(table, 0, "dst")) == (PHONE6, SERVER6)
    assert payload(table, 0) == b"query"


@pytest.mark.parametrize(("tags", "vlan"), [([(0x8100, 20)], 20), ([(0x88A8, 100), (0x8100, 20)], 20), ([(0x9100, 100), (0x8100, 0)], 100)])
def test_tags_name_the_innermost_vlan(tags, vlan):
    kinds = [*(kind for kind, _ in tags[1:]), 0x0800]
    body = b"".join(tag(number, kind) for (_, number), kind in zip(tags, kinds, strict=True))
    table = decode(ether(body + ipv4(udp(b"x"), 17), tags[0][0]))
    assert (table.vlan[0], table.dport[0], table.encapsulations) == (vlan, 53, {"vlan": 1})


def test_more_tags_than_the_limit_are_not_read():
    table = decode(ether(tag(1, 0x8100) * 20 + tag(1, 0x0800) + ipv4(udp(), 17), 0x8100))
    assert (table.status[0], table.unknown) == (UNKNOWN, {"too many tags": 1})


def test_icmp_payload_is_the_icmp_header():
    table = decode(ether(ipv4(b"\x03\x03" + bytes(6) + ipv4(udp(), 17), 1), 0x0800), ether(ipv6(b"\x01\x04" + bytes(6), 58), 0x86DD))
    assert payload(table, 0)[:2] == b"\x03\x03"
    assert (table.proto.tolist(), table.status.tolist()) == ([1, 58], [OK, OK])


def test_arp():
    table = decode(ether(arp() + bytes(18), 0x0806))
    assert (table.status[0], table.version[0]) == (ARP, 0)
    assert payload(table, 0)[:28] == arp()


def test_padding_is_no_payload():
    table = decode(ether(ipv4(tcp(), 6) + bytes(6), 0x0800))
    assert (table.payload_len[0], table.wire_len[0]) == (0, 0)


def test_total_length_zero_is_what_the_frame_holds():
    table = decode(ether(ipv4(tcp(b"x" * 3000), 6, total=0), 0x0800), lengths=[14 + 20 + 20 + 4000])
    assert (table.payload_len[0], table.wire_len[0]) == (3000, 4000)


def test_snaplen_keeps_the_wire_length():
    whole = ether(ipv4(tcp(b"x" * 1000), 6), 0x0800)
    table = decode(whole[:100], lengths=[len(whole)])
    assert (table.status[0], table.payload_len[0], table.wire_len[0]) == (OK, 46, 1000)


@pytest.mark.parametrize("kept", range(14 + 20, 14 + 40))
def test_cut_tcp_header_gives_the_fields_that_are_there(kept):
    whole = ether(ipv4(tcp(b"x", seq=0xFFFFFFFF, ack=0xFFFFFFFF), 6), 0x0800)
    table = decode(whole[:kept], whole, lengths=[len(whole)] * 2)
    assert table.status.tolist() == [CUT, OK]
    assert table.sport[0] == (50000 if kept >= 36 else 50000 & 0xFF00 if kept == 35 else 0)
    assert table.seq[0] == (0xFFFFFFFF << 8 * max(0, 42 - kept)) & 0xFFFFFFFF if kept > 38 else table.seq[0] == 0
    assert (table.payload_len[0], table.wire_len[0]) == (0, 1)


def test_ipv4_options_and_wrong_header_length():
    table = decode(
        ether(ipv4(tcp(b"x"), 6, options=b"\x01" * 8), 0x0800),
        ether(b"\x44" + ipv4(tcp(b"x"), 6)[1:], 0x0800),
        ether(ipv4(tcp(b"x"), 6, total=19), 0x0800),
    )
    assert table.dport.tolist() == [443, 0, 0]
    assert table.unknown == {"malformed ipv4": 2}


def test_unknown_layers_are_counted_and_named():
    table = decode(ether(b"x" * 50, 0x88CC), ether(b"x" * 50, 0x1234), ether(ipv4(b"x" * 30, 132), 0x0800), link_type=1)
    assert table.unknown == {"lldp": 1, "ethertype 0x1234": 1, "sctp": 1}
    assert (table.status == UNKNOWN).all()
    assert decode(b"x", link_type=147).unknown == {"link type 147": 1}


def test_empty_window():
    assert len(decode()) == 0


def test_every_row_keeps_frame_and_time():
    w = window([ether(ipv4(tcp(), 6), 0x0800), b"", ether(arp(), 0x0806)], first_frame=41)
    table = Decoder().decode(w)
    assert table.frame.tolist() == [41, 42, 43]
    assert np.array_equal(table.time_ns, w.time_ns)
