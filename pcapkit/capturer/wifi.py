"""Monitor mode and channel of a Wi-Fi interface through ``iw`` (nl80211), put back as they were."""

from __future__ import annotations

import re
import subprocess
from typing import Final

from pcapkit.capturer.main import MISSING, Ends

SECONDS: Final = 5
ADVICE: Final = (
    "without monitor mode an adapter shows only its own traffic: capture on the access point's switch port instead, or on the access point"
)


class Monitor:
    """An interface in monitor mode, as a context. Needs CAP_NET_ADMIN.

    Raises:
        Ends: it is no Wi-Fi interface, its driver cannot do it, or ``iw`` is not installed.
    """

    def __init__(self, name: str, channel: int | None) -> None:
        self._name, self._channel = name, channel
        self._before: str | None = None
        self._was_up = False

    def __enter__(self) -> Monitor:
        told = _ask("iw", "dev", self._name, "info")
        kind = re.search(r"^\s*type (\S+)", told, re.MULTILINE)
        if kind is None:
            raise Ends(MISSING, f"{self._name}: no Wi-Fi interface that iw knows; {ADVICE}")
        self._was_up = "state DOWN" not in _ask("ip", "link", "show", "dev", self._name)
        if kind[1] != "monitor":
            self._before = kind[1]
            self._turn("monitor")
        if self._channel is not None:
            _do(f"{self._name}: channel {self._channel} cannot be set", "iw", "dev", self._name, "set", "channel", str(self._channel))
        return self

    def _turn(self, kind: str) -> None:
        _do(f"{self._name}: cannot be switched off", "ip", "link", "set", "dev", self._name, "down")
        try:
            _do(f"{self._name}: its driver has no {kind} mode; {ADVICE}", "iw", "dev", self._name, "set", "type", kind)
        finally:
            if self._was_up or kind == "monitor":
                _do(f"{self._name}: cannot be switched on", "ip", "link", "set", "dev", self._name, "up")

    def __exit__(self, *_: object) -> None:
        if self._before is None:
            return
        try:
            self._turn(self._before)
        except Ends:
            return  # it has vanished


def _ask(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False).stdout
    except FileNotFoundError:
        raise Ends(MISSING, f"monitor mode needs {command[0]}: sudo apt install {command[0] if command[0] == 'iw' else 'iproute2'}") from None
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _do(otherwise: str, *command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        raise Ends(MISSING, otherwise) from None
    if done.returncode:
        raise Ends(MISSING, f"{otherwise} ({done.stderr.strip()[:120] or 'no reason told'})")
