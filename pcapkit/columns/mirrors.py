"""Mirrors over UDP: what access points, controllers and switches send to an analyser, and CAPWAP between the first two."""

from __future__ import annotations

from typing import Final

import numpy as np

from pcapkit.columns.layers import layer
from pcapkit.columns.link import looks_like_ethernet
from pcapkit.columns.table import FRAGMENT
from pcapkit.columns.work import Batch, Ints, Mask, Slow, Work, layout

TZSP_TAGS: Final = 32
TZSP_LINKS: Final = {1: "ethernet", 18: "802.11", 119: "prism", 127: "avs"}
"""Encapsulated protocol of TZSP → layer."""
PEEK_MAGIC: Final = 0x00FFABCD
FCS: Final = 4

_TZSP: Final = layout(4, version=("u1", 0), type=("u1", 1), link=(">u2", 2))
_TZSP_TAG: Final = layout(2, tag=("u1", 0), size=("u1", 1))
_PEEK: Final = layout(21, length=(">u2", 2), slice=(">u2", 4), flags=("u1", 6), status=("u1", 7), channel=("u1", 17), control=("u1", 20))
_PEEK_NEW: Final = layout(9, magic=(">u4", 0), version=("u1", 4), size=(">u4", 5))
_CAPWAP: Final = layout(8, word=(">u4", 0), last=("u1", 7))
_DTLS: Final = layout(7, preamble=(">u4", 0), type=("u1", 4), version=(">u2", 5))


def looks_like_tzsp(work: Work, batch: Batch) -> Mask:
    """Version 1, a type that carries frames, and a protocol that we read."""
    head = work.peek(batch.at, _TZSP)
    answer: Mask = (head["version"] == 1) & (head["type"] <= 1) & np.isin(head["link"], list(TZSP_LINKS)) & (batch.left >= 5)
    return answer


@layer("tzsp", tunnel=True, udp=37008, check=looks_like_tzsp)
def tzsp(work: Work, batch: Batch) -> None:
    """TaZmen Sniffer Protocol (MikroTik and others): tags to the end tag, then the frame."""
    batch, head = work.read(batch, _TZSP)
    at, index = batch.at + 4, np.arange(batch.size)
    for _ in range(TZSP_TAGS):
        index = index[at[index] < batch.end[index]]
        if not len(index):
            break
        tag = work.peek(at[index], _TZSP_TAG)
        at[index] += np.where(tag["tag"] <= 1, 1, 2 + tag["size"].astype(np.int64))
        index = index[tag["tag"] != 1]
    inner = work.enter(batch._replace(at=np.minimum(at, batch.end)), "tzsp")
    for number, name in TZSP_LINKS.items():
        work.push(name, inner.where(head["link"] == number))


def _is_new_peek(work: Work, batch: Batch) -> Mask:
    head = work.peek(batch.at, _PEEK_NEW)
    answer: Mask = (head["magic"] == PEEK_MAGIC) & (head["size"] >= 9) & (head["size"] <= 255) & (batch.left >= head["size"])
    return answer


def looks_like_peekremote(work: Work, batch: Batch) -> Mask:
    """The magic number of the newer header; of the older one a length that fits, reserved bits 0, a channel, and 802.11 of version 0."""
    head = work.peek(batch.at, _PEEK)
    behind = batch.wire - batch.at - 20
    fits = (np.abs(head["length"].astype(np.int64) - behind) <= FCS) | (head["slice"] == behind)
    clean = (head["flags"] & 0xF8 == 0) & (head["status"] & 0xB3 == 0) & (head["channel"] > 0)
    older = fits & clean & (head["control"] & 3 == 0) & (head["control"] & 12 != 12) & (batch.left >= _PEEK.itemsize)
    answer: Mask = older | _is_new_peek(work, batch)
    return answer


