"""Ordinary traffic without a fault gives no finding above info."""

from __future__ import annotations

import shutil
from pathlib import Path

import net
import ordinary
import pytest
from alike import report
from pki import Pki

CANNOT = net.missing() or next((f"the test needs {tool}" for tool in ("editcap", "mergecap") if not shutil.which(tool)), None)
pytestmark = [pytest.mark.lab, pytest.mark.skipif(CANNOT is not None, reason=CANNOT or "")]


def test_half_an_hour_without_a_fault(tmp_path: Path) -> None:
    pki = Pki(tmp_path / "roots")
    capture, macs = ordinary.record(tmp_path, pki)
    told = report(capture, "--trust", str(pki.public_roots), "--full")
    assert [f"{f['code']}: {f['detail']}" for f in told["findings"] if f["severity"] != "info"] == []
    first, last = (told["captures"][0][key] for key in ("first_time", "last_time"))
    assert _minutes(first, last) >= ordinary.MINUTES
    assert sorted(macs) == sorted(d["mac"] for d in told["devices"] if d["mac"] in macs)
    assert {s["outcome"] for s in told["sessions"]} <= {"succeeded", "incomplete"}
    assert {s["service"] for s in told["sessions"]} == {"lync", "exchange"}
    assert {53, 80, 443, 5353} <= {f["server_port"] for f in told["flows"]}
    assert [(p["code"], p["detail"]) for p in told["captures"][0]["problems"]] == [("unknown-layer", "wireguard")]


def _minutes(first: str, last: str) -> float:
    from datetime import datetime

    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds() / 60
