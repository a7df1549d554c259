"""Half an hour of ordinary traffic without a fault: recorded in some twenty seconds, with the quiet between its parts made as long as it is in life."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import acts
from acts import CLIENTS, ask, begin, client, discover, exchange, get, lync_inside
from company import CLOUD, DNSIP, SILENT, UPDATES, WEB, Site
from pki import Pki
from scenarios._registry import android, desktop, iphone, windows_phone
from world import Phone, World

MINUTES = 30
SITE = Site(tls="TLSv1.2 TLSv1.3", resume="ticket", app={"poll": 2})
Part = Callable[[World, list[Phone]], None]


def record(folder: Path, pki: Pki) -> tuple[Path, list[str]]:
    """The capture, as long as promised, and the MACs of the devices in it."""
    short = folder / "ordinary-short.pcap"
    with World(SITE, pki, short) as world:
        servers = [f"{address}:{port}" for address, port in ((WEB, 443), (CLOUD, 443), (CLOUD, 51820))]
        world.box("net").start(sys.executable, str(CLIENTS / "echo.py"), *servers)
        phones = [iphone(world), android(world), windows_phone(world), desktop(world)]
        phones[2].habits = ("--tls-max", "1.2")
        starts = []
        for part in PARTS:
            time.sleep(0.4)
            starts.append(time.time())
            part(world, phones)
        world.stop_capture()
        return stretch(short, starts, MINUTES * 60.0, folder / "ordinary.pcap"), [phone.mac for phone in phones]


def stretch(capture: Path, starts: list[float], seconds: float, out: Path) -> Path:
    """The parts of a capture at equal distances over ``seconds``: each is shifted as a whole, so that nothing within it changes."""
    step = seconds / (len(starts) - 1)
    ends = [*starts[1:], time.time()]
    pieces = []
    for number, (start, end) in enumerate(zip([starts[0] - 60, *starts[1:]], ends, strict=True)):
        piece = out.with_suffix(f".{number}.pcap")
        shift = number * step - (starts[number] - starts[0])
        window = ["-A", _utc(start), "-B", _utc(end)]
        subprocess.run(["editcap", "-F", "pcap", *window, "-t", f"{shift:.6f}", str(capture), str(piece)], check=True, capture_output=True)
        pieces.append(str(piece))
    subprocess.run(["mergecap", "-F", "pcap", "-w", str(out), *pieces], check=True, capture_output=True)
    return out


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


# ---------------------------------------------------------------- the parts


def _all(phones: list[Phone], act: Callable[[Phone], object]) -> None:
    """All of them at once."""
    with ThreadPoolExecutor(len(phones)) as pool:
        list(pool.map(act, phones))


def _arrive(world: World, phones: list[Phone]) -> None:
    """Connectivity checks, mDNS, records of all types, and pages."""
    probes = {"ios": "http://captive.apple.com/hotspot-detect.html", "android": "http://connectivitycheck.gstatic.com/generate_204"}

    def act(phone: Phone) -> None:
        get(phone, probes.get(phone.platform, "http://www.msftconnecttest.com/connecttest.txt"))
        client(phone, "noise", "mdns", "224.0.0.251", "5353", "3", "0.2")
        for kind in ("HTTPS", "AAAA", "TXT"):
            ask(phone, DNSIP, kind, "www.example.com")
        ask(phone, DNSIP, "A", "wpad.contoso.com", "time.example.com", "printer.contoso.com")
        acts.browse(phone)
        get(phone, "http://static.example.com/")

    _all(phones, act)


def _sign_in(world: World, phones: list[Phone]) -> None:
    _all(phones, lambda phone: lync_inside(world, phone))


def _mail(world: World, phones: list[Phone]) -> None:
    _all(phones[:3], lambda phone: exchange(world, phone))


def _browse(world: World, phones: list[Phone]) -> None:
    """Pages on sessions taken up again, downloads, QUIC, a tunnel."""

    def act(phone: Phone) -> None:
        pages = [f"https://{host}/" for host in ("www.example.com", "news.example.org", "static.example.com")]
        get(phone, pages[0], "-H", "Connection: close", *pages, pages[0])
        get(phone, "https://download.example.net/bytes/700000")
        client(phone, "noise", "quic", WEB, "443", "30", "0.01")
        client(phone, "noise", "vpn", CLOUD, "51820", "20", "0.02")

    _all(phones, act)


def _poll(world: World, phones: list[Phone]) -> None:
    """Long polls that are answered, a connection that stays open, one to a stranger that nobody answers, and a port that is closed."""
    polls = [begin(phone, world.url("EXT", "/ucwa/oauth/v1/applications/1/events")) for phone in phones]
    get(phones[0], f"https://{SILENT}/", wait=3.2)
    get(phones[1], f"https://{UPDATES}:8443/", wait=2)
    client(phones[2], "talk", "www.example.com", "443", str(phones[2].roots), "4", "0.5", "/")
    for poll in polls:
        poll.wait(20)


def _leave(world: World, phones: list[Phone]) -> None:
    """Leases are renewed, and the day goes on."""
    for phone in phones:
        world.join(phone)
    _all(phones, lambda phone: discover(world, phone))
    _all(phones, acts.browse)


PARTS: tuple[Part, ...] = (_arrive, _sign_in, _mail, _browse, _poll, _sign_in, _leave)
