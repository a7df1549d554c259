"""Where the shared captures are, if they stand beside this checkout."""

from pathlib import Path

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "captures"
