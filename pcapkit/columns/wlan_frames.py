"""802.11 headers and management frames one by one: what association, authentication and beacons say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pcapkit.columns.table import WlanEvent, WlanKind

ELEMENTS: Final = 64
KINDS: Final[dict[int, WlanKind]] = {
    0: "association-request",
    1: "association-response",
    2: "reassociation-request",
    3: "reassociation-response",
    8: "beacon",
    10: "disassociation",
    11: "authentication",
    12: "deauthentication",
}
FIXED: Final = {0: 4, 1: 6, 2: 10, 3: 6, 8: 12, 10: 2, 11: 6, 12: 2}
"""Bytes of fixed fields before the elements (IEEE 802.11, 9.3.3)."""
CODE_AT: Final = {1: 2, 3: 2, 10: 0, 11: 4, 12: 0}
"""Where among them status or reason stands."""
CAPABILITY_AT: Final = {0: 0, 1: 0, 2: 0, 3: 0, 8: 10}
PRIVACY: Final = 0x0010
SSID: Final = 0
DS_PARAMETER: Final = 3
RSN: Final = 48
HT_OPERATION: Final = 61
VENDOR: Final = 221
WPA_OUI: Final = bytes.fromhex("0050f201")
RSN_OUI: Final = bytes.fromhex("000fac")
AKM: Final = {
    1: "wpa2-enterprise", 2: "wpa2-psk", 3: "wpa2-enterprise", 4: "wpa2-psk", 5: "wpa2-enterprise", 6: "wpa2-psk", 8: "wpa3-sae", 9: "wpa3-sae",
    11: "wpa3-enterprise", 12: "wpa3-enterprise", 13: "wpa3-enterprise", 18: "owe", 24: "wpa3-sae", 25: "wpa3-sae",
}  # fmt: skip
"""Key management suites 00-0F-AC (IEEE 802.11, table 9-190)."""
WPA_AKM: Final = {1: "wpa-enterprise", 2: "wpa-psk"}


@dataclass(frozen=True, slots=True)
class Header:
    """The MAC header of a frame. Addresses are 6 bytes each; ``four`` is empty but between access points."""

    control: int
    flags: int
    one: bytes
    two: bytes
    three: bytes
    sequence: int
    four: bytes
    quality: int | None

    @property
    def kind(self) -> int:
        """0 management, 1 control, 2 data."""
        return self.control >> 2 & 3

    @property
    def protected(self) -> bool:
        return bool(self.flags & 0x40)

    @property
    def bssid(self) -> bytes:
        """The access point, by the direction bits; between two of them the sender."""
        return (self.three, self.one, self.two, self.two)[self.flags & 3]

    @property
    def station(self) -> bytes:
        """The side that is no access point; of group-addressed frames the group."""
        if self.kind == 0:
            return self.one if self.two == self.three else self.two
        return self.one if self.flags & 3 == 2 else self.two


def parse_header(data: bytes, swapped: bool = False) -> Header | None:
    """The header at the start of ``data``; None if it is cut."""
    if len(data) < 24:
        return None
    control, flags = (data[1], data[0]) if swapped else (data[0], data[1])
    data_frame = control >> 2 & 3 == 2
    wide = data_frame and flags & 3 == 3
    at = 30 if wide else 24
    quality = None
    if data_frame and control & 0x80:
        if len(data) < at + 2:
            return None
        quality = data[at]
    four = data[24:30] if wide else b""
    return Header(control, flags, data[4:10], data[10:16], data[16:22], int.from_bytes(data[22:24], "little"), four, quality)


def parse_management(header: Header, body: bytes, frame: int, time_ns: int) -> WlanEvent | None:
    """The event of a management frame; encrypted ones (protected management frames) keep kind and addresses."""
    subtype = header.control >> 4
    kind = KINDS.get(subtype)
    if kind is None:
        return None
    station = None if kind == "beacon" else int.from_bytes(header.station, "big")
    bssid = int.from_bytes(header.three, "big")
    fixed = FIXED[subtype]
    if header.protected or len(body) < fixed:
        return WlanEvent(frame, time_ns, kind, station, bssid)
    code_at, capability_at = CODE_AT.get(subtype), CAPABILITY_AT.get(subtype)
    code = None if code_at is None else int.from_bytes(body[code_at : code_at + 2], "little")
    elements = parse_elements(body[fixed:]) if subtype in CAPABILITY_AT else []
    security = None
    if capability_at is not None and subtype not in (1, 3):
        security = security_of(elements, bool(int.from_bytes(body[capability_at : capability_at + 2], "little") & PRIVACY))
    previous = int.from_bytes(body[4:10], "big") if subtype == 2 else None
    return WlanEvent(frame, time_ns, kind, station, bssid, _ssid(elements), _channel(elements), code, security, previous)


def parse_elements(data: bytes) -> list[tuple[int, bytes]]:
    """Information elements (id, value), as far as they are whole."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at + 2 <= len(data) and len(found) < ELEMENTS:
        size = data[at + 1]
        value = data[at + 2 : at + 2 + size]
        if len(value) < size:
            break
        found.append((data[at], value))
        at += 2 + size
    return found


def _ssid(elements: list[tuple[int, bytes]]) -> bytes | None:
    """The network's name; hidden ones are empty or all zero."""
    for kind, value in elements:
        if kind == SSID and len(value) <= 32:
            return value if value.strip(b"\0") else None
    return None


def _channel(elements: list[tuple[int, bytes]]) -> int | None:
    for wanted in (DS_PARAMETER, HT_OPERATION):
        for kind, value in elements:
            if kind == wanted and value:
                return value[0]
    return None


def security_of(elements: list[tuple[int, bytes]], private: bool) -> str:
    """``open``, ``wep``, or the key managements that are offered or chosen, joined with ``+``."""
    names: list[str] = []
    for kind, value in elements:
        if kind == RSN:
            names += [AKM.get(number, f"akm-{number}") for number in _suites(value[2:], RSN_OUI)]
        elif kind == VENDOR and value[:4] == WPA_OUI:
            names += [WPA_AKM.get(number, f"wpa-akm-{number}") for number in _suites(value[6:], WPA_OUI[:3])]
    return "+".join(dict.fromkeys(names)) or ("wep" if private else "open")


def _suites(data: bytes, oui: bytes) -> list[int]:
    """Key management suites behind the group cipher and the list of pairwise ciphers (IEEE 802.11, 9.4.2.24)."""
    at = 4
    pairs = int.from_bytes(data[at : at + 2], "little")
    at += 2 + 4 * pairs
    count = int.from_bytes(data[at : at + 2], "little")
    suites = [data[at + 2 + 4 * n : at + 6 + 4 * n] for n in range(min(count, ELEMENTS))]
    return [suite[3] for suite in suites if len(suite) == 4 and suite[:3] == oui]
