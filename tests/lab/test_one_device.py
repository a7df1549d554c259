"""What is told of one device does not depend on who else is in the capture: five phones, and each cut out of their capture."""

from __future__ import annotations

import json
from pathlib import Path

import net
import pytest
from alike import because, cut, report, told
from company import PUB
from pki import Pki
from record import record
from scenarios import SCENARIOS

CANNOT = net.missing()
pytestmark = [pytest.mark.lab, pytest.mark.tshark, pytest.mark.skipif(CANNOT is not None, reason=CANNOT or "")]


def test_the_report_for_one_of_five_devices_is_that_of_its_own_capture(tmp_path: Path) -> None:
    """Names and addresses that one phone would teach about another are given to both, as a user would."""
    pki = Pki(tmp_path / "roots")
    truth = record(SCENARIOS["five_phones"], tmp_path, pki)
    whole = tmp_path / truth["file"]
    given = ["--trust", str(pki.public_roots), "--external-fqdn", "webext.contoso.com", "--public-ip", PUB]
    found = set()
    for device in truth["devices"]:
        frames = cut(whole, device["mac"], tmp_path / "cut.pcap")
        narrowed, alone = report(whole, *given, "--device", device["mac"]), report(tmp_path / "cut.pcap", *given)
        assert [d["mac"] for d in alone["devices"]] == [device["mac"]]
        assert json.dumps(told(narrowed), indent=1) == json.dumps(told(alone, frames), indent=1)
        assert because(narrowed) >= because(alone, frames)
        found |= {f["code"] for f in alone["findings"]}
    assert found == {"untrusted-private-ca", "hairpin-no-reply"}
