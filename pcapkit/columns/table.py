"""Packets as columns: what the headers of a window say, one row a packet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

OK: Final = 0
UNKNOWN: Final = 1
"""A layer that we cannot read; ``Table.unknown`` names and counts it."""
CUT: Final = 2
"""The capture stops inside the headers (snaplen), or a header's own length is wrong; what could be read of them is filled, the rest is 0.

A packet of which only the payload is cut is OK: ``payload_len`` < ``wire_len`` says so.
"""
FRAGMENT: Final = 3
"""A fragment; the rebuilt packet stands in a row of its own, at the frame that completed it. Ports are filled where the first fragment tells them."""
ARP: Final = 4
"""``payload`` points at the ARP header."""
PROTECTED: Final = 5
"""Encrypted (802.11 data, MACsec, DTLS-CAPWAP, ESP, IKE, WireGuard); ``Table.unknown`` names and counts it."""


WlanKind = Literal[
    "beacon", "authentication", "association-request", "association-response", "reassociation-request", "reassociation-response", "disassociation",
    "deauthentication", "eapol",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class WlanEvent:
    """What an 802.11 management frame or EAPOL key frame says. Addresses are 48-bit numbers; fields that the frame has not are None.

    ``code``: status of authentication and association responses, reason of de-authentication and disassociation, message number (1-4) of the four-way
    handshake, 0 of the group handshake. ``security``: ``open``, ``wep``, or the key managements that the frame lists, joined with ``+``
    (``wpa-psk``, ``wpa2-psk``, ``wpa2-enterprise``, ``wpa3-sae``, ``wpa3-enterprise``, ``owe``). ``ssid`` of hidden networks is None.
    ``previous_bssid``: the access point that a reassociation request comes from (roaming).
    """

    frame: int
    time_ns: int
    kind: WlanKind
    station: int | None
    bssid: int
    ssid: bytes | None = None
    channel: int | None = None
    code: int | None = None
    security: str | None = None
    previous_bssid: int | None = None


@dataclass(slots=True)
class Table:
    """One row for each packet of a window, in order of ``frame``.

    Further rows of the same frame: a packet rebuilt from fragments, at the frame that completed it; further packets of an 802.11 aggregate.

    All arrays have shape (n,). Of tunnelled packets, the innermost addresses and ports.

    ``buffer``: uint8, what the offsets point into (with ``capture.window.PAD`` bytes behind); ``frame``, ``time_ns``: int64;
    ``interface``: uint16; ``status``: uint8, one of the constants above; ``version``: uint8, 4, 6 or 0 without IP;
    ``proto``: uint8, IP protocol (6 TCP, 17 UDP, 1 ICMP, 58 ICMPv6); ``src_hi``, ``src_lo``, ``dst_hi``, ``dst_lo``: uint64, IPv4 in ``lo``;
    ``sport``, ``dport``: uint16; ``seq``, ``ack``: uint32; ``flags``: uint8, TCP flags; ``tcp_window``: uint16; ``ttl``: uint8; ``ip_id``: uint16;
    ``payload``: int64, offset of the transport payload (of ICMP: of the ICMP header); ``payload_len``: int32, captured bytes of it;
    ``wire_len``: int32, its length by the headers; ``ip``: int64, offset of the innermost IP header, -1 without;
    ``src_mac``, ``dst_mac``: uint64, of the innermost link layer that has them (48 bits), 0 if none; ``vlan``: uint16, innermost tag of the packet or 0;
    ``tunnel``: uint8, index into ``TUNNELS`` of the outermost tunnel (0 none); ``tunnel_id``: uint32, its VNI, session or label.
    ``unknown``, ``encapsulations``: counts by name of this window.
    """

    capture: int
    buffer: NDArray[np.uint8]
    frame: NDArray[np.int64]
    time_ns: NDArray[np.int64]
    interface: NDArray[np.uint16]
    status: NDArray[np.uint8]
    version: NDArray[np.uint8]
    proto: NDArray[np.uint8]
    src_hi: NDArray[np.uint64]
    src_lo: NDArray[np.uint64]
    dst_hi: NDArray[np.uint64]
    dst_lo: NDArray[np.uint64]
    sport: NDArray[np.uint16]
    dport: NDArray[np.uint16]
    seq: NDArray[np.uint32]
    ack: NDArray[np.uint32]
    flags: NDArray[np.uint8]
    tcp_window: NDArray[np.uint16]
    ttl: NDArray[np.uint8]
    ip_id: NDArray[np.uint16]
    payload: NDArray[np.int64]
    payload_len: NDArray[np.int32]
    wire_len: NDArray[np.int32]
    ip: NDArray[np.int64]
    src_mac: NDArray[np.uint64]
    dst_mac: NDArray[np.uint64]
    vlan: NDArray[np.uint16]
    tunnel: NDArray[np.uint8]
    tunnel_id: NDArray[np.uint32]
    outer_vlan: NDArray[np.uint16] = field(default_factory=lambda: np.zeros(0, np.uint16))
    """Outermost tag or 0, (n,)."""
    unknown: dict[str, int] = field(default_factory=dict)
    encapsulations: dict[str, int] = field(default_factory=dict)
    parts: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """Row of a rebuilt packet → the frames of its fragments."""
    limits: dict[str, int] = field(default_factory=dict)
    """Bounds of ``pcapkit.limits`` that were reached, with how often: packets not read further, or datagrams given up."""
    wlan: list[WlanEvent] = field(default_factory=list)
    """In order of frame; of beacons the first of each BSSID only."""
    protected: dict[int, int] = field(default_factory=dict)
    """Station (48-bit MAC) → its 802.11 data frames of this window that could not be decrypted."""

    def __len__(self) -> int:
        return len(self.frame)


TUNNELS: Final = (
    "",
    "gre",
    "erspan",
    "vxlan",
    "geneve",
    "tzsp",
    "peekremote",
    "capwap",
    "aruba",
    "hp-erm",
    "ip-in-ip",
    "6in4",
    "mpls",
    "pppoe",
    "pbb",
    "gtp-u",
    "teredo",
)
