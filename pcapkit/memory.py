"""How a process that does one analysis and ends deals with memory."""

from __future__ import annotations

import gc
import sys
from typing import Final

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
"""Parameters of ``mallopt`` (malloc.h of the GNU C library)."""
_TEMPORARY: Final = 4 << 20
"""Blocks below come and go with each window; larger ones last, and what is not used of them must cost nothing."""
_KEPT: Final = 64 << 20


def for_one_run() -> None:
    """Facts are many and hold no cycles, so nobody needs to look for any; and what one window frees the next needs again."""
    gc.disable()
    keep_freed()


def keep_freed() -> None:
    """Tell the C library, where it is one that can be told, to keep what is freed: else it is asked for again page by page in each window."""
    if sys.platform != "linux":
        return
    import ctypes

    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(_MMAP_THRESHOLD, _TEMPORARY)
    mallopt(_TRIM_THRESHOLD, _KEPT)
