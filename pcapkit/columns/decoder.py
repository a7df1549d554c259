"""Windows to tables: the layers run over all rows, what spans packets (fragments) is carried from window to window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

import numpy as np

from pcapkit.capture.window import Window
from pcapkit.columns import link, mirrors, network, transport, tunnels, vpn, wlan
from pcapkit.columns.assemble import empty_table, joined
from pcapkit.columns.layers import Tables
from pcapkit.columns.slow import SlowPath
from pcapkit.columns.table import Table
from pcapkit.columns.work import CHUNK, Batch, Work
from pcapkit.columns.wpa import WpaKeys

LAYER_MODULES: Final = (link, network, transport, tunnels, mirrors, wlan, vpn)
"""Imported so that their layers are registered."""


class Decoder:
    """Reads the headers of one capture, window by window, in order.

    ``decode_as``: selector → layer name (``{"udp.port==8472": "vxlan"}``), the ``--decode`` of the command line.
    ``wpa``: pre-shared keys of Wi-Fi networks, the ``--wpa-psk`` of the command line.
    ``trace``: keep in ``works`` how the packets of the last window were read, for who wants to change them.

    Raises:
        ValueError: a selector or a layer name in ``decode_as`` is wrong.
    """

    def __init__(self, decode_as: Mapping[str, str] | None = None, wpa: WpaKeys | None = None, *, trace: bool = False) -> None:
        self.works: list[Work] = []
        self._trace = trace
        self._tables = Tables.build(decode_as)
        self._wpa = wpa
        self._slow = SlowPath(wpa)

    def decode(self, window: Window) -> Table:
        """The packets of a window. The table points into the window's buffer (or a copy of it) and is valid as long as the window is."""
        end = window.offset + window.caplen
        work = Work(self._tables, empty_table(window), end)
        wire = window.offset + np.maximum(window.length, window.caplen)
        work.trace = [] if self._trace else None
        rows = np.arange(len(window))
        for start in range(0, len(window), CHUNK):
            part = slice(start, start + CHUNK)
            work.dispatch("link", Batch(rows[part], window.offset[part], end[part], wire[part]), window.link_type[part])
            work.run()
        works = [work]
        if work.slow or work.forks:
            self._slow.run(works)
        if self._trace:
            self.works = works
        table = joined(works)
        limits: Counter[str] = Counter(self._slow.limits)
        self._slow.limits.clear()
        for one in works:
            limits.update(one.limits)
        table.limits = dict(limits)
        return table

    def flush(self) -> None:
        """The capture ends: forget what was kept for later packets."""
        self._slow = SlowPath(self._wpa)
