"""The packed registry of MAC prefixes, and the tool that packs it."""

import importlib.util
from pathlib import Path

import pytest

from pcapkit.sessions import oui

TOOL = Path(__file__).parents[3] / "tools" / "pack_oui.py"


@pytest.fixture
def tool():
    spec = importlib.util.spec_from_file_location("pack_oui", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("Apple, Inc.", "Apple"),
        ("Samsung Electronics Co.,Ltd", "Samsung Electronics"),
        ("HUAWEI TECHNOLOGIES CO.,LTD", "HUAWEI TECHNOLOGIES"),
        ("Siemens AG", "Siemens"),
        ("Inc.", "Inc"),
        ("  Two   Words  ", "Two Words"),
    ],
)
def test_legal_forms_are_dropped(tool, name, clean):
    assert tool.clean(name) == clean


def test_both_sources_are_packed_and_found(tool, tmp_path, monkeypatch):
    manuf, registry, packed = tmp_path / "manuf", tmp_path / "oui.csv", tmp_path / "oui.bin"
    manuf.write_text(
        "# comment\n00:00:5E\tIANA\tICANN, IANA Department\n00:1B:C5:00:10:00/36\tTiny\tTiny Devices Ltd\n8C:1F:64:10:00:00/28\tMid\tMid GmbH\n"
    )
    registry.write_text('Registry,Assignment,Organization Name,Organization Address\nMA-L,A483E7,"Apple, Inc.",Cupertino\n')
    monkeypatch.setattr("sys.argv", ["pack_oui.py", str(manuf), str(registry), "-o", str(packed)])
    assert tool.main() == 0
    monkeypatch.setattr(oui, "PATH", packed)
    for cached in (oui._table, oui.vendor_of):
        cached.cache_clear()
    try:
        found = {
            mac: oui.vendor_of(mac)
            for mac in ("a4:83:e7:00:00:01", "00:00:5e:11:22:33", "00:1b:c5:00:1f:ff", "8c:1f:64:1f:00:00", "00:1b:c5:00:20:00")
        }
    finally:
        for cached in (oui._table, oui.vendor_of):
            cached.cache_clear()
    assert list(found.values()) == ["Apple", "ICANN, IANA Department", "Tiny Devices", "Mid", None]


def test_the_shipped_registry_is_whole():
    assert oui.vendor_of("00:00:0c:00:00:00") == "Cisco Systems"
    assert oui.PATH.stat().st_size > 800_000
