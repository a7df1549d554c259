"""Names of link types (https://www.tcpdump.org/linktypes.html), as reports show them."""

from __future__ import annotations

from typing import Final

ETHERNET: Final = 1
UNKNOWN: Final = 0xFFFF
"""Stands for link types of other formats that have no number of their own here."""

_NAMES: Final = {
    0: "null",
    1: "ethernet",
    6: "token-ring",
    7: "arcnet",
    8: "slip",
    9: "ppp",
    10: "fddi",
    50: "ppp-hdlc",
    51: "ppp-ethernet",
    100: "atm",
    101: "raw-ip",
    104: "cisco-hdlc",
    105: "ieee802-11",
    107: "frame-relay",
    108: "loop",
    109: "enc",
    113: "linux-sll",
    117: "pflog",
    119: "ieee802-11-prism",
    122: "ip-over-fibre-channel",
    127: "ieee802-11-radiotap",
    138: "ieee1394",
    147: "user0",
    149: "user2",
    162: "user15",
    163: "ieee802-11-avs",
    166: "ppp-pppd",
    187: "bluetooth-hci-h4",
    189: "usb-linux",
    192: "ppi",
    195: "ieee802-15-4",
    201: "bluetooth-hci-h4-phdr",
    203: "lapd",
    220: "usb-linux-mmapped",
    227: "can-socketcan",
    228: "ipv4",
    229: "ipv6",
    230: "ieee802-15-4-nofcs",
    231: "dbus",
    239: "nflog",
    240: "netanalyzer",
    247: "infiniband",
    249: "usbpcap",
    251: "bluetooth-le",
    252: "upper-pdu",
    253: "netlink",
    256: "bluetooth-le-phdr",
    258: "pktap",
    274: "ethernet-mpacket",
    276: "linux-sll2",
    285: "etw",
    UNKNOWN: "unknown",
}

_SAME: Final = {12: 101, 14: 101}
"""DLT numbers of raw IP that some systems wrote into files (pcap-common.c of libpcap)."""


def canonical(link_type: int) -> int:
    """The LINKTYPE number that a number found in a file means."""
    return _SAME.get(link_type, link_type)


def name(link_type: int) -> str:
    """The name of a link type, ``linktype-N`` for one without."""
    return _NAMES.get(link_type, f"linktype-{link_type}")
