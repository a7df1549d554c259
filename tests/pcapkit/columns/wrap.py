"""One Ethernet frame in every wrapping that the columns read: what a mirror, a controller or another link would have made of it."""

import struct
import zlib

from craft import ether, ipv4, ipv6, tag, udp

TAP, ANALYSER = "203.0.113.1", "203.0.113.2"
AP = bytes.fromhex("020000000ac0")
SNAP = b"\xaa\xaa\x03\x00\x00\x00"


def outer(payload, proto):
    return ether(ipv4(payload, proto, TAP, ANALYSER), 0x0800, b"\x02" + bytes(5), b"\x02" + bytes(4) + b"\x01")


def over_udp(payload, port, sport=40000):
    return outer(udp(payload, sport, port), 17)


def gre(payload, kind, flags=0, *fields):
    return outer(struct.pack(">HH", flags, kind) + b"".join(fields) + payload, 47)


def packet(frame):
    """The IP packet of a plain Ethernet frame."""
    return frame[14:]


def kind_of(frame):
    return int.from_bytes(frame[12:14], "big")


def word(value):
    return struct.pack(">I", value)


def wlan(frame, *, direction=1, qos=False, flags=0, fcs=False, four=False, sequence=0x10):
    """802.11 data: 1 to the access point, 2 from it, 3 between access points."""
    dst, src = frame[:6], frame[6:12]
    one, two, three = {1: (AP, src, dst), 2: (dst, AP, src), 3: (AP, b"\x02" + bytes(5), dst)}[direction]
    head = bytes((0x88 if qos else 0x08, direction | flags)) + b"\x2c\x00" + one + two + three + struct.pack("<H", sequence)
    head += src if direction == 3 else b""
    head += b"\x03\x00" if qos else b""
    body = head + SNAP + frame[12:]
    return body + (struct.pack("<I", zlib.crc32(body)) if fcs else b"")


def swapped(data):
    return data[1::-1] + data[2:]


def radiotap(data, flags=0x10):
    return struct.pack("<BBHIB", 0, 0, 10, 2, flags) + b"\x00" + data


def _radiotap_aligned(data):
    head = struct.pack("<II", 0x80000003, 0) + bytes(4) + struct.pack("<QB", 7, 0x10)
    return struct.pack("<BBH", 0, 0, 4 + len(head)) + head + data


def ppi(data):
    common = struct.pack("<HHQHHHHBBbb", 2, 20, 7, 1, 22, 2412, 0, 0, 0, -50, -90)
    return struct.pack("<BBHI", 0, 0, 8 + len(common), 105) + common + data


def prism(data):
    return struct.pack("<II", 0x44, 144) + b"wlan0".ljust(16, b"\0") + bytes(120) + data


def avs(data):
    return struct.pack(">II", 0x80211001, 64) + bytes(56) + data


def capwap(data, *, native=True, fragment=None, last=True, ident=5, start=0, options=b""):
    size = 8 + len(options)
    word_ = size // 4 << 19 | 1 << 14 | 1 << 9 | (0x100 if native else 0)
    if fragment is not None:
        word_ |= 0x80 | (0x40 if last else 0)
    return struct.pack(">IHH", word_, ident, start) + options + data


def amsdu(*frames):
    """A QoS data frame with several packets from the access point."""
    head = b"\x88\x02\x2c\x00" + frames[0][:6] + AP + AP + b"\x10\x00" + b"\x80\x00"
    body = b""
    for frame in frames:
        part = SNAP + frame[12:]
        body += b"\0" * (-len(body) % 4) + frame[:12] + struct.pack(">H", len(part)) + part
    return head + body


def nflog(data, order="<"):
    attributes = struct.pack(order + "HH", 8, 1) + b"\x08\x00\x01\x00" + struct.pack(order + "HH", 5, 10) + b"\x00\x00\x00\x00"
    attributes += struct.pack(order + "HH", 16, 8) + b"\x00\x06\x00\x00" + b"\x02\x00\x00\x00\x00\xa1\x00\x00"
    return b"\x02\x00\x00\x00" + attributes + struct.pack(order + "HH", 4 + len(data), 9) + data


def peek(data):
    size = len(data)
    return struct.pack(">bbHHBBQBBBB", -50, -90, size, size, 0, 0, 7, 22, 6, 70, 10) + data


def peek_new(data):
    return struct.pack(">IBI", 0x00FFABCD, 2, 55) + bytes(46) + data


def mpls(*labels):
    return b"".join(struct.pack(">I", label << 12 | (0x100 if n == len(labels) - 1 else 0) | 64) for n, label in enumerate(labels))


def teredo_packet(frame):
    """An IPv6 packet of the frame's UDP or TCP with a Teredo address."""
    return ipv6(packet(frame)[20:], packet(frame)[9], "2001:0:c633:6401::1", "2001:db8:1::20")


