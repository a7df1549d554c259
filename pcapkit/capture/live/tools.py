"""How each capturer is started, and what its messages mean."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pcapkit.capture.live.request import Kind, Request

Name = Literal["dumpcap", "tcpdump", "pcapkit", "scapy"]
CHOICE: Final = "PCAPKIT_CAPTURER"
"""Environment variable that names the capturer to use."""
BUFFER_MIB: Final = 64
"""Of the kernel: bridges some seconds in which nobody reads, where packets are not written to a file."""
READY: Final = ("ready ", "tcpdump: listening on ")
"""So does a capturer say that it has begun; dumpcap by naming its file, since it says "Capturing on" before it has tried."""
FILE: Final = "File: "
_MEANINGS: Final[tuple[tuple[Kind, tuple[str, ...]], ...]] = (
    (
        "disk",
        (
            "No space left",
            "no space left",
            "disk is full",
            "isk quota",
            "could not be written",
            "cannot be written",
            "Unable to write",
            "writing failed",
        ),
    ),
    ("privilege", ("permission", "Operation not permitted", "CAP_NET_RAW", "not allowed", "Permission denied")),
    ("usage", ("filter", "syntax error")),
    ("interface", ("No such device", "no such interface", "doesn't exist", "no longer running", "vanished", "went down", "no interface", "not up")),
)


@dataclass(frozen=True, slots=True)
class Tool:
    """A capturer, ready to be started. ``spec``: for ``pcapkit.capturer``; ``argv`` replaces it."""

    name: Name
    title: str
    spec: dict[str, Any] = field(default_factory=dict)
    argv: tuple[str, ...] = ()


def meaning(message: str) -> Kind:
    """What kind of trouble a message of a tool tells."""
    return next((kind for kind, words in _MEANINGS if any(word in message for word in words)), "tool")


def candidates(request: Request) -> Iterator[Tool]:
    """Capturers that may work here, the preferred first."""
    wish = os.environ.get(CHOICE)
    for tool in _all(request):
        if wish in (None, "", tool.name):
            yield tool


def _all(request: Request) -> Iterator[Tool]:
    if request.received is not None:
        yield Tool("pcapkit", "pcapkit's receiver", _received(request))
        return
    dumpcap, tcpdump = _find("dumpcap"), _find("tcpdump")
    if dumpcap:
        yield Tool("dumpcap", dumpcap, _guarded(request, _dumpcap(dumpcap, request)))
    if tcpdump and not request.ring:
        yield Tool("tcpdump", tcpdump, _guarded(request, _tcpdump(tcpdump, request)))
    if sys.platform == "linux" and not request.monitor:
        yield Tool("pcapkit", "pcapkit's own", {"kind": "ring", **_common(request)})
    if (os.environ.get(CHOICE) == "scapy" or not (dumpcap or tcpdump)) and not request.monitor:
        yield Tool("scapy", "scapy", _common(request), (sys.executable, "-m", "pcapkit.capture.live.with_scapy"))


def _find(name: str) -> str | None:
    """Where a tool is; system folders count even if the user's PATH leaves them out."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/usr/local/bin:/usr/local/sbin:/opt/homebrew/bin")


def _common(request: Request) -> dict[str, Any]:
    ring = (request.ring[0], request.ring[1] * 1_000_000) if request.ring else None
    return {
        "interface": request.interface, "write": request.write, "ring": ring, "bpf": request.bpf, "snaplen": request.snaplen, "packets": request.packets,
        "seconds": request.seconds,
    }  # fmt: skip


def _received(request: Request) -> dict[str, Any]:
    assert request.received is not None
    protocol, address, port = request.received
    return {"kind": "datagrams", **_common(request), "protocol": protocol, "address": address, "port": port}


def _guarded(request: Request, command: list[str]) -> dict[str, Any]:
    return {
        "kind": "guard", "command": command, "interface": request.interface, "write": request.write if not request.ring else None,
        "monitor": request.monitor, "channel": request.channel,
    }  # fmt: skip


def _dumpcap(path: str, request: Request) -> list[str]:
    command = [path, "-q", "-i", request.interface, "-B", str(BUFFER_MIB), "-w", request.write or "-"]
    if request.ring:
        command += ["-b", f"files:{request.ring[0]}", "-b", f"filesize:{request.ring[1] * 1_000}"]
    if request.seconds:
        command += ["-a", f"duration:{request.seconds:g}"]
    if request.packets:
        command += ["-c", str(request.packets)]
    return command + (["-s", str(request.snaplen)] if request.snaplen else []) + (["-f", request.bpf] if request.bpf else [])


def _tcpdump(path: str, request: Request) -> list[str]:
    command = [path, "-U", "-n", "-i", request.interface, "-B", str(BUFFER_MIB * 1_024), "-w", request.write or "-", "-s", str(request.snaplen or 0)]
    command += ["-Z", "root"] if os.geteuid() == 0 else []
    if request.packets:
        command += ["-c", str(request.packets)]
    return command + (["--", request.bpf] if request.bpf else [])
