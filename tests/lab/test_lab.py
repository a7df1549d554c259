"""A real network per scenario: recorded on the mirror port, analysed, and the report held against what was done to it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import acts
import net
import pytest
from pki import Pki
from record import record
from scenarios import SCENARIOS

pytestmark = pytest.mark.lab
CANNOT = net.missing()
needs_lab = pytest.mark.skipif(CANNOT is not None, reason=CANNOT or "")
PLAYABLE = [name for name, s in SCENARIOS.items() if all(map(acts.available, s.tools))]


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("lab") / "roots")


def analyse(capture: Path, *options: str) -> dict[str, Any]:
    argv = [sys.executable, "-m", "pcapkit", "analyze", str(capture), "--format", "json", *options]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def by_device(report: dict[str, Any]) -> dict[str | None, dict[str, dict[str, Any]]]:
    """MAC (or address; None: the capture) → code → finding."""
    keys = {d["id"]: d["mac"] or d["addresses"][0] for d in report["devices"]}
    found: dict[str | None, dict[str, dict[str, Any]]] = {}
    for finding in report["findings"]:
        for device in finding["devices"] or [None]:
            found.setdefault(keys.get(device), {}).setdefault(finding["code"], finding)
    return found


def wrong(got: dict[str, dict[str, Any]], truth: dict[str, Any]) -> list[str]:
    """What is missing, what should not be there, and what is said otherwise than it is."""
    fine = {*truth["expected"], *truth["allowed"], *(c for group in truth.get("expected_any", []) for c in group)}
    problems = [f"missing {c}" for c in truth["expected"] if c not in got]
    problems += [f"missing one of {g}" for g in truth.get("expected_any", []) if not got.keys() & set(g)]
    problems += [f"unexpected {c}: {got[c]['detail']}" for c in sorted(got.keys() - fine)]
    for code, severity in truth.get("severity", {}).items():
        if code in got and got[code]["severity"] != severity:
            problems.append(f"{code} is {got[code]['severity']}, not {severity}")
    for code, facts in truth.get("facts", {}).items():
        told = got[code]["facts"] if code in got else facts
        problems += [f"{code}: {key} is {told.get(key)!r}, not {value!r}" for key, value in facts.items() if told.get(key) != value]
    return problems


def outcomes(report: dict[str, Any], truth: dict[str, Any]) -> list[str]:
    """Sessions that ended otherwise than they did."""
    ids = {d["id"] for d in report["devices"] if d["mac"] == truth["mac"]}
    ended = [s["outcome"] for s in report["sessions"] if s["device"] in ids]
    want = truth["outcome"]
    return [] if want is None or want in ended else [f"sessions ended {ended}, none {want}"]


@needs_lab
@pytest.mark.parametrize("name", PLAYABLE)
def test_report_says_what_was_done(name: str, pki: Pki, tmp_path: Path) -> None:
    truth = record(SCENARIOS[name], tmp_path, pki)
    keys = ["--keylog", str(tmp_path / truth["keylog"])] if truth["keylog"] else []
    report = analyse(tmp_path / truth["file"], "--trust", str(pki.folder / Path(truth["trust"][0]).name), *keys)
    got = by_device(report)
    problems = wrong(got.pop(None, {}), truth["capture_findings"])
    for device in truth["devices"]:
        mine = {**got.pop(device["mac"], {}), **{c: f for ip in device["ip"] for c, f in got.pop(ip, {}).items()}}
        problems += [f"{device['hostname']}: {p}" for p in (*wrong(mine, device), *outcomes(report, device))]
    if truth["keylog"]:
        problems += [f"not read: {n['code']}: {n['reason']}" for n in report["not_judged"] if "no keys" in n["reason"]]
    problems += [f"stray {who}: {sorted(codes)}" for who, codes in got.items()]
    problems += [f"problem {p['code']}: {p['detail']}" for c in report["captures"] for p in c["problems"]]
    assert not problems, "; ".join(problems)
