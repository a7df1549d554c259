"""The capturing side as far as it goes without privileges: what is asked for, what tools say, files that follow each other, mirrors that send to us."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import phone
import pytest

from pcapkit.capture.live import CaptureError, Capturing, Request
from pcapkit.capture.live.relay import Relay
from pcapkit.capture.live.tools import Tool, candidates, meaning
from pcapkit.cli.capturing import _ring, _seconds
from pcapkit.cli.errors import Fail
from pcapkit.live import LiveRun
from pcapkit.options import Options


@pytest.mark.parametrize(("text", "wanted"), [("5×100", (5, 100)), ("5x100", (5, 100)), ("2X1MB", (2, 1)), ("10 x 50 MB", (10, 50))])
def test_rings(text: str, wanted: tuple[int, int]) -> None:
    assert _ring(text) == wanted


@pytest.mark.parametrize("text", ["", "5", "1x100", "5x0", "x", "5x100GB", "99999x1"])
def test_rings_that_cannot_be(text: str) -> None:
    with pytest.raises(Fail):
        _ring(text)


def test_durations() -> None:
    assert _seconds("duration:1.5") == 1.5
    for text in ("duration:0", "duration:x", "5", "filesize:9"):
        with pytest.raises(Fail):
            _seconds(text)


@pytest.mark.parametrize(
    ("interface", "wanted"),
    [
        ("eth1", None),
        ("tzsp:37008", ("tzsp", "", 37_008)),
        ("tzsp:192.0.2.9:4000", ("tzsp", "192.0.2.9", 4_000)),
        ("peekremote:", ("peekremote", "", 5_000)),
        ("erspan:192.0.2.9", ("erspan", "192.0.2.9", 0)),
        ("br0:1", None),
    ],
)
def test_mirrors_that_send_to_us(interface: str, wanted: object) -> None:
    assert Request(interface).received == wanted


@pytest.mark.parametrize("interface", ["tzsp:70000", "tzsp:x", "erspan:switch.example.com", "peekremote:192.0.2.300:5000"])
def test_mirrors_that_cannot_be_read(interface: str) -> None:
    with pytest.raises(CaptureError):
        _ = Request(interface).received


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("The capture session could not be initiated on capture device eth0 (You don't have permission to capture on that device).", "privilege"),
        ("tcpdump: mon7: No such device exists", "interface"),
        ("dumpcap: Invalid capture filter udp prot 53 for interface mon0.", "usage"),
        ("tcpdump: can't parse filter expression: syntax error", "usage"),
        ("Not all the packets could be written to the file because there is no space left on the file system.", "disk"),
        ("something else", "tool"),
    ],
)
def test_what_tools_say(message: str, kind: str) -> None:
    assert meaning(message) == kind


def test_the_wish_of_the_user_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PCAPKIT_CAPTURER", "pcapkit")
    assert [tool.name for tool in candidates(Request("eth1"))] == (["pcapkit"] if sys.platform == "linux" else [])


def test_files_that_follow_each_other_read_as_one(tmp_path: Path) -> None:
    read, write = os.pipe()
    relay = Relay(write)
    for number in range(3):
        path = tmp_path / f"{number}"
        path.write_bytes(b"abc" * 1_000 + str(number).encode())
        relay.add(str(path))
    relay.start()
    time.sleep(0.05)
    with (tmp_path / "2").open("ab") as last:
        last.write(b"more")
    time.sleep(0.2)
    relay.add(str(tmp_path / "gone"))
    relay.finish()
    with os.fdopen(read, "rb") as pipe:
        data = pipe.read()
    assert data == b"".join(b"abc" * 1_000 + str(n).encode() for n in range(3)) + b"more"
    assert relay.skipped == 1


FAKE = """
import os, sys, time
sys.stderr.write("ready eth9\\n"); sys.stderr.flush()
os.write(1, bytes.fromhex({data!r}))
{then}
"""


def fake(data: bytes, then: str) -> Capturing:
    tool = Tool("pcapkit", "a fake", {}, (sys.executable, "-c", FAKE.replace("\\\\n", "\\n").format(data=data.hex(), then=then)))
    capturing = Capturing(Request("eth9"), tool)
    capturing.begin()
    capturing.run()
    return capturing


CAPTURE = phone.HEADER + phone.record(phone.query(), 1_700_000_000) + phone.record(phone.answer(), 1_700_000_000.1)


def test_a_capturer_that_ends_well() -> None:
    run = LiveRun(fake(CAPTURE, ""), Options())
    last = list(run.updates())[-1]
    assert last.counters.packets == 2
    assert last.report is not None
    assert last.report.captures[0].path == "eth9"
    assert run.failure is None


def test_a_capturer_that_is_asked_to_end() -> None:
    run = LiveRun(fake(CAPTURE, "sys.stdin.read()"), Options())
    for update in run.updates():
        if update.counters.packets == 2:
            run.stop()
    assert run.ended
    assert run.failure is None


@pytest.mark.parametrize(
    ("then", "kind"),
    [
        ("sys.stderr.write('x.pcapng: the disk is full'); sys.exit(4)", "disk"),
        ("sys.stderr.write('eth9 has vanished: capturing ends'); sys.exit(5)", "interface"),
        ("os.kill(os.getpid(), 9)", "tool"),
    ],
)
def test_a_capturer_that_fails_leaves_its_packets_and_a_reason(then: str, kind: str) -> None:
    run = LiveRun(fake(CAPTURE, then), Options())
    assert list(run.updates())[-1].counters.packets == 2
    assert run.failure is not None
    assert run.failure.kind == kind


def test_a_capturer_that_does_not_begin() -> None:
    tool = Tool("pcapkit", "a fake", {}, (sys.executable, "-c", "import sys; sys.exit('eth9: there is no such interface')"))
    with pytest.raises(CaptureError, match="no such interface"):
        Capturing(Request("eth9"), tool).begin()


@pytest.mark.parametrize(("protocol", "head"), [("tzsp", b"\x01\x00\x00\x01\x01"), ("peekremote", None)])
def test_mirrored_packets_in_datagrams_are_taken_out(protocol: str, head: bytes | None) -> None:
    """TZSP: version 1, received tag list, Ethernet, then the end tag. What nobody can read stays a datagram."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "pcapkit", "live", "-i", f"{protocol}:127.0.0.1:{port}", "-c", "4", "--format", "jsonl", "-v"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    assert "capturing on" in child.stderr.readline()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for packet in (phone.query(), phone.answer(), phone.syn()):
            sock.sendto((head or b"\0" * 20) + packet, ("127.0.0.1", port))
            time.sleep(0.03)
        sock.sendto(struct.pack(">I", 0), ("127.0.0.1", port))
    out, err = child.communicate(timeout=20)
    assert (child.returncode, err) == (0, "")
    assert ('"tzsp": 3' in out) == (head is not None)
    assert ("lyncdiscoverinternal" in out) == (head is not None)