LINKS = {
    "ethernet": (1, lambda f: f),
    "vlan": (1, lambda f: f[:12] + b"\x81\x00" + tag(20, kind_of(f)) + packet(f)),
    "qinq": (1, lambda f: f[:12] + b"\x88\xa8" + tag(100, 0x8100) + tag(20, kind_of(f)) + packet(f)),
    "snap": (1, lambda f: f[:12] + struct.pack(">H", len(packet(f)) + 8) + SNAP + f[12:]),
    "vn-tag": (1, lambda f: f[:12] + b"\x89\x26" + bytes(4) + f[12:]),
    "e-tag": (1, lambda f: f[:12] + b"\x89\x3f" + bytes(6) + f[12:]),
    "nsh": (1, lambda f: f[:12] + b"\x89\x4f\x00\x02\x02\x03" + bytes(4) + f),
    "ttag": (1, lambda f: f[:12] + b"\x89\x88" + bytes(6) + f[12:]),
    "cmd": (1, lambda f: f[:12] + b"\x89\x09\x01\x01\x00\x01\x00\x0a" + f[12:]),
    "macsec-clear": (1, lambda f: f[:12] + b"\x88\xe5\x00\x00" + bytes(4) + f[12:] + bytes(16)),
    "raw": (101, packet),
    "raw-12": (12, packet),
    "null-little": (0, lambda f: struct.pack("<I", 2 if kind_of(f) == 0x0800 else 30) + packet(f)),
    "null-big": (0, lambda f: struct.pack(">I", 2 if kind_of(f) == 0x0800 else 10) + packet(f)),
    "loop": (108, lambda f: struct.pack(">I", 2 if kind_of(f) == 0x0800 else 24) + packet(f)),
    "sll": (113, lambda f: struct.pack(">HHH8s", 0, 1, 6, f[6:12] + bytes(2)) + f[12:]),
    "sll-vlan": (113, lambda f: struct.pack(">HHH8s", 0, 1, 6, f[6:12] + bytes(2)) + b"\x81\x00" + tag(20, kind_of(f)) + packet(f)),
    "sll2": (276, lambda f: f[12:14] + bytes(2) + struct.pack(">IHBB8s", 3, 1, 0, 6, f[6:12] + bytes(2)) + packet(f)),
    "nflog-little": (239, lambda f: nflog(packet(f))),
    "nflog-big": (239, lambda f: nflog(packet(f), ">")),
    "pktap": (258, lambda f: struct.pack("<III", 108, 1, 1) + bytes(96) + f),
    "ppp": (9, lambda f: b"\xff\x03\x00\x21" + packet(f)),
    "ppp-short": (9, lambda f: b"\x21" + packet(f)),
    "ppp-hdlc": (50, lambda f: b"\xff\x03\x00\x21" + packet(f)),
    "cisco-hdlc": (104, lambda f: b"\x0f\x00" + f[12:]),
    "ppp-direction": (204, lambda f: b"\x01\xff\x03\x00\x21" + packet(f)),
    "pflog": (117, lambda f: b"\x3d\x02" + bytes(62) + packet(f)),
    "enc": (109, lambda f: struct.pack("<I", 2) + bytes(8) + packet(f)),
    "802.11": (105, wlan),
    "802.11-from": (105, lambda f: wlan(f, direction=2)),
    "802.11-wds": (105, lambda f: wlan(f, direction=3)),
    "802.11-qos": (105, lambda f: wlan(f, qos=True)),
    "802.11-marked": (105, lambda f: wlan(f, qos=True, flags=0x40)),
    "802.11-amsdu": (105, lambda f: amsdu(f)),
    "radiotap": (127, lambda f: radiotap(wlan(f, fcs=True))),
    "radiotap-time": (127, lambda f: _radiotap_aligned(wlan(f, fcs=True))),
    "radiotap-padded": (127, lambda f: radiotap(wlan(f, qos=True)[:26] + bytes(2) + wlan(f, qos=True)[26:], 0x20)),
    "ppi": (192, lambda f: ppi(wlan(f, fcs=True))),
    "prism": (119, lambda f: prism(wlan(f))),
    "avs": (163, lambda f: avs(wlan(f))),
}
"""Name → link type and how the frame looks there."""

