"""Two reports side by side: one of a whole capture narrowed to a device, one of the capture cut to that device."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

Json = Any


def report(capture: Path, *options: str) -> dict[str, Json]:
    """What ``analyze --format json`` prints."""
    argv = [sys.executable, "-m", "pcapkit", "analyze", str(capture), "--format", "json", *options]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def cut(capture: Path, mac: str, out: Path) -> dict[int, int]:
    """The frames of one device, by tshark's word, as a capture of their own; its frame numbers → those of the whole."""
    of_device = f"eth.addr == {mac} || dhcp.hw.mac_addr == {mac}"
    subprocess.run(["tshark", "-r", str(capture), "-Y", of_device, "-w", str(out)], capture_output=True, check=True)
    listed = ["tshark", "-r", str(capture), "-Y", of_device, "-T", "fields", "-e", "frame.number"]
    numbers = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
    return {n: int(number) for n, number in enumerate(numbers, 1)}


def told(told_of: dict[str, Json], frames: dict[int, int] | None = None) -> dict[str, Json]:
    """Devices, sessions, findings and what could not be judged: by MAC, time and code instead of ids, with the frame numbers of the whole capture.

    What other devices taught about names and addresses (``ours``, ``confidence_because``) is taken out; ``because`` has it.
    """
    names = {d["id"]: d["mac"] for d in told_of["devices"]}
    names |= {s["id"]: f"{s['service']} {s['domain']} {s['first_time']}" for s in told_of["sessions"]}
    names |= {f["id"]: f["code"] for f in told_of["findings"]}

    def number(match: re.Match[str]) -> str:
        return str((frames or {}).get(int(match[0]), int(match[0])))

    def plain(value: Json, key: str = "") -> Json:
        match value:
            case dict():
                return {names.get(k, k): plain(v, k) for k, v in value.items() if k not in ("id", "display_filter", "ours", "confidence_because")}
            case list():
                items = [plain(v, key) for v in value]
                return sorted(items, key=str) if key in ("findings", "caused_by") else items
            case str():
                return names.get(value) or re.sub(r"(?<=frame )\d+", number, value)
            case int() if key == "frame":
                return (frames or {}).get(value, value)
        return value

    return {part: plain(told_of[part], part) for part in ("devices", "sessions", "findings", "not_judged")}


def because(told_of: dict[str, Json], frames: dict[int, int] | None = None) -> set[tuple[str, str]]:
    """(code, reason) of all findings."""
    found = {(f["code"], text) for f in told_of["findings"] for text in f["confidence_because"]}
    return {(code, re.sub(r"(?<=frame )\d+", lambda m: str((frames or {}).get(int(m[0]), int(m[0]))), text)) for code, text in found}
