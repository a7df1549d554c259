"""802.11 headers with addresses replaced, and of management frames what names a device (IEEE 802.11, 9.2, 9.3)."""

from __future__ import annotations

from typing import Final

from pcapkit.extract.masking.masks import Masks

MANAGEMENT, CONTROL, DATA = 0, 1, 2
RTS, CTS, ACK = 11, 12, 13
FIXED: Final = {0: 4, 1: 6, 2: 10, 3: 6, 4: 0, 5: 12, 8: 12}
"""Subtype of a management frame → bytes before its elements."""
VENDOR: Final = 221
WPS: Final = b"\x00\x50\xf2\x04"
"""Wi-Fi Simple Configuration: holds the device's name, model and serial number."""


def mask_wlan(masks: Masks, out: bytearray, at: int, end: int, swapped: bool = False) -> None:
    """The addresses of a frame of any type. ``swapped``: the two bytes of frame control stand the other way round."""
    if end - at < 10:
        return
    first, flags = (out[at + 1], out[at]) if swapped and out[at] & 3 else (out[at], out[at + 1])
    kind, subtype = first >> 2 & 3, first >> 4
    places = [4, 10, 16]
    if kind == CONTROL:
        places = [4] if subtype in (CTS, ACK) else [4, 10]
    elif kind == DATA and flags & 3 == 3:
        places.append(24)
    for place in places:
        if at + place + 6 <= end:
            out[at + place : at + place + 6] = masks.mac(bytes(out[at + place : at + place + 6]))
    if kind == MANAGEMENT and not flags & 0x40:
        _elements(masks, out, at + (28 if flags & 0x80 else 24) + FIXED.get(subtype, 1 << 20), end)


def _elements(masks: Masks, out: bytearray, at: int, end: int) -> None:
    """Blank what vendors' elements tell of a device: they become elements of no known kind."""
    while at + 2 <= end:
        stop = min(at + 2 + out[at + 1], end)
        if out[at] == VENDOR and bytes(out[at + 2 : at + 6]) == WPS and not masks.learning:
            out[at + 5 : stop] = bytes(stop - at - 5)
        at = stop
