"""Dissectors that other distributions offer are found, and nothing is loaded to look for them where nobody offers any."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULE = """
from pcapkit_dissectors._api import DatagramDissector

DISSECTOR = DatagramDissector("echo", frozenset({7}), parse=bytes)
"""
SAY = "import sys, pcapkit_dissectors as d; print(*(x.name for x in d.all_dissectors()), 'importlib.metadata' in sys.modules)"


def names(*folders: Path) -> list[str]:
    path = [str(ROOT / "dissectors"), *map(str, folders)]
    code = f"import sys; sys.path = {path!r} + [p for p in sys.path if 'site-packages' not in p]; {SAY}"
    return subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout.split()


def test_another_distribution_offers_one(tmp_path):
    (tmp_path / "echo_dissector.py").write_text(MODULE)
    info = tmp_path / "echo_dissector-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: echo-dissector\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[pcapkit.dissectors]\necho = echo_dissector:DISSECTOR\n")
    assert "echo" in names(tmp_path)


def test_nobody_offers_any(tmp_path):
    info = tmp_path / "other-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[console_scripts]\nother = other:main\n")
    found = names(tmp_path, tmp_path / "missing", tmp_path / "a.zip")
    assert found[-1] == "False"
    assert {"dns", "tls", "http", "dhcp"} <= set(found)
