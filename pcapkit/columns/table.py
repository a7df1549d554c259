"""Packets as columns: what the headers of a window say, one row a packet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

OK: Final = 0
UNKNOWN: Final = 1
"""A layer that we cannot read; ``Table.unknown`` names and counts it."""
CUT: Final = 2
"""The capture stops inside the headers (snaplen), or a length field points behind the packet."""
FRAGMENT: Final = 3
"""A fragment of an IP packet; the rebuilt packet stands in a row of its own, at the frame that completed it."""
ARP: Final = 4
"""``payload`` points at the ARP header."""
PROTECTED: Final = 5
"""Encrypted below IP (802.11 data, MACsec, DTLS-CAPWAP, ESP, …); ``Table.unknown`` names and counts it."""


@dataclass(slots=True)
class Table:
    """One row for each packet of a window, in order of ``frame`` (rebuilt fragments added at the frame that completed them).

    All arrays have shape (n,). Of tunnelled packets, the innermost addresses and ports.

    ``buffer``: uint8, what the offsets point into (with ``capture.window.PAD`` bytes behind); ``frame``, ``time_ns``: int64;
    ``interface``: uint16; ``status``: uint8, one of the constants above; ``version``: uint8, 4, 6 or 0 without IP;
    ``proto``: uint8, IP protocol (6 TCP, 17 UDP, 1 ICMP, 58 ICMPv6); ``src_hi``, ``src_lo``, ``dst_hi``, ``dst_lo``: uint64, IPv4 in ``lo``;
    ``sport``, ``dport``: uint16; ``seq``, ``ack``: uint32; ``flags``: uint8, TCP flags; ``tcp_window``: uint16; ``ttl``: uint8; ``ip_id``: uint16;
    ``payload``: int64, offset of the transport payload (of ICMP: of the ICMP header); ``payload_len``: int32, captured bytes of it;
    ``wire_len``: int32, its length by the headers; ``ip``: int64, offset of the innermost IP header, -1 without;
    ``src_mac``, ``dst_mac``: uint64, of the innermost link layer that has them (48 bits), 0 if none; ``vlan``: uint16, innermost tag or 0;
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
    unknown: dict[str, int] = field(default_factory=dict)
    encapsulations: dict[str, int] = field(default_factory=dict)
    parts: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """Row of a rebuilt packet → the frames of its fragments."""

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
