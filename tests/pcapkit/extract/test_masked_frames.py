"""Frames through every link and tunnel with stand-ins: what was right stays right, and the inside is changed as if it stood alone."""

import struct
import zlib
from ipaddress import ip_address

import numpy as np
import pytest
from craft import PHONE, PHONE_MAC, ROUTER_MAC, SERVER, address, arp, ether, ipv4, ipv6, tcp, udp, window
from hypothesis import given, settings
from hypothesis import strategies as st
from wrap import LINKS, TUNNELS, amsdu, capwap, over_udp, radiotap, wlan

from pcapkit.columns import Decoder
from pcapkit.extract.masking.checksums import total
from pcapkit.extract.masking.rewriter import Rewriter
from pcapkit.report.redact import Redactor

QUESTION = bytes.fromhex("123401000001000000000000") + b"\x06webext\x07contoso\x03com\x00\x00\x01\x00\x01"


def summed(packet):
    """The same IPv4 packet with right checksums in its own header and in its TCP, UDP or ICMP."""
    out = bytearray(packet)
    size = (out[0] & 15) * 4
    out[10:12] = bytes(2)
    out[10:12] = (0xFFFF - (total(out[:size]) or 0xFFFF)).to_bytes(2, "big")
    place = size + {6: 16, 17: 6, 1: 2}[out[9]]
    body = len(out) - size
    pseudo = bytes(out[12:20]) + bytes((0, out[9])) + body.to_bytes(2, "big") if out[9] != 1 else b""
    out[place : place + 2] = bytes(2)
    out[place : place + 2] = (0xFFFF - (total(pseudo + bytes(out[size:])) or 0xFFFF)).to_bytes(2, "big")
    return bytes(out)


def sound(packet):
    """The checksums of an IPv4 packet are right."""
    return summed(packet) == packet


def rewritten(frames, link=1, **kwargs):
    """Frames with stand-ins, and the masks that made them."""
    w = window(frames, link, **kwargs)
    rewriter, chosen = Rewriter(Redactor()), np.arange(1, len(frames) + 1)
    for each in ("look", "change"):
        decoder = Decoder(trace=True)
        decoder.decode(w)
        if each == "look":
            rewriter.look(0, w, decoder.works, chosen)
            rewriter.settle()
        else:
            made = [data for _, data in rewriter.change(0, w, decoder.works, chosen)]
    return made, rewriter.masks


DNS_FRAME = ether(summed(ipv4(udp(QUESTION), 17)), 0x0800)
HELLO = b"GET / HTTP/1.1\r\nHost: webext.contoso.com\r\n\r\n"
TCP_FRAME = ether(summed(ipv4(tcp(HELLO, dport=80), 6)), 0x0800)
FRAMES = {"dns": DNS_FRAME, "http": TCP_FRAME}
INSIDE = {"dns": b"\x06host01\x07contoso\x03com", "http": b"Host: host01.contoso.com"}


@pytest.mark.parametrize("name", LINKS)
@pytest.mark.parametrize("kind", FRAMES)
def test_links(name, kind):
    link, build = LINKS[name]
    frame = build(FRAMES[kind])
    (made,), masks = rewritten([frame], link)
    check(made, frame, masks, kind, link)


@pytest.mark.parametrize("name", [name for name in TUNNELS if name not in ("6in4", "teredo", "teredo-origin")])
@pytest.mark.parametrize("kind", FRAMES)
def test_tunnels(name, kind):
    frame = TUNNELS[name][2](FRAMES[kind])
    (made,), masks = rewritten([frame])
    check(made, frame, masks, kind)


def check(made, frame, masks, kind, link=1):
    assert len(made) == len(frame)
    assert INSIDE[kind] in made
    assert b"webext" not in made
    for old in (ip_address(PHONE).packed, ip_address(SERVER).packed, ip_address("203.0.113.1").packed, PHONE_MAC, ROUTER_MAC):
        assert old not in made
    table = Decoder().decode(window([made], link))
    before = Decoder().decode(window([frame], link))
    assert (table.status[0], table.proto[0], table.sport[0], table.dport[0]) == (before.status[0], before.proto[0], before.sport[0], before.dport[0])
    assert address(table, 0, "src") == str(ip_address(masks.address(ip_address(PHONE).packed)))
    at = int(table.ip[0])
    inner = made[at - 16 :] if at else b""  # the helper puts 16 foreign bytes in front
    assert sound(inner[: int.from_bytes(inner[2:4], "big")])


