"""The report for one device of a capture with five equals the report of the capture cut to that device: a mirror port with planted faults."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from alike import because, cut, report, told

MAKER = Path(__file__).parents[3] / "shared" / "tools" / "make_mirror_capture.py"


@pytest.mark.shared
@pytest.mark.tshark
def test_a_device_alone_is_told_as_among_others(tmp_path: Path) -> None:
    if not MAKER.exists():
        pytest.skip("the maker of mirror captures is not beside this checkout")
    argv = [sys.executable, str(MAKER), str(tmp_path / "m"), "-n", "6000", "--sessions", "10", "--devices", "5", "--format", "pcap"]
    subprocess.run(argv, check=True, capture_output=True)
    planted = json.loads((tmp_path / "m.truth.json").read_text())["sessions"]
    whole, given, found = tmp_path / "m.pcap", ["--trust", str(tmp_path / "m.roots.pem")], set()
    for mac in sorted({s["device_mac"] for s in planted}):
        frames = cut(whole, mac, tmp_path / "cut.pcap")
        narrowed, alone = report(whole, *given, "--device", mac), report(tmp_path / "cut.pcap", *given)
        assert json.dumps(told(narrowed), indent=1) == json.dumps(told(alone, frames), indent=1)
        assert because(narrowed) >= because(alone, frames)
        found |= {f["code"] for f in alone["findings"]}
    assert found >= {s["expect"] for s in planted if s["expect"]}
