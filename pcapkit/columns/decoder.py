"""Windows to tables: the layers run over all rows, what spans packets (fragments) is carried from window to window."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pcapkit.capture.window import Window
from pcapkit.columns import link, network, transport
from pcapkit.columns.layers import Tables
from pcapkit.columns.table import Table
from pcapkit.columns.work import CHUNK, Batch, Work, empty_table

LAYER_MODULES = (link, network, transport)
"""Imported so that their layers are registered."""


class Decoder:
    """Reads the headers of one capture, window by window.

    ``decode_as``: selector → layer name (``{"udp.port==8472": "vxlan"}``), the ``--decode`` of the command line.

    Raises:
        ValueError: a selector or a layer name in ``decode_as`` is wrong.
    """

    def __init__(self, decode_as: Mapping[str, str] | None = None) -> None:
        self._tables = Tables.build(decode_as)

    def decode(self, window: Window) -> Table:
        """One row a packet; the table points into the window's buffer and is valid as long as the window is."""
        work = Work(self._tables, empty_table(window))
        end = window.offset + window.caplen
        wire = window.offset + np.maximum(window.length, window.caplen)
        rows = np.arange(len(window))
        for start in range(0, len(window), CHUNK):
            part = slice(start, start + CHUNK)
            work.dispatch("link", Batch(rows[part], window.offset[part], end[part], wire[part]), window.link_type[part])
            work.run()
        work.table.unknown = dict(work.unknown)
        work.table.encapsulations = work.count_encapsulations()
        return work.table

    def flush(self) -> None:
        """The capture ends: forget what was kept for later packets."""
