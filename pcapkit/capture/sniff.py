"""What an input is, by its first bytes."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from pcapkit.capture import netmon, snoop
from pcapkit.capture.inputs import FileInput, Rewound, peek
from pcapkit.capture.packed import Unpacked, compression
from pcapkit.capture.pcap import looks_like_pcap
from pcapkit.capture.pcapng import looks_like_pcapng
from pcapkit.limits import UNPACK_LAYERS

NETMON: Final = "netmon"


def format_of(head: bytes) -> str | None:
    """The capture format that these bytes begin."""
    if looks_like_pcapng(head):
        return "pcapng"
    if looks_like_pcap(head):
        return "pcap"
    if head.startswith(snoop.MAGIC) and len(head) >= 16:
        return "snoop"
    if head.startswith(netmon.MAGIC) and head[5:6] == b"\x02":
        return NETMON
    return None


def unpacked(head: bytes, rewound: Rewound, stop: Callable[[], bool]) -> tuple[bytes, Rewound, list[str]]:
    """Take off compression, at most ``UNPACK_LAYERS`` of it: the first bytes of what is inside, the input, and what was taken off."""
    layers: list[str] = []
    while len(layers) < UNPACK_LAYERS and (kind := compression(head)) is not None:
        layers.append(kind)
        head, rewound = peek(Unpacked(rewound, kind), stop)
    return head, rewound, layers


def holds_a_capture(path: str) -> bool:
    """Whether a file is a capture, compressed or not. What cannot be read is none."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return False
    input_ = FileInput(path, fd, False, _never)
    try:
        head, rewound = peek(input_, _never)
        head, _, _ = unpacked(head, rewound, _never)
    except OSError:
        return False
    finally:
        input_.close()
    return format_of(head) is not None


def _never() -> bool:
    return False
