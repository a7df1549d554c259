"""802.11 and the radio headers in front of it. Data frames go on at LLC; management, EAPOL and encrypted frames go to the slow path."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pcapkit.columns.layers import layer
from pcapkit.columns.table import FRAGMENT
from pcapkit.columns.work import Batch, Fork, Heads, Ints, Mask, Slow, Work, layout

FCS: Final = 4
RADIOTAP_WORDS: Final = 8
PPI_FIELDS: Final = 16
PPI_COMMON: Final = 2
AMSDU_FRAMES: Final = 64
AVS_MAGIC: Final = 0x80211000
SNAP: Final = 0xAAAA03000000
MANAGEMENT_HEADER: Final = 24
TOLD: Final = (0, 1, 2, 3, 8, 10, 11, 12)
"""Management subtypes that become events: (re)association request and response, beacon, disassociation, authentication, deauthentication."""
BEACON: Final = 8

_RADIOTAP: Final = layout(8, version=("u1", 0), size=("<u2", 2), present=("<u4", 4))
_PPI: Final = layout(8, size=("<u2", 2), link=("<u4", 4))
_PPI_FIELD: Final = layout(14, type=("<u2", 0), size=("<u2", 2), flags=("<u2", 12))
_PRISM: Final = layout(8, magic=(">u4", 0), size=("<u4", 4), size_be=(">u4", 4))
_FRAME: Final = layout(
    32, control=("u1", 0), flags=("u1", 1), one=(">u8", 4), two=(">u8", 10), three=(">u8", 16), sequence=("<u2", 22), four=(">u8", 24)
)
_SNAP: Final = layout(16, clear=(">u8", 0), behind=(">u8", 8))
_VECTOR: Final = layout(4, key=("u1", 3))
_QOS: Final = layout(2, control=("u1", 0))
_SUBFRAME: Final = layout(16, dst=(">u8", 0), src=(">u8", 6), size=(">u2", 12))


@layer("radiotap", link=127)
def radiotap(work: Work, batch: Batch) -> None:
    """Radiotap: its length, which fields there are, and among them flags: check sequence at the end, padding, bad checksum."""
    batch, head = work.read(batch, _RADIOTAP)
    size = head["size"].astype(np.int64)
    wrong = (head["version"] != 0) | (size < 8) | (size > batch.left)
    work.leave(batch.where(wrong), "malformed radiotap")
    right = ~wrong
    batch, head, size = batch.where(right), head[right], size[right]
    flags = _radiotap_flags(work, batch, head["present"], size)
    work.leave(batch.where(flags & 0x40 != 0), "802.11 with a bad checksum")
    sound = flags & 0x40 == 0
    inner, flags = batch.skip(size).where(sound), flags[sound]
    inner = _without_fcs(inner, flags & 0x10 != 0)
    padded = flags & 0x20 != 0
    work.push("802.11-padded", inner.where(padded))
    work.push("802.11", inner.where(~padded))


def _radiotap_flags(work: Work, batch: Batch, present: Ints, size: Ints) -> Ints:
    """The flags byte: behind all presence words, and the 64-bit time on its own alignment, if there are any."""
    at, more = np.full(batch.size, 8, np.int64), present >> 31 != 0
    for _ in range(RADIOTAP_WORDS):
        if not more.any():
            break
        word = work.peek(batch.at + at, layout(4, value=("<u4", 0)))["value"]
        at += np.where(more, 4, 0)
        more &= (word >> 31 != 0) & (at < size)
    at = np.where(present & 1, (at + 7 & ~7) + 8, at)
    there = (present & 2 != 0) & (at < size)
    flags = work.peek(batch.at + np.where(there, at, 0), layout(1, value=("u1", 0)))["value"]
    answer: Ints = np.where(there, flags, 0).astype(np.int64)
    return answer


def _without_fcs(batch: Batch, there: Mask) -> Batch:
    """The frame check sequence is no part of the frame body."""
    wire = np.maximum(batch.wire - np.where(there, FCS, 0), batch.at)
    return batch._replace(wire=wire, end=np.minimum(batch.end, wire))


@layer("ppi", link=192)
def ppi(work: Work, batch: Batch) -> None:
    """Per-Packet Information: fields, of which 802.11-Common says whether a check sequence ends the frame; then the link type it names."""
    batch, head = work.read(batch, _PPI)
    size = head["size"].astype(np.int64)
    wrong = (size < 8) | (size > batch.left) | (head["link"] > 0xFFFF)
    work.leave(batch.where(wrong), "malformed ppi")
    right = ~wrong
    batch, link, size = batch.where(right), head["link"][right].astype(np.uint16), size[right]
    fcs, at, index = np.zeros(batch.size, bool), batch.at + 8, np.arange(batch.size)
    stop = batch.at + size
    for _ in range(PPI_FIELDS):
        index = index[stop[index] - at[index] >= 4]
        if not len(index):
            break
        field = work.peek(at[index], _PPI_FIELD)
        common = (field["type"] == PPI_COMMON) & (field["size"] >= 10) & (stop[index] - at[index] >= 14)
        fcs[index[common]] = field["flags"][common] & 1 != 0
        at[index] += 4 + field["size"].astype(np.int64)
    work.dispatch("link", _without_fcs(batch.skip(size), fcs), link)


@layer("prism", link=119)
def prism(work: Work, batch: Batch) -> None:
    """Prism monitoring header of its own length, in either byte order; AVS where its magic stands there."""
    batch, head = work.read(batch, _PRISM)
    modern = head["magic"] & 0xFFFFFFF0 == AVS_MAGIC
    work.push("avs", batch.where(modern))
    size = np.minimum(head["size"], head["size_be"]).astype(np.int64)
    wrong = ~modern & ((size < 8) | (size > batch.left))
    work.leave(batch.where(wrong), "malformed prism")
    right = ~modern & ~wrong
    work.push("802.11", batch.where(right).skip(size[right]))


@layer("avs", link=163)
def avs(work: Work, batch: Batch) -> None:
    """AVS WLAN capture header: magic and version, its length."""
    batch, head = work.read(batch, _PRISM)
    size = head["size_be"].astype(np.int64)
    wrong = (head["magic"] & 0xFFFFFFF0 != AVS_MAGIC) | (size < 8) | (size > batch.left)
    work.leave(batch.where(wrong), "malformed avs")
    right = ~wrong
    work.push("802.11", batch.where(right).skip(size[right]))


@layer("802.11-padded")
def wlan_padded(work: Work, batch: Batch) -> None:
    """802.11 of which the header is padded to a multiple of 4."""
    _wlan(work, batch, padding=3)


@layer("802.11-swapped")
def wlan_swapped(work: Work, batch: Batch) -> None:
    """802.11 of which the two bytes of frame control may be swapped (Cisco, in CAPWAP).

    The flags of a data frame, read as frame control, are a version that there is not; those of management frames are mostly 0.
    """
    head, _ = work.peek_cut(batch, _FRAME)
    first, second = head["control"], head["flags"]
    swapped = (first & 3 != 0) | (np.isin(first, (0, 8)) & (second & 15 == 0) & (second != 0))
    work.push("802.11", batch.where(~swapped))
    _wlan(work, batch.where(swapped), swapped=True)


@layer("802.11", link=105)
def wlan(work: Work, batch: Batch) -> None:
    """IEEE 802.11, 9.2: by frame type."""
    _wlan(work, batch)


def _wlan(work: Work, batch: Batch, padding: int = 0, swapped: bool = False) -> None:
    work.note(batch.rows, "802.11")
    work.set_wlan(batch, swapped)
    head, _ = work.peek_cut(batch, _FRAME)
    if swapped:
        head = head.copy()
        head["control"], head["flags"] = head["flags"].copy(), head["control"].copy()
    kind = head["control"] >> 2 & 3
    wrong = (head["control"] & 3 != 0) | (kind == 3) | (batch.left < 10)
    work.leave(batch.where(wrong), "malformed 802.11")
    work.leave(batch.where(~wrong & (kind == 1)), "802.11 control")
    managing, data = ~wrong & (kind == 0), ~wrong & (kind == 2)
    _management(work, batch.where(managing), head[managing])
    _data(work, batch.where(data), head[data], padding)


def _mac(values: NDArray[Any]) -> NDArray[np.uint64]:
    address: NDArray[np.uint64] = values.astype(np.uint64) >> np.uint64(16)
    return address


def _management(work: Work, batch: Batch, head: Heads) -> None:
    """Remember the frames that tell something; of beacons the first of each access point."""
    t, rows = work.table, batch.rows
    t.dst_mac[rows], t.src_mac[rows] = _mac(head["one"]), _mac(head["two"])
    work.leave(batch, "802.11 management")
    subtype = head["control"] >> 4
    told = np.isin(subtype, TOLD) & (head["flags"] & 0x08 == 0) & (batch.left >= MANAGEMENT_HEADER)
    beacons = np.flatnonzero(told & (subtype == BEACON))
    told[beacons] = False
    _, firsts = np.unique(head["three"][beacons] >> 16, return_index=True)
    told[beacons[firsts]] = True
    chosen = batch.where(told)
    if chosen.size:
        work.slow.append(Slow("wlan", chosen.skip(np.where(head["flags"][told] & 0x80, 28, 24)), chosen.at))


def _data(work: Work, batch: Batch, head: Heads, padding: int) -> None:
    """Addresses by the direction bits (IEEE 802.11, 9.3.2.1), then the body: encrypted, in pieces, several frames, or LLC."""
    control, flags = head["control"].astype(np.int64), head["flags"].astype(np.int64)
    ds, qos = flags & 3, control & 0x80 != 0
    wide = ds == 3
    size = np.where(wide, 30, 24) + np.where(qos, 2, 0) + np.where(qos & (flags & 0x80 != 0), 4, 0)
    size = size + padding & ~padding
    t, rows = work.table, batch.rows
    t.dst_mac[rows] = np.where(ds & 1, _mac(head["three"]), _mac(head["one"]))
    t.src_mac[rows] = np.where(wide, _mac(head["four"]), np.where(ds == 2, _mac(head["three"]), _mac(head["two"])))
    short, empty = batch.left < size, control & 0x40 != 0
    work.cut(batch.where(short & ~empty))
    work.leave(batch.where(empty), "802.11 null")
    kept = ~(short | empty)
    batch, flags, sequence, size, wide, qos = batch.where(kept), flags[kept], head["sequence"][kept], size[kept], wide[kept], qos[kept]
    body = batch.skip(size)
    quality = np.where(qos, work.peek(batch.at + np.where(wide, 30, 24), _QOS)["control"], 0)
    body, secret = _decrypted_already(work, body, flags & 0x40 != 0)
    # an access point that joined the pieces leaves the last one's number
    whole = (work.peek(body.at, _SNAP)["clear"] >> 16 == SNAP) & (body.left >= 8)
    pieces = (flags & 0x04 != 0) | ((sequence & 15 != 0) & ~whole)
    _encrypted(work, body.where(secret), batch.at[secret])
    _pieces(work, body.where(pieces & ~secret), batch.at[pieces & ~secret])
    clear = ~(pieces | secret)
    several = clear & (quality & 0x80 != 0)
    work.push("a-msdu", body.where(several))
    work.push("llc", body.where(clear & ~several))


def _decrypted_already(work: Work, body: Batch, secret: Mask) -> tuple[Batch, Mask]:
    """Many drivers and controllers decrypt a frame and leave the mark: LLC/SNAP stands at its place, or behind the vector that stayed."""
    if not secret.any():
        return body, secret
    head = work.peek(body.at, _SNAP)
    here = secret & (head["clear"] >> 16 == SNAP) & (body.left >= 8)
    behind = secret & (head["behind"] >> 16 == SNAP) & (body.left >= 16)
    return body.skip(np.where(behind & ~here, 8, 0)), secret & ~here & ~behind


def _encrypted(work: Work, body: Batch, frame: Ints) -> None:
    """For the slow path if there are keys; told by the key id byte's extended-IV bit, WEP is without."""
    if not body.size:
        return
    extended = work.peek_cut(body, _VECTOR)[0]["key"] & 0x20 != 0
    work.protect(body.where(~extended), "802.11 wep")
    work.protect(body.where(extended), "802.11 encrypted")
    work.slow.append(Slow("wlan", body, frame))


