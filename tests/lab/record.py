"""Record scenarios, as root:

record.py list                     what there is
record.py OUT_FOLDER [NAME…]       writes NAME.pcap, NAME.truth.json (and NAME.keys), and roots/; without a name: all of them
record.py --report NAME…           records into a new folder, says where, and prints the report

A NAME may be a pattern (``hairpin*``) or a code of the catalogue (``hairpin-no-reply``: all scenarios made for it). Truths have the form of the shared lab
captures: ``score.py --frames --dir OUT_FOLDER``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from acts import available
from net import missing
from pki import Pki
from scenarios import SCENARIOS, Expect, Scenario
from world import World


def record(scenario: Scenario, folder: Path, pki: Pki) -> dict[str, Any]:
    """Run one scenario, capture it, and write its truth."""
    folder.mkdir(parents=True, exist_ok=True)
    capture = folder / f"{scenario.name}.pcap"
    with World(scenario.site, pki, capture) as world:
        expected = scenario.play(world)
        world.stop_capture()
        truth = _truth(scenario, world, expected)
    (folder / f"{scenario.name}.truth.json").write_text(json.dumps(truth, indent=1))
    return truth


def _truth(scenario: Scenario, world: World, expected: list[Expect]) -> dict[str, Any]:
    capture = next((e for e in expected if e.phone is None), Expect(None))
    named = {id(e.phone): e for e in expected if e.phone}
    devices = []
    for phone in world.phones:
        e = named.get(id(phone), Expect(phone))
        devices.append(
            {
                "mac": phone.mac, "ip": [phone.address, *phone.also], "hostname": phone.name, "platform": phone.platform, "connections": phone.commands,
                "expected": list(e.expected), "expected_any": [list(g) for g in e.any_of], "allowed": list(e.allowed), "forbidden": [],
                "severity": e.severity, "facts": e.facts, "outcome": e.outcome,
            }
        )  # fmt: skip
    return {
        "scenario": scenario.name, "file": f"{scenario.name}.pcap", "description": scenario.text, "twin_of": scenario.twin,
        "trust": [f"roots/{scenario.trust}-roots.pem"], "keylog": f"{scenario.name}.keys" if scenario.keys else None, "site": world.names, "devices": devices,
        "capture_findings": {"expected": list(capture.expected), "allowed": list(capture.allowed), "forbidden": []},
    }  # fmt: skip


def chosen(names: list[str]) -> list[Scenario]:
    """Scenarios by name, pattern or code.

    Raises:
        SystemExit: a name that means none.
    """
    found: dict[str, Scenario] = {}
    for name in names:
        fitting = [s for s in SCENARIOS.values() if fnmatchcase(s.name, name.replace("-", "_")) or name in s.codes]
        if not fitting:
            raise SystemExit(f"lab: no scenario and no code {name}; `record.py list` shows them")
        found.update({s.name: s for s in fitting})
    return list(found.values()) or list(SCENARIOS.values())


def report(truth: dict[str, Any], folder: Path) -> int:
    """The analyzer's report on a recording, as its user would ask for it."""
    argv = [sys.executable, "-m", "pcapkit", "analyze", str(folder / truth["file"]), "--trust", str(folder / truth["trust"][0])]
    return subprocess.run([*argv, *(["--keylog", str(folder / truth["keylog"])] if truth["keylog"] else [])], check=False).returncode


def main(argv: list[str]) -> int:
    if argv in ([], ["list"], ["--report"]):
        for s in SCENARIOS.values():
            print(f"{s.name:28s} {s.text}" + (f"  [{', '.join(s.codes)}]" if s.codes else ""))
        return 0
    reason = missing()
    if reason:
        print(f"lab: {reason}", file=sys.stderr)
        return 5
    wants_report = argv[0] == "--report"
    scenarios = chosen(argv[1:])
    folder = Path(tempfile.mkdtemp(prefix="lab-")) if wants_report else Path(argv[0])
    pki = Pki(folder / "roots")
    for s in scenarios:
        lacking = [tool for tool in s.tools if not available(tool)]
        if lacking:
            print(f"{s.name:28s} left out: {', '.join(lacking)} is not installed")
            continue
        start = time.monotonic()
        truth = record(s, folder, pki)
        print(f"{s.name:28s} {time.monotonic() - start:5.1f} s  {s.text}", flush=True)
        if wants_report:
            print(f"kept in {folder / truth['file']}\n", flush=True)
            report(truth, folder)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
