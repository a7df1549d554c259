"""Protected packets: recognised and named, so that a report can say why nothing is seen inside."""

from __future__ import annotations

from typing import Final

import numpy as np

from pcapkit.columns.layers import layer
from pcapkit.columns.work import Batch, Mask, Work, layout

WIREGUARD_START: Final = 148
WIREGUARD_ANSWER: Final = 92
WIREGUARD_COOKIE: Final = 64
UDP_HEADER: Final = 8
IKE: Final = 500
IPSEC_NAT: Final = 4500

_IKE: Final = layout(28, initiator=(">u8", 0), version=("u1", 17), size=(">u4", 24))
_NATT: Final = layout(4, spi=(">u4", 0))
_WIREGUARD: Final = layout(4, type=("<u4", 0))


@layer("esp", ip=50)
def esp(work: Work, batch: Batch) -> None:
    """RFC 4303."""
    work.protect(batch, "esp")


def looks_like_ike(work: Work, batch: Batch) -> Mask:
    """RFC 7296, 3.1 and RFC 2408: a version that exists, an initiator's SPI, and the length of the datagram."""
    head = work.peek(batch.at, _IKE)
    sized = head["size"] == batch.wire - batch.at
    answer: Mask = sized & np.isin(head["version"], (0x10, 0x20)) & (head["initiator"] != 0) & (batch.left >= _IKE.itemsize)
    return answer


@layer("ike", udp=IKE, check=looks_like_ike)
def ike(work: Work, batch: Batch) -> None:
    """Key exchange of IPsec: the sign that a VPN is set up."""
    work.protect(batch, "ike")


def looks_like_ipsec_nat(work: Work, batch: Batch) -> Mask:
    """RFC 3948, 2: four zero bytes and IKE, else an SPI (RFC 4303, 2.1: above 255).

    Old systems give 4500 to any client: then the other side's port is that of a service, and the packet is none of IPsec.
    """
    t, rows = work.table, batch.rows
    other = np.where(t.dport[rows] == IPSEC_NAT, t.sport[rows], t.dport[rows])
    spi = work.peek(batch.at, _NATT)["spi"]
    marked = (spi == 0) & looks_like_ike(work, batch.skip(4))
    answer: Mask = (marked | ((spi > 0xFF) & (batch.left >= 16) & ((other >= 1024) | (other == IKE)))) & (batch.left >= 4)
    return answer


@layer("ipsec-nat", udp=IPSEC_NAT, check=looks_like_ipsec_nat)
def ipsec_nat(work: Work, batch: Batch) -> None:
    """ESP or IKE in UDP."""
    keys = work.peek(batch.at, _NATT)["spi"] == 0
    work.protect(batch.where(keys).skip(4), "ike")
    work.protect(batch.where(~keys), "esp")


def looks_like_wireguard(work: Work, batch: Batch) -> Mask:
    """WireGuard, 5.4: a message type with three zero bytes, and its size; data is a multiple of 16."""
    kind, size = work.peek(batch.at, _WIREGUARD)["type"], batch.wire - batch.at
    fixed = ((kind == 1) & (size == WIREGUARD_START)) | ((kind == 2) & (size == WIREGUARD_ANSWER)) | ((kind == 3) & (size == WIREGUARD_COOKIE))
    answer: Mask = (fixed | ((kind == 4) & (size >= 32) & (size % 16 == 0))) & (batch.left >= 4)
    return answer


@layer("wireguard", udp=51820, check=looks_like_wireguard)
def wireguard(work: Work, batch: Batch) -> None:
    """On its usual port: handshakes and data."""
    work.protect(batch, "wireguard")


@layer(
    "wireguard-handshake",
    udp_length=(UDP_HEADER + WIREGUARD_START, UDP_HEADER + WIREGUARD_ANSWER),
    check=lambda work, batch: looks_like_wireguard(work, batch) & (work.peek(batch.at, _WIREGUARD)["type"] <= 2),
)
def wireguard_handshake(work: Work, batch: Batch) -> None:
    """On any port: messages of these sizes and types are nothing else."""
    work.protect(batch, "wireguard")
