#!/usr/bin/env python3
"""Pack the IEEE registry of MAC prefixes for ``pcapkit.sessions.oui``.

    pack_oui.py SOURCE... [-o pcapkit/sessions/oui.bin]

SOURCE: Wireshark's ``manuf`` file (``/usr/share/wireshark/manuf``, or the output of ``tshark -G manuf``), or the registry's own
``oui.csv``, ``mam.csv`` and ``oui36.csv`` (Debian's package ``ieee-data``). Later sources win.

The packed file: ``OUI1``, three counts (uint32, for prefixes of 36, 28 and 24 bits), for each length the prefixes in order (5 bytes value, 3 bytes
offset of the name), then the names (1 byte length, UTF-8). Big-endian.
"""

from __future__ import annotations

import argparse
import csv
import re
import struct
import sys
from pathlib import Path

BITS = (36, 28, 24)
LEGAL = re.compile(
    r"[\s,]+(inc|incorporated|corp|corporation|co|company|ltd|limited|llc|gmbh|ag|s\.?a|s\.?r\.?l|b\.?v|a/s|ab|oy|kg|plc|pty|pte|n\.?v|s\.?p\.?a)\.?$",
    re.I,
)


def clean(name: str) -> str:
    """The name as people say it: without its legal forms, at most 60 characters."""
    name = " ".join(name.split())
    while True:
        short = LEGAL.sub("", name.rstrip(" .,")).rstrip(" .,")
        if short == name or not short:
            return name[:60]
        name = short


def read_manuf(path: Path) -> dict[tuple[int, int], str]:
    """Wireshark's lines: prefix, optional length, short name, long name."""
    found = {}
    for line in path.read_text("utf-8", "replace").splitlines():
        fields = line.split("\t")
        if line.startswith("#") or len(fields) < 2:
            continue
        prefix, _, length = fields[0].strip().partition("/")
        digits = re.sub("[^0-9A-Fa-f]", "", prefix)
        bits = int(length or 24)
        if bits in BITS and len(digits) * 4 >= bits:
            found[bits, int(digits.ljust(12, "0"), 16) >> (48 - bits)] = clean(fields[2] if len(fields) > 2 else fields[1])
    return found


def read_csv(path: Path) -> dict[tuple[int, int], str]:
    """The registry's own lists: Registry, Assignment, Organization Name, Organization Address."""
    found = {}
    with path.open(encoding="utf-8", errors="replace", newline="") as lines:
        for row in csv.DictReader(lines):
            digits = row["Assignment"].strip()
            bits = len(digits) * 4
            if bits in BITS:
                found[bits, int(digits, 16)] = clean(row["Organization Name"])
    return found


def pack(found: dict[tuple[int, int], str]) -> bytes:
    """Everything as one block of bytes."""
    names = bytearray()
    offsets: dict[str, int] = {}
    for name in sorted(set(found.values())):
        text = name.encode()[:255]
        offsets[name] = len(names)
        names += bytes([len(text)]) + text
    lists = [sorted((value, name) for (length, value), name in found.items() if length == bits) for bits in BITS]
    body = b"".join(value.to_bytes(5, "big") + offsets[name].to_bytes(3, "big") for entries in lists for value, name in entries)
    return b"OUI1" + struct.pack(">3I", *map(len, lists)) + body + bytes(names)


def main() -> int:
    """Read, pack, write, say how many."""
    parser = argparse.ArgumentParser(description="Pack the IEEE registry of MAC prefixes.")
    parser.add_argument("source", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).parent.parent / "pcapkit" / "sessions" / "oui.bin")
    args = parser.parse_args()
    found: dict[tuple[int, int], str] = {}
    for source in args.source:
        found.update(read_csv(source) if source.suffix == ".csv" else read_manuf(source))
    data = pack(found)
    args.output.write_bytes(data)
    sys.stdout.write(f"{len(found)} prefixes, {len(data)} bytes in {args.output}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
