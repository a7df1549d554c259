"""Live capture on real interfaces in namespaces: what is seen, how soon, and what happens when something breaks."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import net
import pytest
from net import Box, wire

sys.path.insert(0, str(Path(__file__).parents[1] / "pcapkit" / "live"))
import phone

CANNOT = net.missing()
pytestmark = [pytest.mark.lab, pytest.mark.skipif(CANNOT is not None, reason=CANNOT or "")]
BACKENDS = ("dumpcap", "tcpdump", "pcapkit")
SENDER = """
import socket, sys, time
kinds, rate = sys.stdin.buffer, float(sys.argv[2])
sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
sock.bind((sys.argv[1], 0))
begun, sent = time.monotonic(), 0
while size := kinds.read(2):
    packet = kinds.read(int.from_bytes(size, "big"))
    sock.send(packet)
    sent += 1
    ahead = sent / rate - (time.monotonic() - begun)
    if ahead > 0.002:
        time.sleep(ahead)
"""


class Wire:
    """A mirror port (``box``, ``mon0``) and the switch that feeds it."""

    def __init__(self) -> None:
        tag = f"pk{os.getpid() % 100000}v"
        self.switch, self.box = Box(f"{tag}s"), Box(f"{tag}m")
        wire(self.switch, "out0", self.box, "mon0")

    def close(self) -> None:
        for box in (self.switch, self.box):
            box.close()

    def send(self, *packets: bytes, rate: float = 500) -> None:
        data = b"".join(len(p).to_bytes(2, "big") + p for p in packets)
        command = ["ip", "netns", "exec", self.switch.name, sys.executable, "-c", SENDER, "out0", str(rate)]
        subprocess.run(command, input=data, check=True, timeout=60)

    def live(self, *words: object, backend: str | None = None, interface: str = "mon0", prefix: tuple[str, ...] = ()) -> Live:
        return Live(["ip", "netns", "exec", self.box.name, *prefix], "live", "-i", interface, *words, "-v", backend=backend)


class Live:
    """A running ``pcapkit live``."""

    def __init__(self, prefix: list[str], *words: object, backend: str | None = None) -> None:
        env = {**os.environ, **({"PCAPKIT_CAPTURER": backend} if backend else {})}
        command = [*prefix, sys.executable, "-m", "pcapkit", *map(str, words)]
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
        self.err: list[str] = []
        self.out: list[tuple[float, str]] = []
        self._threads = [threading.Thread(target=self._read, args=(stream,)) for stream in ("out", "err")]
        for thread in self._threads:
            thread.start()
        self.until(lambda: any("capturing on" in line for line in self.err) or self.child.poll() is not None)

    def _read(self, stream: str) -> None:
        for line in self.child.stdout if stream == "out" else self.child.stderr:  # type: ignore[union-attr]
            if stream == "out":
                self.out.append((time.monotonic(), line))
            else:
                self.err.append(line.strip())

    def until(self, done: Any, within_s: float = 15) -> None:
        deadline = time.monotonic() + within_s
        while not done():
            assert time.monotonic() < deadline, (self.err, [line for _, line in self.out][-3:])
            time.sleep(0.02)

    def said(self, text: str) -> bool:
        return any(text in line for _, line in self.out)

    def end(self, number: int = signal.SIGINT) -> int:
        if self.child.poll() is None:
            self.child.send_signal(number)
        return self.wait()

    def wait(self, within_s: float = 15) -> int:
        try:
            code = self.child.wait(within_s)
        finally:
            if self.child.poll() is None:
                self.child.kill()
        for thread in self._threads:
            thread.join()
        return code

    def lines(self, kind: str) -> list[dict[str, Any]]:
        found = [json.loads(line) for _, line in self.out if line.startswith("{")]
        return [line for line in found if line["type"] == kind]


def analyse(*paths: Path | str) -> dict[str, list[dict[str, Any]]]:
    done = subprocess.run(
        [sys.executable, "-m", "pcapkit", "analyze", *map(str, paths), "--format", "jsonl"], capture_output=True, text=True, check=True
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {kind: [line for line in lines if line["type"] == kind] for kind in ("capture", "device", "session", "finding", "summary")}


def test_a_real_phone_behind_a_firewall_that_drops_the_u_turn(tmp_path: Path) -> None:
    """The lab's company: captured on its mirror port while the phone fails, against the same run's file."""
    from pki import Pki
    from scenarios import SCENARIOS
    from world import World

    scenario, pki, path = SCENARIOS["hairpin_drop"], Pki(tmp_path / "roots"), tmp_path / "kept.pcapng"
    options = ["--trust", str(pki.folder / f"{scenario.trust}-roots.pem")]
    with World(scenario.site, pki, tmp_path / "world.pcap") as world:
        prefix = ["ip", "netns", "exec", world.box("mon").name]
        live = Live(prefix, "live", "-i", "inap", "-w", path, "--format", "jsonl", "-v", *options)
        expected = scenario.play(world)
        live.until(lambda: live.said('"code": "hairpin-no-reply"'))
        assert live.end() == 0
    said = next(line for line in live.lines("finding") if line["code"] == "hairpin-no-reply")
    when, _ = next(item for item in live.out if '"code": "hairpin-no-reply"' in item[1])
    evidence = max(_seconds(e["time"]) for e in said["evidence"])
    assert when - time.monotonic() + time.time() - evidence < 3 + 5
    whole = analyse(path, *options)
    assert [line for line in live.lines("finding") if "change" not in line] == whole["finding"]
    assert live.lines("session") == whole["session"]
    assert {c for e in expected for c in e.expected} <= {f["code"] for f in whole["finding"]}


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text[:26] + "+00:00").timestamp()


@pytest.fixture(name="port")
def _port() -> Iterator[Wire]:
    made = Wire()
    yield made
    made.close()


def background(number: int) -> bytes:
    """Traffic of others: a segment of one of many downloads."""
    flow = number % 400
    head = struct.pack(">HHIIBBHHH", 443, 20_000 + flow, 1 + 700 * (number // 400), 1, 0x50, 0x10, 8_192, 0, 0)
    body = phone.ipv4(bytes((198, 51, 100, flow % 200)), bytes((10, 20, 1, flow % 250)), 6, head + bytes(700))
    return phone.ethernet(body, back=True)


SLOWLY: float = 20
"""Packets a second: what comes within milliseconds is taken for a copy made by the mirror."""
FAILING = (phone.query(), phone.answer(), phone.syn(), phone.syn())


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_failing_phone_is_seen_in_time_and_the_report_is_that_of_the_file(port: Wire, backend: str, tmp_path: Path) -> None:
    path = tmp_path / "kept.pcapng"
    live = port.live("-w", path, "--format", "jsonl", backend=backend)
    port.send(*FAILING, rate=SLOWLY)
    knowable = time.monotonic()
    live.until(lambda: live.said('"change": "new"'))
    assert time.monotonic() - knowable < 5
    assert live.end() == 0
    whole = analyse(path)
    for kind in ("device", "session", "finding", "summary"):
        assert [line for line in live.lines(kind) if "change" not in line] == whole[kind]
    assert [f["code"] for f in whole["finding"]] == ["service-no-reply"]
    assert whole["capture"][0]["packets"] == len(FAILING)


def test_silence_behind_the_last_packet_is_in_the_file(port: Wire, tmp_path: Path) -> None:
    """One SYN and nothing else: only waiting proves anything, and the file keeps how long was waited."""
    path = tmp_path / "kept.pcapng"
    live = port.live("-w", path, "--format", "jsonl")
    port.send(*FAILING[:3], rate=SLOWLY)
    live.until(lambda: live.said('"change": "new"'))
    assert live.end() == 0
    assert not live.said("withdrawn")
    assert [f["code"] for f in analyse(path)["finding"]] == ["service-no-reply"]


def test_down_up_and_vanished(port: Wire, tmp_path: Path) -> None:
    live = port.live("--brief", "-w", tmp_path / "kept.pcapng")
    port.box.run("ip", "link", "set", "mon0", "down")
    live.until(lambda: any("is down: waiting" in line for line in live.err))
    port.box.run("ip", "link", "set", "mon0", "up")
    live.until(lambda: any("is up again" in line for line in live.err))
    time.sleep(0.7)
    port.send(*FAILING, rate=SLOWLY)
    live.until(lambda: live.said("service-no-reply"))
    port.box.run("ip", "link", "del", "mon0")
    assert live.wait() == 5
    assert live.said("critical: F1 service-no-reply")
    assert "vanished" in live.err[-1]


@pytest.mark.parametrize("backend", ["dumpcap", "pcapkit"])
def test_kill_of_the_analyzer_loses_no_packet_and_the_capturer_ends(port: Wire, backend: str, tmp_path: Path) -> None:
    path = tmp_path / "kept.pcapng"
    live = port.live("-w", path, backend=backend)
    packets = [background(n) for n in range(3_000)]
    port.send(*packets, rate=5_000)
    live.child.kill()
    live.wait()
    live.until(lambda: not subprocess.run(["pgrep", "-f", str(path)], capture_output=True, check=False).stdout)
    capture = analyse(path)["capture"][0]
    assert capture["packets"] == len(packets)
    assert capture["problems"] == []


def test_kill_of_the_capturer_is_told(port: Wire, tmp_path: Path) -> None:
    live = port.live("--brief", "-w", tmp_path / "kept.pcapng", backend="pcapkit")
    port.send(*FAILING, rate=SLOWLY)
    live.until(lambda: live.said("service-no-reply"))
    for pid in subprocess.run(["pgrep", "-P", str(live.child.pid)], capture_output=True, text=True, check=True).stdout.split():
        os.kill(int(pid), signal.SIGKILL)
    assert live.wait() == 5
    assert live.said("critical: F1 service-no-reply")
    assert "was ended" in live.err[-1]


@pytest.mark.parametrize("backend", ["dumpcap", "pcapkit"])
def test_a_full_disk_is_exit_4_and_keeps_what_was_written(port: Wire, backend: str, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(small)], check=True)
    try:
        live = port.live("--brief", "-w", small / "kept.pcapng", backend=backend)
        port.send(*FAILING, rate=SLOWLY)
        port.send(*(background(n) for n in range(1_000)), rate=5_000)
        assert live.wait() == 4
        assert live.said("critical: F1 service-no-reply")
        assert len([line for line in live.err if "the disk is full" in line or "free up space" in line]) == 1
        assert [f["code"] for f in analyse(small / "kept.pcapng")["finding"]] == ["service-no-reply"]
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_floods_do_not_hide_a_session_nor_fill_the_memory(port: Wire) -> None:
    def flood(number: int) -> bytes:
        source = bytes((203, 0, 113, number % 250))
        if number % 2:
            return phone.ethernet(
                phone.ipv4(source, phone.SERVER, 6, struct.pack(">HHIIBBHHH", number % 60_000 + 1, 443, number, 0, 0x50, 2, 8_192, 0, 0))
            )
        return phone.query(f"x{number}.example.net", number & 0xFFFF)

    live = port.live("--brief")
    packets = [flood(n) for n in range(30_000)]
    port.send(*packets[:15_000], *FAILING[:3], *packets[15_000:29_000], FAILING[3], *packets[29_000:], rate=20_000)
    live.until(lambda: live.said("service-no-reply"))
    status = Path(f"/proc/{live.child.pid}/status").read_text()
    resident = int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
    assert live.end() == 0
    assert resident < 300_000


@pytest.mark.parametrize("backend", ["dumpcap", "pcapkit"])
def test_twenty_thousand_packets_a_second_lose_none(port: Wire, backend: str, tmp_path: Path) -> None:
    path = tmp_path / "kept.pcapng"
    live = port.live("--format", "jsonl", "-w", path, backend=backend)
    packets = [background(n) for n in range(60_000)]
    port.send(*packets[:30_000], *FAILING[:3], *packets[30_000:55_000], FAILING[3], *packets[55_000:], rate=20_000)
    live.until(lambda: live.said('"change": "new"'))
    assert live.end() == 0
    (capture,) = live.lines("capture")
    assert capture["packets"] == len(packets) + len(FAILING)
    assert not [p for p in capture["problems"] if p["code"] == "drops"]
    assert capture["interfaces"][0]["dropped"] == 0


@pytest.mark.parametrize("backend", ["dumpcap", "pcapkit"])
def test_a_ring_keeps_the_newest_and_reads_as_one(port: Wire, backend: str, tmp_path: Path) -> None:
    live = port.live("--format", "jsonl", "-w", tmp_path / "ring.pcapng", "--ring", "2×1", backend=backend)
    packets = [background(n) for n in range(6_000)]
    port.send(*packets[:3_000], *FAILING[:3], *packets[3_000:5_000], FAILING[3], *packets[5_000:], rate=3_000)
    live.until(lambda: live.said('"change": "new"'))
    assert live.end() == 0
    assert len(list(tmp_path.glob("ring_0*.pcapng"))) == 2
    assert live.lines("capture")[0]["packets"] == len(packets) + len(FAILING)


def test_limits_filters_and_tags_of_our_own_capturer(port: Wire) -> None:
    live = port.live("--format", "jsonl", "-f", "udp port 53", "-c", "3", backend="pcapkit")
    port.send(*FAILING, *FAILING)
    assert live.wait() == 0
    assert live.lines("capture")[0]["packets"] == 3
    tagged = [p[:12] + b"\x81\x00\x00\x14" + p[12:] for p in FAILING]
    live = port.live("--format", "jsonl", "-a", "duration:3", "--snaplen", "70", backend="pcapkit")
    port.send(*tagged)
    assert live.wait() == 0
    (capture,) = live.lines("capture")
    assert capture["encapsulations"] == {"vlan": 4}
    assert capture["interfaces"][0]["snaplen"] == 70


def test_without_privilege_one_line_says_what_to_do(port: Wire) -> None:
    live = port.live(prefix=("setpriv", "--bounding-set=-net_raw,-net_admin", "--inh-caps=-all"))
    assert live.wait() == 5
    (line,) = live.err
    assert "no permission" in line
    assert "setcap" in line
    assert "tcpdump -i mon0 -w" in line


def test_wrong_interface_and_filter(port: Wire) -> None:
    live = port.live(interface="mon7")
    assert (live.wait(), len(live.err)) == (5, 1)
    assert "there are lo, mon0" in live.err[0]
    for backend in BACKENDS:
        live = port.live("-f", "udp prot 53", backend=backend)
        assert (live.wait(), len(live.err)) == (2, 1), live.err


def test_a_mirror_that_sends_erspan(port: Wire) -> None:
    """Type I: GRE without a sequence number, then the frame (draft-foschiano-erspan-03)."""
    port.switch.address("out0", "192.0.2.1/24")
    port.box.address("mon0", "192.0.2.2/24")
    live = port.live("--format", "jsonl", interface="erspan:192.0.2.2")
    command = ["ip", "netns", "exec", port.switch.name, sys.executable, "-c"]
    script = "import socket,sys;s=socket.socket(socket.AF_INET,socket.SOCK_RAW,47)\nfor p in sys.argv[1:]: s.sendto(bytes.fromhex(p),('192.0.2.2',0))"
    subprocess.run([*command, script, *(("000088be" + p.hex()) for p in FAILING)], check=True, timeout=10)
    live.until(lambda: live.said('"change": "new"'))
    assert live.end() == 0
    assert live.lines("capture")[0]["encapsulations"]["erspan"] == len(FAILING)


def test_the_terminal_and_signals(port: Wire) -> None:
    """SIGHUP ends like the others."""
    live = port.live("--brief")
    assert live.end(signal.SIGHUP) == 0
    assert live.said("none: no autodiscover sessions in 0 packets")


def _minute(number: int) -> bytes:
    """A minute of a small site: downloads in new conversations, look-ups of ever new names, and a phone that fails."""
    packets = [phone.query(f"h{number}x{n}.example.net", n) for n in range(100)]
    for flow in range(60):
        port, isn = 10_000 + (number * 60 + flow) % 50_000, (number * 7_919 + flow * 104_729) & 0xFFFFFFFF
        client, server = bytes((10, 20, 1, flow)), bytes((198, 51, 100, flow))
        for seq, flags, size in ((isn, 2, 0), (isn + 1, 0x10, 0), (isn + 1, 0x18, 500), (isn + 501, 0x11, 0)):
            tcp = struct.pack(">HHIIBBHHH", port, 443, seq & 0xFFFFFFFF, 1, 0x50, flags, 8_192, seq & 0xFFFF, 0) + bytes(size)
            packets.append(phone.ethernet(phone.ipv4(client, server, 6, tcp)))
    start = 1_700_000_000 + 60 * number
    failing = [
        phone.record(p, start + 30 + 1.1 * n)
        for n, p in enumerate((phone.query(), phone.answer(), phone.syn(50_000 + number % 9_000), phone.syn(50_000 + number % 9_000)))
    ]
    return b"".join(phone.record(p, start + n * 0.08) for n, p in enumerate(packets)) + b"".join(failing)


def test_a_day_of_traffic_does_not_fill_the_memory() -> None:
    """A day in quick motion, through a pipe: in its last third resident memory grows by less than 2 %, and what the facts of 480 failed sessions take."""
    command = [sys.executable, "-m", "pcapkit", "live", "-", "--brief"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdin is not None
    resident: list[int] = []
    child.stdin.write(phone.HEADER)
    for number in range(1_440):
        child.stdin.write(_minute(number))
        if number % 20 == 0:
            child.stdin.flush()
            resident.append(int(Path(f"/proc/{child.pid}/statm").read_text().split()[1]) * 4)
    out, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (0, b"")
    assert b"critical: F1 service-no-reply" in out
    third = len(resident) // 3
    middle, last = min(resident[third + third // 2 : 2 * third]), min(resident[-third // 2 :])  # the least: a report being drawn is no growth
    assert last < 1.02 * middle + 480 * 16, resident
    assert max(resident) < 300_000
