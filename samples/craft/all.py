"""Makes the samples: every capture beside this folder, byte for byte the same each time.

python samples/craft/all.py             all of them
python samples/craft/all.py CODE…       some
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
SAMPLES: Final = HERE.parent


def codes() -> list[str]:
    """Everything that has a script here."""
    return sorted(path.stem.replace("_", "-") for path in HERE.glob("*.py") if path.name != "all.py")


def crafted(code: str) -> dict[str, bytes]:
    """File name → content, of one code: the sick capture, and its healthy twin if it has one."""
    module = importlib.import_module(code.replace("-", "_"))
    made = {f"{code}.pcapng": module.craft().pcapng()}
    if hasattr(module, "healthy"):
        made[f"{code}.healthy.pcapng"] = module.healthy().pcapng()
    return made


def roots() -> dict[str, bytes]:
    """File name → content of the roots, for ``--trust``."""
    from kit import pki

    return {"public.pem": pki.pem(pki.public_root().cert), "private.pem": pki.pem(pki.private_root().cert)}


def main(wanted: list[str]) -> None:
    """Write what differs."""
    files = {SAMPLES / "roots" / name: data for name, data in roots().items()}
    for code in wanted or codes():
        files |= {SAMPLES / name: data for name, data in crafted(code).items()}
    for path, data in files.items():
        if not path.exists() or path.read_bytes() != data:
            path.write_bytes(data)
            print(f"{path.relative_to(SAMPLES.parent)}: {len(data)} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
