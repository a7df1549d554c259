"""Link layers: Ethernet and its tags, LLC/SNAP, Linux cooked, loopback, raw IP, PPP and the pseudo-headers of capture systems."""

from __future__ import annotations

from typing import Final

import numpy as np

from pcapkit.columns.layers import NAMES, layer
from pcapkit.columns.work import Batch, Work, layout
from pcapkit.limits import MAX_L2_TAGS

LINK_ETHERNET: Final = 1
SMALLEST_ETHERTYPE: Final = 0x0600
"""Below it the field is a length (IEEE 802.3, 3.2.6)."""

_ETHERNET: Final = layout(14, dst=(">u8", 0), src=(">u8", 6), type=(">u2", 12))
_TAG: Final = layout(4, tci=(">u2", 0), type=(">u2", 2))

NAMES["ethertype"].update({
    0x0842: "wake-on-lan", 0x2000: "cdp", 0x8035: "rarp", 0x809B: "appletalk", 0x8137: "ipx", 0x8808: "ethernet flow control", 0x8809: "lacp",
    0x8863: "pppoe discovery", 0x888E: "eapol", 0x88CC: "lldp", 0x88D9: "lltd", 0x88F7: "ptp", 0x8902: "cfm", 0x890D: "802.11 ethertype 89-0d",
    0x9000: "ethernet loopback",
})  # fmt: skip


@layer("ethernet", link=LINK_ETHERNET, ethertype=0x6558)
def ethernet(work: Work, batch: Batch) -> None:
    """Addresses, then EtherType or length (IEEE 802.3)."""
    batch, head = work.read(batch, _ETHERNET)
    t, rows = work.table, batch.rows
    t.dst_mac[rows] = head["dst"].astype(np.uint64) >> np.uint64(16)
    t.src_mac[rows] = head["src"].astype(np.uint64) >> np.uint64(16)
    if work.nested:
        t.vlan[rows] = 0
    ethertype(work, batch.skip(14), head["type"].astype(np.uint16))


def ethertype(work: Work, batch: Batch, numbers: np.ndarray[tuple[int], np.dtype[np.uint16]]) -> None:
    """Go on by EtherType; small values are lengths with LLC behind them."""
    short = numbers < SMALLEST_ETHERTYPE
    if short.any():
        llc_length = np.flatnonzero(short)
        part = batch.take(llc_length)
        wire = part.at + numbers[llc_length]
        work.push("llc", part._replace(end=np.minimum(part.end, wire), wire=wire))
        batch, numbers = batch.where(~short), numbers[~short]
    work.dispatch("ethertype", batch, numbers)


@layer("vlan", ethertype=(0x8100, 0x88A8, 0x9100, 0x9200, 0x9300))
def vlan(work: Work, batch: Batch) -> None:
    """IEEE 802.1Q tag; id 0 carries a priority only and names no VLAN."""
    batch, head = work.read(batch, _TAG)
    rows = batch.rows
    work.note(rows, "vlan")
    work.tags[rows] += 1
    ids = head["tci"] & 0xFFF
    work.table.vlan[rows] = np.where(ids == 0, work.table.vlan[rows], ids)
    numbers = head["type"].astype(np.uint16)
    batch = batch.skip(4)
    deep = work.tags[rows] > MAX_L2_TAGS
    if deep.any():
        work.leave(batch.where(deep), "too many tags")
        batch, numbers = batch.where(~deep), numbers[~deep]
    ethertype(work, batch, numbers)
