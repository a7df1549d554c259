"""What works on this machine, and the command that mends what does not. Looks only; changes nothing."""

from __future__ import annotations

import dataclasses
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final, Literal, NamedTuple

from pcapkit import config, limits
from pcapkit.report.cells import pad
from pcapkit.report.style import Style
from pcapkit.report.text.page import Page

Level = Literal["ok", "warn", "miss"]

DISTRIBUTION: Final = "pcapkit-autodiscover"

LIBRARIES: Final = {
    "numpy": "reads packets",
    "cryptography": "reads certificates",
    "certifi": "the public roots",
    "dnspython": "reads damaged DNS messages",
    "defusedxml": "reads XML answers",
    "publicsuffixlist": "knows where a company's domain begins",
    "brotli": "unpacks HTTP bodies",
    "zstandard": "unpacks captures and HTTP bodies",
    "lz4": "unpacks captures",
    "hpack": "reads HTTP/2",
    "jinja2": "HTML reports",
    "msgspec": "makes the JSON Schemas",
    "pandas": "CSV, Parquet and notebooks",
    "pyarrow": "Parquet",
    "textual": "the terminal browser",
    "scapy": "live capture where neither dumpcap nor tcpdump is",
    "pyshark": "the packet tree of the terminal browser",
}

SECONDS: Final = 5
"""How long a tool that is asked something may take."""


class Check(NamedTuple):
    """One line: ``ok|warn|miss``, what, why it matters, and the command that mends it."""

    level: Level
    what: str
    why: str
    fix: str = ""


def checks(interface: str | None = None) -> Iterator[Check]:
    """Every check of this machine; with ``interface``, whether it can be captured on."""
    yield _python()
    yield _clash()
    yield from _libraries()
    yield _configuration()
    yield _tool("tshark", "shows a packet's whole tree in the terminal browser", "sudo apt install tshark")
    yield _dumpcap()
    yield _tool("tcpdump", "captures where dumpcap is not installed", "sudo apt install tcpdump")
    yield _tool("iw", "switches Wi-Fi to monitor mode", "sudo apt install iw")
    yield _locale()
    yield from _tmux()
    if interface is not None:
        yield from _interface(interface)


def text(found: list[Check], style: Style) -> str:
    """The lines, aligned."""
    page = Page(style, width=100)
    marks = {"ok": "ok", "warn": "warning", "miss": "critical"}
    wide = max(len(c.what) for c in found)
    for check in found:
        head = pad(check.level, 6)
        page.painted(head, marks[check.level], f"{pad(style.show(check.what), wide)}  {style.show(check.why)}", " " * 6)
        if check.fix:
            page.text(f"fix: {style.show(check.fix, 1_000)}", " " * (8 + wide))
    return page.take()


def limits_text() -> str:
    """Every bound, and every threshold with its key in the configuration."""
    lines = ["Bounds (fixed)"]
    lines += [f"  {name.ljust(24)} {_amount(name, getattr(limits, name))}" for name in sorted(limits.__all__) if name.isupper()]
    lines += ["", "Thresholds (config.toml, [thresholds])"]
    lines += [f"  {f.name.ljust(24)} {f.default}" for f in dataclasses.fields(limits.Thresholds)]
    return "\n".join(lines) + "\n"


def _amount(name: str, value: object) -> str:
    if isinstance(value, tuple):
        return " to ".join(_amount(name, part) for part in value)
    if name.endswith("_NS") and isinstance(value, int):
        return f"{value / 1e9:g} s"
    if isinstance(value, int) and value >= 1 << 20 and value % (1 << 20) == 0:
        return f"{value >> 20:,} MiB"
    return f"{value:,}" if isinstance(value, int) else str(value)


# ---------------------------------------------------------------- the program itself


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("ok", f"Python {version}", f"pcapkit {_version(DISTRIBUTION) or 'not installed, run from its folder'}")


def _clash() -> Check:
    """PyPCAPKit installs a package of the same name."""
    what = "package pcapkit"
    try:
        owners = sorted({name.lower() for name in metadata.packages_distributions().get("pcapkit", ())} - {DISTRIBUTION})
    except Exception as error:  # metadata of other people's packages
        return Check("warn", what, f"the installed packages cannot be listed ({type(error).__name__})")
    if not owners:
        return Check("ok", what, "no other distribution owns it")
    fix = f"{sys.executable} -m pip uninstall {owners[0]}, then reinstall {DISTRIBUTION}; or pipx install {DISTRIBUTION}"
    return Check("warn", what, f"{', '.join(owners)} installs a package of the same name: one overwrites the other", fix)


def _libraries() -> Iterator[Check]:
    missing = {name: why for name, why in LIBRARIES.items() if _version(name) is None}
    yield Check("ok", f"{len(LIBRARIES) - len(missing)} libraries", f"numpy {_version('numpy')}, cryptography {_version('cryptography')}")
    for name, why in missing.items():
        yield Check("miss", name, why, f"{sys.executable} -m pip install {name}")
    roots = _version("certifi")
    if roots:
        yield Check("ok", f"public roots {roots}", "which public CAs are known (pip install -U certifi for newer ones)")


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _configuration() -> Check:
    path = config.default_path()
    try:
        loaded = config.load()
    except config.ConfigError as error:
        return Check("warn", "configuration", str(error), f"mend or remove {path}")
    if loaded.warnings:
        return Check("warn", "configuration", loaded.warnings[0], f"mend {path}")
    return Check("ok", "configuration", str(path) if loaded.path else f"none ({path})")