@layer("peekremote", tunnel=True, udp=(5000, 5555), check=looks_like_peekremote)
def peekremote(work: Work, batch: Batch) -> None:
    """AiroPeek/OmniPeek remote header of 20 bytes, or with a magic number and its own size; then 802.11 with its check sequence."""
    new = _is_new_peek(work, batch)
    size = np.where(new, work.peek(batch.at, _PEEK_NEW)["size"], 20).astype(np.int64)
    inner = work.enter(batch.skip(size), "peekremote")
    wire = np.maximum(inner.wire - FCS, inner.at)
    work.push("802.11", inner._replace(wire=wire, end=np.minimum(inner.end, wire)))


def looks_like_hp_erm(work: Work, batch: Batch) -> Mask:
    """An Ethernet frame behind the 12 bytes of header."""
    answer: Mask = looks_like_ethernet(work, batch.skip(12)) & (batch.left > 12)
    return answer


@layer("hp-erm", tunnel=True, udp=7932, check=looks_like_hp_erm)
def hp_erm(work: Work, batch: Batch) -> None:
    """HP/Aruba switches, encapsulated remote mirroring."""
    work.push("ethernet", work.enter(batch, "hp-erm").skip(12))


def looks_like_capwap(work: Work, batch: Batch) -> Mask:
    """RFC 5415, 4.3: version 0, type 0, a header of 8 to 124 bytes that is there, the binding of 802.11 (RFC 5416), reserved bits 0."""
    head = work.peek(batch.at, _CAPWAP)
    word = head["word"]
    size = _capwap_size(word)
    answer: Mask = (word >> 24 == 0) & (size >= 8) & (size <= batch.left) & (word >> 9 & 31 == 1) & (word & 7 == 0) & (head["last"] & 7 == 0)
    return answer


def _capwap_size(word: Ints) -> Ints:
    size: Ints = (word >> 19 & 31).astype(np.int64) * 4
    return size


@layer("capwap", tunnel=True, udp=5247, check=lambda work, batch: looks_like_capwap(work, batch) | looks_like_capwap_dtls(work, batch))
def capwap(work: Work, batch: Batch) -> None:
    """RFC 5415, 4.3: native frames (802.11) or 802.3, in fragments or whole; keep-alives carry none."""
    secret = looks_like_capwap_dtls(work, batch)
    work.protect(batch.where(secret), "dtls-capwap")
    batch, head = work.read(batch.where(~secret), _CAPWAP)
    word = head["word"]
    inner = batch.skip(_capwap_size(word))
    alive, fragment, native = word & 8 != 0, word & 0x80 != 0, word & 0x100 != 0
    work.leave(inner.where(alive), "capwap keep-alive")
    part = inner.where(fragment & ~alive)
    if part.size:
        work.body(part)
        work.table.status[part.rows] = FRAGMENT
        work.slow.append(Slow("capwap", part, batch.at[fragment & ~alive]))
    whole = ~alive & ~fragment
    radio = (word >> 14 & 31).astype(np.uint32)
    wireless = whole & native
    work.push("802.11-swapped", work.enter(inner.where(wireless), "capwap", radio[wireless]))
    wired = whole & ~native
    work.push("ethernet", work.enter(inner.where(wired), "capwap", radio[wired]))


def looks_like_capwap_dtls(work: Work, batch: Batch) -> Mask:
    """Preamble type 1 and a DTLS record (RFC 5415, 4.2)."""
    head = work.peek(batch.at, _DTLS)
    record = (head["type"] >= 20) & (head["type"] <= 25) & np.isin(head["version"], (0xFEFF, 0xFEFD, 0x0100))
    answer: Mask = (head["preamble"] == 0x01000000) & record & (batch.left >= _DTLS.itemsize)
    return answer


@layer("capwap-control", udp=5246, check=looks_like_capwap_dtls)
def capwap_control(work: Work, batch: Batch) -> None:
    """Control messages under DTLS; those in clear stay UDP."""
    work.protect(batch, "dtls-capwap")
