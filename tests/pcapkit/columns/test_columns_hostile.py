"""Whatever the bytes: no exception, every offset within the packet, nothing taken from the bytes behind it, and an end."""

import random
import struct

import numpy as np
import pytest
from craft import ether, ipv4, ipv6, tag, tcp, udp, window
from hypothesis import given, settings
from hypothesis import strategies as st
from test_columns_fragments import nested, pieces4, pieces6
from wrap import LINKS, TUNNELS, amsdu, capwap, gre, mpls, over_udp, radiotap, wlan

from pcapkit.columns import Decoder, WpaKeys
from pcapkit.columns.assemble import COLUMNS
from pcapkit.columns.layers import LAYERS, NUMBERS
from pcapkit.columns.table import CUT, OK, PROTECTED, UNKNOWN
from pcapkit.limits import MAX_TUNNELS

FRAME = ether(ipv4(tcp(b"hello from a phone"), 6), 0x0800)
FRAME6 = ether(ipv6(udp(b"hello from a phone"), 17), 0x86DD)
KEYS = WpaKeys([("example", "a passphrase")])
SAMPLES = (
    [(link, build(FRAME)) for link, build in LINKS.values()]
    + [(1, build(FRAME)) for _, _, build in TUNNELS.values()]
    + [(1, packet) for packet in nested() + pieces4(udp(bytes(3000))) + pieces6(udp(bytes(3000)))]
    + [(1, FRAME6), (105, amsdu(FRAME, FRAME6, FRAME)), (1, over_udp(capwap(wlan(FRAME)[:40], fragment=0, last=False), 5247))]
)
LINK_TYPES = sorted(NUMBERS["link"])


def decode(packets, links=1, **kwargs):
    made = window(packets, links, **kwargs)
    table = Decoder(wpa=KEYS).decode(made)
    inside(made, table)
    return table


def inside(made, table):
    """Offsets and lengths lie within the packet they came from, or within a rebuilt one."""
    size = len(table.buffer)
    assert (table.payload >= 0).all()
    assert (table.payload + table.payload_len <= size).all()
    assert (table.payload_len >= 0).all()
    assert (table.wire_len >= 0).all()
    assert ((table.ip >= -1) & (table.ip < size)).all()
    ends = dict(zip(made.frame.tolist(), (made.offset + made.caplen).tolist(), strict=True))
    starts = dict(zip(made.frame.tolist(), made.offset.tolist(), strict=True))
    for frame, at, length in zip(table.frame.tolist(), table.payload.tolist(), table.payload_len.tolist(), strict=True):
        assert at >= len(made.buffer) or starts[frame] <= at <= at + length <= ends[frame]
    assert sum(table.unknown.values()) == np.isin(table.status, (UNKNOWN, PROTECTED)).sum()


def facts(table):
    """What is said of each row, without where it lies."""
    columns = [getattr(table, name).tolist() for name in COLUMNS if name not in ("payload", "ip")]
    return list(zip(*columns, strict=True)), table.unknown, table.encapsulations, table.protected, table.wlan, sorted(table.parts.values())


def mutated(data, seed):
    random_ = random.Random(seed)
    changed = bytearray(data)
    for _ in range(random_.randint(1, 8)):
        if changed:
            at = random_.randrange(len(changed))
            changed[at] = random_.choice((0, 1, 0x7F, 0x80, 0xFF, random_.randrange(256)))
    return bytes(changed[: random_.choice((len(changed), random_.randint(0, len(changed))))])


@given(st.lists(st.tuples(st.sampled_from(LINK_TYPES), st.binary(max_size=300)), max_size=12))
@settings(max_examples=60, deadline=None)
def test_any_bytes(packets):
    decode([data for _, data in packets], [link for link, _ in packets])


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_mutated_packets(seed):
    made = [(link, mutated(data, seed + place)) for place, (link, data) in enumerate(SAMPLES)]
    decode([data for _, data in made], [link for link, _ in made])


@pytest.mark.parametrize("lengths", ["as captured", "as on the wire"])
def test_cut_at_every_byte(lengths):
    for link, data in SAMPLES[:-4]:
        cuts = [data[:size] for size in range(min(len(data), 200))]
        table = decode(cuts, link, lengths=[len(data)] * len(cuts) if lengths == "as on the wire" else None)
        assert not ((table.status == OK) & (table.proto == 6) & (table.payload_len > 18)).any()