# ---------------------------------------------------------------- tools


def _tool(name: str, why: str, fix: str) -> Check:
    path = shutil.which(name)
    return Check("ok", name, f"{path}: {why}") if path else Check("miss", name, why, fix)


def _dumpcap() -> Check:
    """The capturer: there, executable for us, and allowed to capture."""
    why = "captures packets with few privileges"
    path = shutil.which("dumpcap")
    if path is None:
        there = next((p for p in ("/usr/bin/dumpcap", "/usr/local/bin/dumpcap") if os.path.exists(p)), None)
        if there:
            return Check("warn", "dumpcap", f"{there} is not executable for you: {why}", "sudo usermod -aG wireshark $USER, then log in again")
        return Check("miss", "dumpcap", why, "sudo apt install wireshark-common")
    if os.geteuid() == 0:
        return Check("ok", "dumpcap", f"{path}: {why}")
    try:
        allowed = bool(os.getxattr(path, "security.capability")) or bool(os.stat(path).st_mode & 0o4000)
    except (OSError, AttributeError):
        allowed = False
    if allowed:
        return Check("ok", "dumpcap", f"{path}: {why}")
    return Check("warn", "dumpcap", f"{path} may not capture: {why}", f"sudo setcap cap_net_raw,cap_net_admin+eip {path}")


def _locale() -> Check:
    if Style.locale_shows_marks(sys.stdout):
        return Check("ok", "terminal", f"{sys.stdout.encoding}, TERM {os.environ.get('TERM') or 'not set'}")
    return Check("warn", "terminal", "this locale does not show the marks in one cell each: ASCII marks are used", "export LANG=C.UTF-8")


def _tmux() -> Iterator[Check]:
    if not os.environ.get("TMUX"):
        return
    said = _ask("tmux", "show-options", "-gv", "set-clipboard")
    if said == "on":
        yield Check("ok", "tmux clipboard", "copying from the terminal browser works")
    else:
        yield Check("warn", "tmux clipboard", "copying from the terminal browser does not reach the clipboard", "tmux set-option -g set-clipboard on")


def _ask(*command: str) -> str | None:
    try:
        return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return None


# ---------------------------------------------------------------- an interface


def _interface(name: str) -> Iterator[Check]:
    """Is it there, is it up, is it Wi-Fi, does anything arrive?"""
    what = f"interface {name}"
    folder = Path("/sys/class/net") / name
    names = sorted(os.listdir("/sys/class/net")) if os.path.isdir("/sys/class/net") else []
    if "/" in name or name not in names:
        yield Check("miss", what, f"there is none of this name; there are {', '.join(names) or 'none that can be listed'}", "ip link")
        return
    state = _read(folder / "operstate")
    if state in ("up", "unknown"):
        yield Check("ok", what, f"state {state}, MTU {_read(folder / 'mtu')}")
    else:
        yield Check("warn", what, f"state {state}: no packets can arrive", f"sudo ip link set {name} up")
    if (folder / "phy80211").exists():
        yield Check(
            "warn",
            f"{name} is Wi-Fi",
            "without monitor mode it shows this machine's own packets only",
            "capture on the access point's switch port instead",
        )
    received = _read(folder / "statistics" / "rx_packets")
    if received == "0":
        yield Check("warn", f"{name} traffic", "0 packets received so far: is the mirror port configured?")
    else:
        yield Check("ok", f"{name} traffic", f"{received} packets received, {_read(folder / 'statistics' / 'rx_dropped')} dropped since it came up")
    yield _permission(name)


def _permission(name: str) -> Check:
    """Which capturer may capture on an interface, asked by the list of its link types, for which it must be opened."""
    what = f"capture on {name}"
    refused = ""
    for tool in ("dumpcap", "tcpdump"):
        path = shutil.which(tool) or shutil.which(tool, path="/usr/sbin:/sbin")
        if path is None:
            continue
        try:
            done = subprocess.run([path, "-L", "-i", name], capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return Check("ok", what, f"{tool} may: pcapkit live -i {name}")
        refused = refused or f"{tool} may not"
    if hasattr(socket, "AF_PACKET"):
        try:
            socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
        except OSError:
            refused = refused or "neither dumpcap nor tcpdump is installed, and we may not"
        else:
            return Check("ok", what, f"pcapkit's own capturer may: pcapkit live -i {name}")
    mend = "sudo setcap cap_net_raw,cap_net_admin+eip $(command -v dumpcap)"
    return Check("miss", what, f"{refused}; or record with sudo tcpdump -i {name} -w FILE and analyze FILE", mend)


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace").strip()[:80]
    except OSError:
        return "unknown"
