"""Wi-Fi frame by frame: management frames become events, handshakes keys, encrypted frames packets; fragments of frames are joined."""

from __future__ import annotations

from collections import Counter, OrderedDict
from typing import Final

from pcapkit.columns.items import Found, Item
from pcapkit.columns.table import FRAGMENT, PROTECTED, WlanEvent
from pcapkit.columns.wlan_frames import Header, parse_header, parse_management
from pcapkit.columns.wpa import EAPOL_SNAP, KeyFrame, Keyring, WpaKeys, parse_key_frame
from pcapkit.limits import MAX_DEVICES, MAX_WLAN_EVENTS

OPEN_FRAMES: Final = 256
"""Frames of which fragments are kept at a time."""
ENCRYPTED: Final = "802.11 encrypted"


class WlanPath:
    """Carries keys, access points and fragments from window to window."""

    def __init__(self, keys: WpaKeys | None) -> None:
        self._keyring = Keyring(keys) if keys is not None else None
        self._beaconed: set[int] = set()
        self._events = 0
        self._pieces: OrderedDict[tuple[bytes, bytes, int, int | None], list[tuple[bytes, int]]] = OrderedDict()

    def take(self, item: Item, limits: Counter[str]) -> list[Found]:
        """Look at one frame; gives the packet in it if it can be read now."""
        swapped = item.work.swapped is not None and bool(item.work.swapped[item.row])
        header = parse_header(item.bytes(item.head, min(item.head + 32, item.end)), swapped)
        if header is None:
            return []
        status = int(item.work.table.status[item.row])
        if header.kind == 0:
            self._manage(item, header, limits)
        elif status == PROTECTED:
            return self._decrypt(item, header, limits)
        elif status == FRAGMENT:
            return self._join(item, header, item.bytes(item.at, item.end))
        else:
            self._handshake(item, header, item.bytes(item.at, item.end), limits)
        return []

    def _tell(self, item: Item, event: WlanEvent | None, limits: Counter[str]) -> None:
        if event is None:
            return
        if self._events >= MAX_WLAN_EVENTS:
            limits["MAX_WLAN_EVENTS"] += 1
            return
        self._events += 1
        item.work.events.append(event)

    def _manage(self, item: Item, header: Header, limits: Counter[str]) -> None:
        event = parse_management(header, item.bytes(item.at, item.end), item.frame, int(item.work.table.time_ns[item.row]))
        if event is not None and event.kind == "beacon":
            if event.bssid in self._beaconed or len(self._beaconed) >= MAX_DEVICES:
                return
            self._beaconed.add(event.bssid)
        self._tell(item, event, limits)

    def _handshake(self, item: Item, header: Header, data: bytes, limits: Counter[str]) -> None:
        frame = parse_key_frame(data)
        if frame is None:
            return
        if self._keyring is not None:
            self._keyring.learn(header.bssid, header.station, frame)
        self._tell(item, _key_event(item, header, frame), limits)

    def _decrypt(self, item: Item, header: Header, limits: Counter[str]) -> list[Found]:
        body = item.bytes(item.at, item.end)
        clear = None
        if self._keyring is not None and len(body) > 8 and body[3] & 0x20:
            clear = self._keyring.decrypt(header, body)
        if clear is None:
            station = header.bssid if header.station[0] & 1 else header.station
            item.work.protected[int.from_bytes(station, "big")] += 1
            return []
        item.work.unknown[ENCRYPTED] -= 1
        if clear.startswith(EAPOL_SNAP):
            self._handshake(item, header, clear[len(EAPOL_SNAP) :], limits)
        if header.flags & 0x04 or header.sequence & 15:
            item.work.table.status[item.row] = FRAGMENT
            return self._join(item, header, clear)
        return [Found(item, _layer(header), clear, (item.frame,), replaces=True)]

    def _join(self, item: Item, header: Header, data: bytes) -> list[Found]:
        """Fragments of a frame come in order (IEEE 802.11, 10.5): one that does not follow ends the attempt."""
        key = (header.two, header.one, header.sequence >> 4, header.quality)
        number = header.sequence & 15
        pieces = self._pieces.pop(key, [])
        if number < len(pieces):
            self._pieces[key] = pieces  # a repetition
            return []
        if number > len(pieces) or item.end < item.wire:
            return []
        pieces.append((data, item.frame))
        if header.flags & 0x04:
            self._pieces[key] = pieces
            if len(self._pieces) > OPEN_FRAMES:
                self._pieces.popitem(last=False)
            return []
        return [Found(item, _layer(header), b"".join(piece for piece, _ in pieces), tuple(dict.fromkeys(frame for _, frame in pieces)))]


def _layer(header: Header) -> str:
    return "a-msdu" if header.quality is not None and header.quality & 0x80 else "llc"


def _key_event(item: Item, header: Header, frame: KeyFrame) -> WlanEvent:
    station, bssid = int.from_bytes(header.station, "big"), int.from_bytes(header.bssid, "big")
    return WlanEvent(item.frame, int(item.work.table.time_ns[item.row]), "eapol", station, bssid, code=frame.message)
