"""Which segments the dissectors get to see: chosen in numpy, so that Python looks at a few per cent of the packets only.

A conversation is *marked* by a segment near its beginning that looks like TLS, HTTP or DNS; from there on its first ``EARLY`` bytes of each direction
are read. Of TLS, reading stops soon after application data begins: behind the third segment that starts with such a record, or the fifth from the first
one on. Marks last from window to window, so that the choice does not depend on where windows end.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pcapkit.columns.table import Table
from pcapkit.flows.facts import SYN
from pcapkit.flows.flows import DEEP, DONE, MARKED, FlowTable
from pcapkit.flows.sides import Ints, Mask, changes
from pcapkit.flows.tcp import Segments
from pcapkit.limits import KIB, STREAM_DEPTH

EARLY: Final = 16 * KIB
DATA_ENOUGH: Final = 6
"""Weight of segments from the first application data on that are read: ``DATA_BEGINS`` for one that starts with a record, 1 for others."""
DATA_BEGINS: Final = 2
DNS_PORT: Final = 53

_WORDS: Final = np.sort(
    np.frombuffer(b"GET POSTHEADPUT OPTICONNDELETRACPATCPROPHTTPRPC_REPOSEARMKCOMOVECOPYLOCKUNLOSUBSNOTIPOLLBITSMERGBPROBDELBCOPBMOVX-MS", np.uint32)
)
"""First four bytes of HTTP requests (with those of WebDAV and RPC over HTTP) and responses, ascending."""
_BYTES: Final = 4
_CIPHER_CHANGE: Final = 20
_APPLICATION_DATA: Final = 23
"""The first and last content type of TLS records (RFC 8446, 5.1)."""


class Selector:
    """Chooses segments. ``full``: of every conversation, all up to ``STREAM_DEPTH``."""

    def __init__(self, flows: FlowTable, full: bool) -> None:
        self._flows = flows
        self._full = full

    def choose(self, table: Table, s: Segments) -> Ints:
        """Elements of ``s`` for the dissectors, by conversation and then in order of arrival."""
        with_data = (table.payload_len[s.sides.rows] > 0) & ~s.copy
        chosen = self.among(table, s, np.flatnonzero(with_data))
        return chosen[np.lexsort((s.sides.rows[chosen], s.sides.conversation[s.sides.of[chosen]]))]

    def after(self, table: Table, s: Segments, conversation: int, row: int) -> Ints:
        """As ``choose``, for what follows behind a row of the table in one conversation whose marks have changed."""
        sides = np.flatnonzero(s.sides.conversation == conversation)
        elements = np.concatenate([np.arange(s.sides.start[side], s.sides.stop[side]) for side in sides])
        rows = s.sides.rows[elements]
        elements = elements[(rows > row) & (table.payload_len[rows] > 0) & ~s.copy[elements]]
        chosen = self.among(table, s, elements)
        return chosen[np.argsort(s.sides.rows[chosen])]

    def among(self, table: Table, s: Segments, elements: Ints) -> Ints:
        """The elements that are chosen, marking their conversations."""
        state = self._flows.rows["state"]
        conversation = s.sides.conversation[s.sides.of[elements]]
        held = state[conversation]
        deep = self._full | (held & DEEP != 0)
        near = (held & DONE == 0) & (s.start[elements] < np.where(deep, STREAM_DEPTH, EARLY)) & (s.end[elements] > 0)
        elements, conversation, deep = elements[near], conversation[near], deep[near]
        if self._full or not len(elements):
            return elements
        marked, application = self._marked(table, s, elements, conversation)
        elements, deep, application = elements[marked], deep[marked], application[marked]
        wanted: Ints = elements[self._before_data(s, elements, application) | deep]
        return wanted

    def _marked(self, table: Table, s: Segments, elements: Ints, conversation: Ints) -> tuple[Mask, Mask]:
        """Which elements belong to a conversation that was marked by then, and which begin with TLS application data."""
        state = self._flows.rows["state"]
        rows = s.sides.rows[elements]
        first = _first_bytes(table, rows)
        marked: Mask = state[conversation] & MARKED != 0
        unknown = np.flatnonzero(~marked)
        new = unknown[self._looks(table, s, elements[unknown], first[unknown])]
        if len(new):
            new = new[np.lexsort((rows[new], conversation[new]))]
            new = new[changes(conversation[new])]
            state[conversation[new]] |= MARKED
            at = np.minimum(np.searchsorted(conversation[new], conversation), len(new) - 1)
            marked |= (conversation[new][at] == conversation) & (rows >= rows[new][at])
        return marked, (first[:, 0] == _APPLICATION_DATA) & (first[:, 1] == 3) & (first[:, 2] <= 4)

    def _looks(self, table: Table, s: Segments, elements: Ints, first: NDArray[np.uint8]) -> Mask:
        """Which elements look like something that a dissector reads."""
        looks: Mask = (first[:, 0] >= _CIPHER_CHANGE) & (first[:, 0] <= _APPLICATION_DATA) & (first[:, 1] == 3) & (first[:, 2] <= 4)
        begin = first.view(np.uint32).ravel()
        looks |= _WORDS[np.minimum(np.searchsorted(_WORDS, begin), len(_WORDS) - 1)] == begin
        looks |= self._unclear(table, s, elements, first)
        return looks

    def _unclear(self, table: Table, s: Segments, elements: Ints, first: NDArray[np.uint8]) -> Mask:
        """What the dissectors must tell: DNS, an SSL 2.0 hello, the first few bytes alone, and data whose beginning comes late."""
        rows = s.sides.rows[elements]
        begins = s.start[elements] <= 0
        unclear: Mask = (table.sport[rows] == DNS_PORT) | (table.dport[rows] == DNS_PORT)
        unclear |= begins & ((table.payload_len[rows] < _BYTES) | ((first[:, 0] >= 0x80) & (first[:, 2] == 1) & (first[:, 3] <= 3)))
        late = ~begins & (s.top[elements] <= 0)
        if late.any():
            side = 2 * s.sides.conversation[s.sides.of[elements]] + s.sides.direction[s.sides.of[elements]]
            unclear |= late & (self._flows.rows.flat("flags")[side] & SYN != 0)
        return unclear

    def _before_data(self, s: Segments, elements: Ints, application: Mask) -> Mask:
        """Which elements come before enough application data of their direction."""
        if not len(elements):
            return application
        apps = self._flows.tcp.flat("apps")
        order = np.argsort(elements, kind="stable")
        side, application = s.side[elements[order]], application[order]
        begins = np.flatnonzero(changes(side))
        sizes = np.diff(np.append(begins, len(order)))
        starts = _since(np.cumsum(application), begins, sizes)
        weight = np.where(application, DATA_BEGINS, ((starts > 0) | (apps[side] > 0)).astype(np.int64))
        upto = _since(np.cumsum(weight), begins, sizes)
        result = np.empty(len(elements), np.bool_)
        result[order] = upto - weight + apps[side] < DATA_ENOUGH
        last = begins + sizes - 1
        apps[side[begins]] = np.minimum(upto[last] + apps[side[begins]], 255)
        return result


def _since(total: Ints, begins: Ints, sizes: Ints) -> Ints:
    """Running totals that begin anew in each run."""
    before = np.where(begins > 0, total[begins - 1], 0)
    running: Ints = total - np.repeat(before, sizes)
    return running


def _first_bytes(table: Table, rows: Ints) -> NDArray[np.uint8]:
    """The first bytes of payloads, (n, 4); what lies behind short ones means nothing."""
    count = len(table.buffer) - _BYTES + 1
    view = np.ndarray((count,), f"V{_BYTES}", table.buffer, strides=(1,))
    found: NDArray[np.uint8] = view[table.payload[rows]].view(np.uint8).reshape(-1, _BYTES)
    return found
