"""What the tests of the browser share."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
for name in ("NO_COLOR", "TEXTUAL_THEME", "TEXTUAL_ANIMATIONS"):
    os.environ.pop(name, None)
os.environ["TERM"], os.environ["COLORTERM"] = "xterm-256color", "truecolor"

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@pytest.fixture(scope="session")
def demo() -> Path:
    """A capture with three phones."""
    return SAMPLES / "demo.pcapng"
