"""What happened on the air: who joined which Wi-Fi network, roamed or was thrown out, and whose data stayed encrypted (IEEE 802.11-2020, 9.3.3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pcapkit.columns.table import WlanEvent
from pcapkit.limits import MAX_DEVICES
from pcapkit.model import NotJudged

NOTES: Final = 12
"""Lines of one device; what comes after is counted."""
NAMED: Final = 4
"""Stations named in a sentence."""
NETWORKS: Final = 4_096


def mac_of(number: int) -> str:
    """``aa:bb:cc:dd:ee:ff``."""
    return number.to_bytes(6, "big").hex(":")


@dataclass(slots=True)
class Station:
    """A station's story so far."""

    lines: list[str] = field(default_factory=list)
    more: int = 0
    joined: int | None = None
    ssid: bytes | None = None
    handshake: set[int] = field(default_factory=set)
    """Messages of the four-way handshake that were seen."""

    def tell(self, line: str) -> None:
        if len(self.lines) < NOTES:
            self.lines.append(line)
        else:
            self.more += 1


class Air:
    """The 802.11 side of one capture. Cheap: only management and key frames come here."""

    def __init__(self) -> None:
        self._stations: dict[int, Station] = {}
        self._networks: dict[int, WlanEvent] = {}
        self._protected: Counter[int] = Counter()

    def add(self, events: Iterable[WlanEvent], protected: Mapping[int, int]) -> None:
        """What a window told."""
        for event in events:
            self._take(event)
        self._protected.update(protected)

    @property
    def encrypted(self) -> int:
        """Frames whose data could not be read."""
        return self._protected.total()

    def notes(self, mac: str | None) -> tuple[str, ...]:
        """The story of a device, in lines."""
        number = int(mac.replace(":", ""), 16) if mac else -1
        station = self._stations.get(number)
        lines = list(station.lines) if station else []
        if station and station.more:
            lines.append(f"Wi-Fi: {station.more} more events")
        if left := self._protected.get(number):
            lines.append(f"Wi-Fi: {left:,} data frames stayed encrypted; {self._advice(number)}")
        return tuple(lines)

    def unread(self) -> tuple[NotJudged, ...]:
        """What nobody can judge because it was encrypted on the air, by reason."""
        if not self._protected:
            return ()
        by_advice: dict[str, list[int]] = {}
        for number, _ in self._protected.most_common():
            by_advice.setdefault(self._advice(number), []).append(number)
        return tuple(NotJudged("*", (), self._sentence(stations, advice)) for advice, stations in by_advice.items())

    def _sentence(self, stations: list[int], advice: str) -> str:
        frames = sum(self._protected[s] for s in stations)
        names = ", ".join(mac_of(s) for s in stations[:NAMED]) + (f" and {len(stations) - NAMED} more" if len(stations) > NAMED else "")
        return f"{frames:,} data frames of {names} were encrypted on the air and not read; {advice}"

    # ------------------------------------------------------------ one event

    def _take(self, event: WlanEvent) -> None:
        if event.kind == "beacon":
            if len(self._networks) < NETWORKS:
                self._networks.setdefault(event.bssid, event)
            return
        if event.station is None or (event.station not in self._stations and len(self._stations) >= MAX_DEVICES):
            return
        station = self._stations.setdefault(event.station, Station())
        if event.kind == "eapol" and event.code:
            station.handshake.add(event.code)
        elif event.kind in ("association-request", "reassociation-request"):
            self._joins(station, event)
        elif event.kind in ("association-response", "reassociation-response") and event.code:
            station.tell(f"Wi-Fi: {mac_of(event.bssid)} refused it, status {event.code} (frame {event.frame})")
        elif event.kind in ("disassociation", "deauthentication"):
            station.tell(f"Wi-Fi: {event.kind} with {mac_of(event.bssid)}, reason {event.code} (frame {event.frame})")
            station.joined = None

    def _joins(self, station: Station, event: WlanEvent) -> None:
        station.ssid = event.ssid or station.ssid
        came_from = event.previous_bssid or station.joined
        where = self._where(event)
        if came_from and came_from != event.bssid:
            station.tell(f"Wi-Fi: roamed from {mac_of(came_from)} to {where} (frame {event.frame})")
        elif station.joined != event.bssid:
            station.tell(f"Wi-Fi: joined {where} (frame {event.frame})")
        station.joined = event.bssid

    def _where(self, event: WlanEvent) -> str:
        beacon = self._networks.get(event.bssid)
        ssid = event.ssid or (beacon.ssid if beacon else None)
        channel = event.channel or (beacon.channel if beacon else None)
        name = ssid.decode("utf-8", "backslashreplace") if ssid else "a network without name"
        security = event.security or (beacon.security if beacon else None)
        more = [mac_of(event.bssid), *([f"channel {channel}"] if channel else []), *([security] if security else [])]
        return f"{name} at {', '.join(more)}"

    def _advice(self, number: int) -> str:
        """What would have made this station's data readable."""
        station = self._stations.get(number)
        beacon = self._networks.get(number) or (self._networks.get(station.joined) if station and station.joined else None)
        security = (beacon.security if beacon else None) or ""
        if any(word in security for word in ("enterprise", "sae", "owe")):
            return f"{security} cannot be decrypted afterwards: capture behind the access point"
        if station and not {1, 2} <= station.handshake:
            return "give --wpa-psk and capture while the phone joins (the four-way handshake is missing), or capture behind the access point"
        return "give --wpa-psk SSID:PASSPHRASE with the four-way handshake in the capture, or capture behind the access point"
