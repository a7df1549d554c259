"""A real network per scenario: recorded on the mirror port, analysed, and the report held against what was done to it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import net
import pytest
from acts import available
from pki import Pki
from record import record
from scenarios import SCENARIOS

pytestmark = pytest.mark.lab
CANNOT = net.missing()


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("lab") / "roots")


def analyse(capture: Path, *options: str) -> dict:
    argv = [sys.executable, "-m", "pcapkit", "analyze", str(capture), "--format", "json", *options]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def codes_by_device(report: dict) -> dict[str | None, set[str]]:
    macs = {d["id"]: d["mac"] for d in report["devices"]}
    found: dict[str | None, set[str]] = {}
    for finding in report["findings"]:
        for device in finding["devices"] or [None]:
            found.setdefault(macs.get(device), set()).add(finding["code"])
    return found


def wrong(got: set[str], truth: dict) -> list[str]:
    """What is missing, and what should not be there."""
    fine = {*truth["expected"], *truth["allowed"], *(c for group in truth.get("expected_any", []) for c in group)}
    missing = [f"missing {c}" for c in truth["expected"] if c not in got]
    missing += [f"missing one of {g}" for g in truth.get("expected_any", []) if not got & set(g)]
    return missing + [f"unexpected {c}" for c in sorted(got - fine)]


@pytest.mark.skipif(CANNOT is not None, reason=CANNOT or "")
@pytest.mark.parametrize("name", list(SCENARIOS))
def test_report_says_what_was_done(name: str, pki: Pki, tmp_path: Path) -> None:
    scenario = SCENARIOS[name]
    lacking = [tool for tool in scenario.tools if not available(tool)]
    if lacking:
        pytest.skip(f"needs {', '.join(lacking)}")
    truth = record(scenario, tmp_path, pki)
    report = analyse(tmp_path / truth["file"], "--trust", str(pki.public_roots), *truth["options"])
    got = codes_by_device(report)
    problems = wrong(got.pop(None, set()), truth["capture_findings"])
    for device in truth["devices"]:
        problems += [f"{device['hostname']}: {p}" for p in wrong(got.pop(device["mac"], set()), device)]
    problems += [f"stray {mac}: {sorted(codes)}" for mac, codes in got.items()]
    problems += [f"problem {p['code']}: {p['detail']}" for c in report["captures"] for p in c["problems"] if p["code"] == "internal-error"]
    assert not problems, "; ".join(problems)


@pytest.mark.skipif(CANNOT is not None, reason=CANNOT or "")
def test_nothing_is_left_behind(pki: Pki, tmp_path: Path) -> None:
    record(SCENARIOS["port80_closed"], tmp_path, pki)
    left = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    import os

    assert f"pk{os.getpid() % 100000}" not in left