def _pieces(work: Work, body: Batch, frame: Ints) -> None:
    """Fragments of a frame in clear."""
    if body.size:
        work.body(body)
        work.table.status[body.rows] = FRAGMENT
        work.slow.append(Slow("wlan", body, frame))


@layer("a-msdu")
def aggregate(work: Work, batch: Batch) -> None:
    """A-MSDU (IEEE 802.11, 9.3.2.2.2): subframes with addresses and length, padded to 4; the first stays in the row, others become rows."""
    for number in range(AMSDU_FRAMES):
        head, _ = work.peek_cut(batch, _SUBFRAME)
        size = head["size"].astype(np.int64)
        there = batch.left >= 22 if number else batch.left >= 14
        if number == 0:
            work.cut(batch.where(~there))
        batch, head, size = batch.where(there), head[there], size[there]
        if not batch.size:
            return
        wire = batch.at + 14 + size
        inner = Batch(batch.rows, batch.at + 14, np.minimum(batch.end, wire), wire)
        addresses = (_mac(head["dst"]), _mac(head["src"]))
        if number == 0:
            work.table.dst_mac[inner.rows], work.table.src_mac[inner.rows] = addresses
            work.push("llc", inner)
        else:
            work.forks.append(Fork("llc", inner, *addresses))
        batch = batch.skip(14 + size + 3 & ~3)


@layer("eapol", ethertype=0x888E)
def eapol(work: Work, batch: Batch) -> None:
    """IEEE 802.1X; the key frames of Wi-Fi are looked at on the slow path."""
    work.leave(batch, "eapol")
    frame = work.wlan_of(batch.rows)
    known = frame >= 0
    if known.any():
        work.slow.append(Slow("wlan", batch.where(known), frame[known]))