@pytest.mark.parametrize("name", ["6in4", "teredo", "teredo-origin"])
def test_addresses_that_tunnels_repeat(name):
    frame = TUNNELS[name][2](DNS_FRAME)
    (made,), _ = rewritten([frame])
    table = Decoder().decode(window([made]))
    assert table.version[0] == 6
    assert address(table, 0, "src") != "2001:0:c633:6401::1"


def test_outer_checksums_cover_the_inside():
    """A tunnel's own UDP checksum, over everything within."""
    outer = ether(summed(over_udp(struct.pack(">II", 0x08000000, 5 << 8) + DNS_FRAME, 4789)[14:]), 0x0800)
    (made,), _ = rewritten([outer])
    assert INSIDE["dns"] in made
    assert sound(made[14:])


def test_gre_with_a_checksum():
    header = struct.pack(">HHHH", 0x8000, 0x6558, 0, 0)
    body = header + DNS_FRAME
    body = body[:4] + (0xFFFF - total(body)).to_bytes(2, "big") + body[6:]
    (made,), _ = rewritten([ether(ipv4(body, 47), 0x0800)])
    assert total(made[34:]) == 0


@pytest.mark.parametrize("fcs", ["ethernet", "radiotap"])
def test_check_sequences(fcs):
    frame = DNS_FRAME + struct.pack("<I", zlib.crc32(DNS_FRAME)) if fcs == "ethernet" else radiotap(wlan(DNS_FRAME, fcs=True))
    (made,), _ = rewritten([frame], 1 if fcs == "ethernet" else 127)
    start = 0 if fcs == "ethernet" else made[2]
    assert int.from_bytes(made[-4:], "little") == zlib.crc32(made[start:-4])


def test_wrong_checksums_stay_wrong():
    """A capture taken on a host that leaves them to its card says so, too."""
    frame = ether(ipv4(udp(QUESTION)[:6] + b"\x12\x34" + QUESTION, 17), 0x0800)
    (made,), _ = rewritten([frame])
    assert not sound(made[14:])


def test_no_checksum_stays_none():
    (made,), _ = rewritten([ether(ipv4(udp(QUESTION), 17), 0x0800)])
    assert made[40:42] == b"\0\0"


def test_arp_and_neighbours():
    asked = ether(arp(), 0x0806)
    target = ip_address("fe80::a683:e7ff:fe12:3456").packed
    solicitation = b"\x87\0\0\0" + bytes(4) + target + b"\1\1" + PHONE_MAC
    neighbour = ether(ipv6(solicitation, 58, "fe80::1", "ff02::1:ff12:3456"), 0x86DD, dst=b"\x33\x33\xff\x12\x34\x56")
    (one, two), masks = rewritten([asked, neighbour])
    assert one[22:28] == masks.mac(PHONE_MAC) != PHONE_MAC
    assert one[28:32] == masks.address(ip_address(PHONE).packed)
    assert masks.address(target) in two
    assert masks.mac(PHONE_MAC) in two[60:]
    assert two[3:6] == masks.address(target)[13:] == two[51:54]


def test_quoted_packets():
    """An ICMP error quotes the question that it is about."""
    quoted = summed(ipv4(udp(QUESTION), 17))
    error = ether(summed(ipv4(b"\3\3\0\0\0\0\0\0" + quoted, 1, "192.0.2.1", PHONE)), 0x0800)
    (made,), _ = rewritten([error])
    assert sound(made[14:])
    assert sound(made[42:])
    assert INSIDE["dns"] in made
    assert ip_address(PHONE).packed not in made


