"""Record scenarios by hand:  record.py OUT_FOLDER [NAME…]   (as root; no name: all; `list`: what there is)

Writes NAME.pcap and NAME.truth.json of the form of the shared lab captures, and roots/.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from acts import available
from net import missing
from pki import Pki
from scenarios import SCENARIOS, Expect, Scenario
from world import World


def record(scenario: Scenario, folder: Path, pki: Pki) -> dict[str, object]:
    """Run one scenario, capture it, and write its truth."""
    folder.mkdir(parents=True, exist_ok=True)
    capture = folder / f"{scenario.name}.pcap"
    with World(scenario.site, pki, capture) as world:
        expected = scenario.play(world, pki.public_roots)
        world.stop_capture()
        truth = _truth(scenario, world, expected, folder)
    (folder / f"{scenario.name}.truth.json").write_text(json.dumps(truth, indent=1))
    return truth


def _truth(scenario: Scenario, world: World, expected: list[Expect], folder: Path) -> dict[str, object]:
    capture = next((e for e in expected if e.phone is None), Expect(None))
    named = {id(e.phone): e for e in expected if e.phone}
    devices = []
    for phone in world.phones:
        e = named.get(id(phone), Expect(phone))
        devices.append(
            {
                "mac": phone.mac, "ip": [phone.address], "hostname": phone.name, "platform": phone.platform, "connections": phone.commands,
                "expected": list(e.expected), "expected_any": [list(g) for g in e.any_of], "allowed": list(e.allowed), "forbidden": [],
            }
        )  # fmt: skip
    return {
        "scenario": scenario.name, "file": f"{scenario.name}.pcap", "description": scenario.text, "trust": ["roots/public-roots.pem"], "keylog": None,
        "options": [o.format(corp=world.pki.corp_roots) for o in scenario.options], "site": world.names, "devices": devices,
        "capture_findings": {"expected": list(capture.expected), "allowed": list(capture.allowed), "forbidden": []},
    }  # fmt: skip


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] == "list":
        for name, scenario in SCENARIOS.items():
            print(f"{name:28s} {scenario.text}")
        return 0
    reason = missing()
    if reason:
        print(f"lab: {reason}", file=sys.stderr)
        return 5
    folder = Path(sys.argv[1])
    pki = Pki(folder / "roots")
    for name in sys.argv[2:] or SCENARIOS:
        scenario = SCENARIOS[name]
        if not all(available(tool) for tool in scenario.tools):
            print(f"{name:28s} left out: {', '.join(scenario.tools)} is not installed")
            continue
        start = time.monotonic()
        truth = record(scenario, folder, pki)
        print(f"{name:28s} {time.monotonic() - start:5.1f} s  {[d['expected'] or d['expected_any'] for d in truth['devices']]}")  # type: ignore[attr-defined]
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
