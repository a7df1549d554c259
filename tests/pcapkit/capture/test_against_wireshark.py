"""Frame numbers, lengths and times as tshark gives them, on captures that others made."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from craft_capture import codes, read

SHARED = Path(__file__).resolve().parents[4] / "shared" / "captures"
FOUND = sorted(p for p in [*SHARED.glob("*.pcap*"), *SHARED.glob("lab/*.pcap*")] if ".truth" not in p.name)

pytestmark = [pytest.mark.shared, pytest.mark.tshark, pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")]


def nanoseconds(text):
    seconds, _, rest = text.partition(".")
    return int(seconds) * 10**9 + int(rest.ljust(9, "0")[:9])


def by_tshark(path):
    fields = ["frame.number", "frame.cap_len", "frame.len", "frame.time_epoch"]
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", *(x for f in fields for x in ("-e", f))]
    environment = {**os.environ, "TZ": "UTC"}
    lines = subprocess.run(command, capture_output=True, text=True, check=False, env=environment).stdout.splitlines()
    rows = [line.split("\t") for line in lines]
    return [(int(frame), nanoseconds(time), int(cap), int(size)) for frame, cap, size, time in rows]


@pytest.mark.skipif(not FOUND, reason="the shared captures are not beside the checkout")
@pytest.mark.parametrize("path", FOUND[::7], ids=lambda p: p.name)
def test_shared_captures(path):
    records, capture = read(path, window_bytes=4_096)
    assert [r[:4] for r in records] == by_tshark(path)
    assert capture.packets == len(records)


@pytest.mark.skipif(not FOUND or shutil.which("editcap") is None, reason="needs editcap and the shared captures")
@pytest.mark.parametrize("kind", ["pcap", "nsecpcap", "modpcap", "nokiapcap", "rh6_1pcap", "suse6_3pcap", "snoop", "netmon2", "pcapng"])
def test_formats_that_editcap_writes(tmp_path, kind):
    path = tmp_path / "site"
    subprocess.run(["editcap", "-F", kind, str(SHARED / "zeek_http-qinq-0.pcap"), str(path)], check=True, capture_output=True)
    records, capture = read(path)
    assert [r[:4] for r in records] == by_tshark(path)
    assert codes(capture) == (["local-time"] if kind == "netmon2" else [])