@given(st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_bytes_behind_a_packet_mean_nothing(seed):
    made = [(link, mutated(data, seed + place)) for place, (link, data) in enumerate(SAMPLES)]
    packets, links = [data for _, data in made], [link for link, _ in made]
    tables = [decode(packets, links, gap=gap) for gap in (b"\xaa" * 64, bytes(64), random.Random(seed).randbytes(64), b"")]
    assert all(facts(table) == facts(tables[0]) for table in tables)


@given(st.integers(0, 2**32), st.integers(1, 40))
@settings(max_examples=20, deadline=None)
def test_windows_of_any_size_give_the_same_facts(seed, step):
    made = [(link, mutated(data, seed + place) if place % 3 else data) for place, (link, data) in enumerate(SAMPLES)]
    random.Random(seed).shuffle(made)

    def rows(size):
        decoder, found, told = Decoder(wpa=KEYS), [], []
        for start in range(0, len(made), size):
            part = made[start : start + size]
            table = decoder.decode(window([data for _, data in part], [link for link, _ in part], first_frame=start + 1, times=[1] * len(part)))
            found += facts(table)[0]
            told += table.wlan
        return found, told

    assert rows(step) == rows(len(made))


def bombs():
    yield "tunnels", 1, "too many tunnels", _wrapped(lambda inner: ether(ipv4(struct.pack(">HH", 0, 0x6558) + inner, 47), 0x0800), 40)
    yield "ip in ip", 101, "too many tunnels", _wrapped(lambda inner: ipv4(inner, 4), 60, b"")
    yield "vxlan", 1, "too many tunnels", _wrapped(lambda inner: over_udp(struct.pack(">II", 0x08000000, 256) + inner, 4789), 30)
    yield "tags", 1, "too many tags", ether(tag(1, 0x8100) * 2000, 0x8100)
    yield "labels", 1, "too many labels", ether(mpls(*range(1000)), 0x8847)
    yield "extension headers", 1, "too many ipv6 extension headers", ether(ipv6(bytes(8) * 2000, 0), 0x86DD)
    yield "pktap", 258, "too many layers", struct.pack("<III", 12, 1, 258) * 1000
    yield "ppi", 192, "too many layers", struct.pack("<BBHI", 0, 0, 8, 192) * 1000


def _wrapped(wrap, times, inner=FRAME):
    for _ in range(times):
        inner = wrap(inner)
    return inner


@pytest.mark.parametrize(("name", "link", "reason", "packet"), bombs(), ids=lambda value: value if isinstance(value, str) else "")
def test_depth_bombs_end(name, link, reason, packet):
    table = decode([packet] * 50, link)
    assert table.unknown == {reason: 50}
    assert sum(table.limits.values()) == 50


def test_tunnels_within_the_limit_are_read():
    wrap = lambda inner: ether(ipv4(struct.pack(">HH", 0, 0x6558) + inner, 47), 0x0800)  # noqa: E731
    assert decode([_wrapped(wrap, MAX_TUNNELS)]).status[0] == OK
    assert decode([_wrapped(wrap, MAX_TUNNELS + 1)]).status[0] == UNKNOWN


def test_fragment_headers_within_fragments_end():
    head = struct.pack(">BBHI", 44, 0, 1, 7) + struct.pack(">BBHI", 44, 0, 8, 7)
    packets = [ether(ipv6(struct.pack(">BBHI", 44, 0, place << 3 | more, 7) + head * 8, 44), 0x86DD) for place, more in ((0, 1), (16, 0))]
    decode(packets * 20)


@given(st.binary(min_size=0, max_size=200), st.sampled_from(sorted(NUMBERS["udp"])), st.booleans())
@settings(max_examples=200, deadline=None)
def test_ordinary_udp_on_a_tunnels_port_stays_udp(data, port, reply):
    packet = over_udp(data, 40000, port) if reply else over_udp(data, port)
    table = decode([packet])
    if table.status[0] != PROTECTED and not table.tunnel[0]:
        assert (table.status[0], table.proto[0], table.payload_len[0]) == (OK, 17, len(data))
    dns = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x0clyncdiscover\x07example\x03com\x00\x00\x01\x00\x01"
    sip = b"OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10\r\n\r\n"
    for text in (dns, sip, b"\x80\x00" + bytes(160), b"\xc0\x00\x00\x00\x01" + bytes(1195)):
        packet = over_udp(text, 40000, port) if reply else over_udp(text, port)
        table = decode([packet])
        assert (table.tunnel[0], table.proto[0]) == (0, 17)


def test_cut_marks_headers_that_are_not_whole():
    assert decode([FRAME[:30]]).status[0] == CUT


def test_forced_layers():
    shifted = over_udp(struct.pack(">II", 0x08000000, 7 << 8) + FRAME, 9999)
    assert decode([shifted]).tunnel[0] == 0
    table = Decoder({"udp.port==9999": "vxlan", "ethertype==0x1234": "ipv4"}).decode(window([shifted, FRAME[:12] + b"\x12\x34" + FRAME[14:]]))
    assert table.dport.tolist() == [443, 443]
    for selector, layer in (("udp.port==70000", "vxlan"), ("colour==1", "vxlan"), ("udp.port==1", "no such layer")):
        with pytest.raises(ValueError):
            Decoder({selector: layer})
    assert "vxlan" in LAYERS


def test_radiotap_says_bad_checksum():
    assert decode([radiotap(wlan(FRAME), 0x40)], 127).unknown == {"802.11 with a bad checksum": 1}


def test_gre_keep_alive_has_a_name():
    assert decode([gre(b"", 0)]).unknown == {"gre keep-alive": 1}