TUNNELS = {
    "gre": ("gre", 0, lambda f: gre(packet(f), kind_of(f))),
    "gre-key": ("gre", 77, lambda f: gre(packet(f), kind_of(f), 0x2000, word(77))),
    "gre-all": ("gre", 77, lambda f: gre(packet(f), kind_of(f), 0xB000, word(0), word(77), word(1))),
    "gre-routing": ("gre", 0, lambda f: gre(packet(f), kind_of(f), 0x4000, word(0), b"\x08\x00\x00\x04" + bytes(4), bytes(4))),
    "gre-bridge": ("gre", 0, lambda f: gre(f, 0x6558)),
    "gre-udp": ("gre", 0, lambda f: over_udp(struct.pack(">HH", 0, kind_of(f)) + packet(f), 4754)),
    "pptp": ("gre", 0x00400001, lambda f: gre(b"\xff\x03\x00\x21" + packet(f), 0x880B, 0x3081, word(0x00400001), word(1), word(1))),
    "erspan-1": ("erspan", 0, lambda f: gre(f, 0x88BE)),
    "erspan-2": ("erspan", 100, lambda f: gre(struct.pack(">HHI", 0x1000 | 118, 100, 0) + f, 0x88BE, 0x1000, word(1))),
    "erspan-3": ("erspan", 100, lambda f: gre(struct.pack(">HHIHH", 0x2000 | 118, 100, 0, 0, 0) + f, 0x22EB, 0x1000, word(1))),
    "erspan-3-sub": ("erspan", 100, lambda f: gre(struct.pack(">HHIHHQ", 0x2000 | 118, 100, 0, 0, 1, 3 << 58) + f, 0x22EB, 0x1000, word(1))),
    "erspan-3-ip": ("erspan", 100, lambda f: gre(struct.pack(">HHIHH", 0x2000, 100, 0, 0, 2 << 10) + packet(f), 0x22EB, 0x1000, word(1))),
    "aruba": ("aruba", 0, lambda f: gre(wlan(f), 0x8200)),
    "vxlan": ("vxlan", 5001, lambda f: over_udp(struct.pack(">II", 0x08000000, 5001 << 8) + f, 4789)),
    "vxlan-gpe": ("vxlan", 5001, lambda f: over_udp(struct.pack(">II", 0x0C000001, 5001 << 8) + packet(f), 4790)),
    "vxlan-gbp": ("vxlan", 5001, lambda f: over_udp(struct.pack(">II", 0x88000001, 5001 << 8) + f, 4789)),
    "geneve": ("geneve", 9, lambda f: over_udp(struct.pack(">BBHI", 1, 0, 0x6558, 9 << 8) + bytes(4) + f, 6081)),
    "tzsp": ("tzsp", 0, lambda f: over_udp(b"\x01\x00\x00\x01" + b"\x0a\x01\xc0\x00\x01" + f, 37008)),
    "tzsp-802.11": ("tzsp", 0, lambda f: over_udp(b"\x01\x00\x00\x12" + b"\x12\x01\x06\x01" + wlan(f), 37008)),
    "peekremote": ("peekremote", 0, lambda f: over_udp(peek(wlan(f, fcs=True)), 5000)),
    "peekremote-new": ("peekremote", 0, lambda f: over_udp(peek_new(wlan(f, fcs=True)), 5000)),
    "capwap": ("capwap", 1, lambda f: over_udp(capwap(wlan(f)), 5247)),
    "capwap-swapped": ("capwap", 1, lambda f: over_udp(capwap(swapped(wlan(f)), options=b"\x04\xbf\x23\x00\x00\x00\x00\x00"), 5247)),
    "capwap-swapped-from": ("capwap", 1, lambda f: over_udp(capwap(swapped(wlan(f, direction=2, qos=True))), 40000, 5247)),
    "capwap-802.3": ("capwap", 1, lambda f: over_udp(capwap(f, native=False), 5247)),
    "hp-erm": ("hp-erm", 0, lambda f: over_udp(bytes(12) + f, 7932)),
    "ip-in-ip": ("ip-in-ip", 0, lambda f: outer(packet(f), 4)),
    "6in4": ("6in4", 0, lambda f: outer(teredo_packet(f), 41)),
    "mpls": ("mpls", 16, lambda f: f[:12] + b"\x88\x47" + mpls(16, 17) + packet(f)),
    "mpls-ethernet": ("mpls", 16, lambda f: f[:12] + b"\x88\x47" + mpls(16) + f),
    "mpls-control-word": ("mpls", 16, lambda f: f[:12] + b"\x88\x47" + mpls(16, 17) + bytes(4) + f),
    "pppoe": ("pppoe", 15, lambda f: f[:12] + b"\x88\x64\x11\x00" + struct.pack(">HH", 15, len(packet(f)) + 2) + b"\x00\x21" + packet(f)),
    "pbb": ("pbb", 300, lambda f: f[:12] + b"\x88\xe7" + word(300) + f),
    "gtp-u": ("gtp-u", 8, lambda f: over_udp(struct.pack(">BBHI", 0x30, 0xFF, len(packet(f)), 8) + packet(f), 2152, 2152)),
    "gtp-u-extended": ("gtp-u", 8, lambda f: over_udp(
        struct.pack(">BBHI", 0x34, 0xFF, len(packet(f)) + 8, 8) + b"\x00\x00\x00\x85" + b"\x01\x10\x00\x00" + packet(f), 2152, 2152)),
    "teredo": ("teredo", 0, lambda f: over_udp(teredo_packet(f), 3544)),
    "teredo-origin": ("teredo", 0, lambda f: over_udp(b"\x00\x01\x00\x00" + bytes(9) + bytes(8) + teredo_packet(f), 3544)),
}  # fmt: skip
"""Name → tunnel, its id, and the frame within it (in Ethernet)."""