def test_what_nobody_can_read_is_cut_off():
    unknown = ether(ipv4(udp(b"secret of an unknown protocol", dport=9999), 17), 0x0800)
    lldp = ether(b"\x02\x07\x04name of a switch", 0x88CC)
    mail = ether(ipv4(tcp(b"LOGIN anna hunter2\r\n", dport=143), 6), 0x0800)
    web = ether(ipv4(tcp(b"\xde\xad\xbe\xefnot http at all", dport=80), 6), 0x0800)
    (one, two, three, four), _ = rewritten([unknown, lldp, mail, web])
    assert (len(one), len(two), len(three)) == (42, 14, 54)
    assert four[54:] == bytes(len(web) - 54)


def fragments(payload, proto, size):
    parts = [payload[at : at + size] for at in range(0, len(payload), size)]
    return [
        ether(ipv4(part, proto, fragment=at * size // 8 | (0x2000 if at + 1 < len(parts) else 0), ident=99), 0x0800) for at, part in enumerate(parts)
    ]


def test_fragments_are_changed_as_a_whole():
    frames = fragments(udp(QUESTION), 17, 24)
    made, _ = rewritten(frames)
    whole = b"".join(frame[34:] for frame in made)
    assert INSIDE["dns"] in whole
    assert [len(frame) for frame in made] == [len(frame) for frame in frames]


def test_fragments_without_the_rest_are_cut_off():
    made, _ = rewritten(fragments(udp(QUESTION), 17, 24)[:1])
    assert len(made[0]) == 34


def test_fragments_of_capwap():
    inner = wlan(DNS_FRAME)
    parts = [over_udp(capwap(inner[:48], fragment=1, last=False), 5247), over_udp(capwap(inner[48:], fragment=1, start=48), 5247)]
    made, _ = rewritten(parts)
    assert INSIDE["dns"] in b"".join((made[0][50:], made[1][50:]))


def test_aggregates():
    (made,), masks = rewritten([amsdu(DNS_FRAME, TCP_FRAME)], 105)
    assert INSIDE["dns"] in made
    assert INSIDE["http"] in made
    assert made.count(masks.mac(PHONE_MAC)) == 2
    assert PHONE_MAC not in made


def test_words_across_segments():
    """Names are found wherever segments part them, retransmissions included, whatever the order."""
    cut = [HELLO[:25], HELLO[25:31], HELLO[31:]]
    starts = [1000, 1025, 1031]
    frames = [ether(summed(ipv4(tcp(data, dport=80, seq=seq), 6)), 0x0800) for data, seq in zip(cut, starts, strict=True)]
    made, _ = rewritten([frames[0], frames[2], frames[1], frames[1]])
    assert made[0][54:] + made[2][54:] + made[1][54:] == HELLO.replace(b"webext", b"host01")
    assert made[2] == made[3]
    assert all(sound(frame[14:]) for frame in made)


def test_another_segment_at_the_same_place():
    """A copy that says something else than what was read is not trusted."""
    other = HELLO.replace(b"webext", b"hidden").replace(b"GET /", b"PUT /")
    made, _ = rewritten([TCP_FRAME, ether(ipv4(tcp(other, dport=80), 6), 0x0800)])
    assert b"hidden" not in made[1]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=120), min_size=1, max_size=6), st.sampled_from([0, 1, 101, 105, 113, 127, 192, 239, 276]))
def test_any_frames(frames, link):
    made, _ = rewritten(frames, link)
    assert len(made) == len(frames)
    assert all(len(new) <= len(old) for new, old in zip(made, frames, strict=True))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([*LINKS]),
    st.sampled_from([*TUNNELS]),
    st.sampled_from([*FRAMES]),
    st.integers(0, 250),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=4),
)
def test_mutated_and_cut_frames(link, tunnel, kind, size, changes):
    number, build = LINKS[link]
    frame = bytearray(build(TUNNELS[tunnel][2](FRAMES[kind])))
    for at, value in changes:
        if at < len(frame):
            frame[at] = value
    made, _ = rewritten([bytes(frame[: max(size, 1)])], number)
    assert len(made[0]) <= max(size, 1)
