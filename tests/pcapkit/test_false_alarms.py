"""Captures of other people's tests, without a fault of autodiscover in them, give no finding above info; what does is argued in docs/false-alarms.md."""

from __future__ import annotations

from pathlib import Path

import pytest

import pcapkit

SHARED = Path(__file__).parents[3] / "shared" / "captures"
DOCUMENT = Path(__file__).parents[2] / "docs" / "false-alarms.md"
ARGUED = {
    "ja4_tls-sni.pcapng": {"capture-one-way"},
    "zeek_erspan.pcap": {"capture-drops"},
    "zeek_gre-aruba.pcap": {"capture-one-way"},
}
CAPTURES = sorted(p for p in SHARED.glob("*.pcap*") if p.is_file()) if SHARED.is_dir() else []
pytestmark = pytest.mark.shared


def above_info(capture: Path, *keys: Path) -> set[str]:
    found = pcapkit.analyze(capture, keylog=keys).report.findings
    return {f.code for f in found if f.severity != "info"}


@pytest.mark.parametrize("capture", CAPTURES, ids=[p.name for p in CAPTURES])
def test_no_alarm(capture: Path) -> None:
    assert above_info(capture) == ARGUED.get(capture.name, set())
    keys = capture.with_suffix(".keys")
    if keys.exists():
        assert above_info(capture, keys) == ARGUED.get(capture.name, set())


def test_each_exception_is_argued() -> None:
    said = DOCUMENT.read_text()
    missing = [name for name, codes in ARGUED.items() for word in (name, *codes) if word not in said]
    assert not missing
