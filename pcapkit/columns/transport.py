"""Transport layers: TCP, UDP and both ICMP."""

from __future__ import annotations

from typing import Final

import numpy as np

from pcapkit.columns.layers import layer
from pcapkit.columns.table import CUT
from pcapkit.columns.work import Batch, Heads, Ints, Work, layout

_TCP: Final = layout(20, sport=(">u2", 0), dport=(">u2", 2), seq=(">u4", 4), ack=(">u4", 8), size=("u1", 12), flags=("u1", 13), window=(">u2", 14))
_UDP: Final = layout(8, sport=(">u2", 0), dport=(">u2", 2), length=(">u2", 4))


@layer("tcp", ip=6)
def tcp(work: Work, batch: Batch) -> None:
    """RFC 9293, 3.1. Of a header that the capture cuts, the fields that are there."""
    head, _ = work.peek_cut(batch, _TCP)
    t, rows = work.table, batch.rows
    t.sport[rows] = head["sport"]
    t.dport[rows] = head["dport"]
    t.seq[rows] = head["seq"]
    t.ack[rows] = head["ack"]
    t.flags[rows] = head["flags"]
    t.tcp_window[rows] = head["window"]
    size = (head["size"] >> 4).astype(np.int64) << 2
    wrong = (size < 20) | (batch.left < size)
    size = np.maximum(size, 20)
    work.body(batch.skip(size))
    if wrong.any():
        t.status[rows[wrong]] = CUT
        t.wire_len[rows[wrong]] = np.maximum(batch.wire - batch.at - size, 0)[wrong]


@layer("udp", ip=17)
def udp(work: Work, batch: Batch) -> None:
    """RFC 768. Length 0 (jumbograms, offload): what IP says."""
    head, short = work.peek_cut(batch, _UDP)
    t, rows = work.table, batch.rows
    t.sport[rows] = head["sport"]
    t.dport[rows] = head["dport"]
    length = head["length"].astype(np.int64)
    wire = np.where(length < 8, batch.wire, batch.at + length)
    inner = Batch(rows, batch.at, np.clip(wire, batch.at, batch.end), wire).skip(8)
    work.body(inner)
    if short is not None:
        t.status[rows[short]] = CUT
        t.wire_len[rows[short]] = np.maximum(wire - batch.at - 8, 0)[short]
    _tunnels(work, inner, head, length)


def _tunnels(work: Work, batch: Batch, head: Heads, length: Ints) -> None:
    """Send on what its port, else its length, hints at and its layer's check confirms; the rest stays plain UDP."""
    ports = work.tables.lookup["udp"]
    kinds = ports.take(head["dport"])
    for hint in (ports.take(head["sport"]), work.tables.lookup["udp_length"].take(length)):
        kinds = np.where(kinds == 0, hint, kinds)
    for kind in np.flatnonzero(np.bincount(kinds)).tolist():
        chosen = work.tables.layers[kind]
        if chosen is not None:
            part = batch.where(kinds == kind)
            work.push_kind(kind, part if chosen.check is None else part.where(chosen.check(work, part)))


@layer("icmp", ip=(1, 58))
def icmp(work: Work, batch: Batch) -> None:
    """RFC 792 and 4443; the payload is the ICMP header itself."""
    work.body(batch)
    short = batch.left < 8
    if short.any():
        work.table.status[batch.rows[short]] = CUT
