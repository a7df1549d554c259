"""Data flows one way: the import contracts of ``pyproject.toml`` hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_import_contracts():
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-1_000:]


def test_dissectors_know_nothing_of_pcapkit():
    code = "import sys, pcapkit_dissectors; pcapkit_dissectors.all_dissectors(); sys.exit(any(m == 'pcapkit' or m.startswith('pcapkit.') for m in sys.modules))"
    path = f"import sys; sys.path.insert(0, {str(ROOT / 'dissectors')!r}); "
    assert subprocess.run([sys.executable, "-c", path + code], timeout=60, check=False).returncode == 0
