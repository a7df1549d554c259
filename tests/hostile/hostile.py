"""Damage every capture of a folder in many ways, and see that each gives a report or one line: no other exception, no hang, no flood of memory.

    hostile.py FOLDER… [--cuts 200] [--flips 1000] [--seed 1] [--share 1.0] [--jobs 2]

Each copy is analysed in this process (one per job). Exit 0 only if every copy passed. ``--share 0.1`` takes a tenth of cuts and flips.
"""

from __future__ import annotations

import argparse
import gzip
import multiprocessing
import os
import random
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.pop("PCAPKIT_STRICT", None)
SECONDS = 10
MIB_500 = 500 * 1024
HEAD = 4096
"""Half of the flips fall into the first bytes, where headers and names are."""


def damaged(data: bytes, cuts: int, flips: int, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Copies of ``data``: cut at ``cuts`` places, and ``flips`` with some bytes changed."""
    for _ in range(min(cuts, len(data))):
        at = chance.randrange(len(data))
        yield f"cut at {at}", data[:at]
    for number in range(flips):
        copy = bytearray(data)
        for _ in range(chance.choice((1, 2, 4, 16, 64))):
            at = chance.randrange(min(HEAD, len(copy)) if chance.random() < 0.5 else len(copy))
            copy[at] = chance.choice((0, 0xFF, 0x80, 0x7F, chance.randrange(256)))
        yield f"flip {number}", bytes(copy)


def plain(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" and len(data) < 1 << 20 else data


def try_one(path: Path) -> str | None:
    """None if it gave a report or a proper refusal; else what went wrong."""
    from pcapkit.analysis import run
    from pcapkit.options import InputError, Options
    from pcapkit.report.json import to_json
    from pcapkit.report.text import to_text

    try:
        report = run([str(path)], Options(full=True))
    except InputError:
        return None
    except Exception as error:
        place = error.__traceback__
        while place and place.tb_next:
            place = place.tb_next
        where = f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place else "?"
        return f"{type(error).__name__} in {where}: {error}"
    bugs = [p.detail for c in report.captures for p in c.problems if p.code == "internal-error"]
    if bugs:
        return f"internal-error: {bugs[0]}"
    text = to_text(report) + to_json(report)
    bad = {c for c in text if (ord(c) < 32 and c != "\n") or 0x7F <= ord(c) < 0xA0 or 0x202A <= ord(c) <= 0x202E}
    return f"unsafe characters in the output: {sorted(map(ord, bad))}" if bad else None


def work(task: tuple[str, int, int, int]) -> tuple[str, int, list[str]]:
    """All copies of one capture."""
    name, cuts, flips, seed = task
    data = plain(Path(name))
    chance = random.Random(f"{seed}{Path(name).name}")
    failures: list[str] = []
    tried = 0
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        copy = Path(folder) / "copy"
        for what, content in damaged(data, cuts, flips, chance):
            copy.write_bytes(content)
            start = time.monotonic()
            signal.alarm(6 * SECONDS)
            wrong = try_one(copy)
            signal.alarm(0)
            took = time.monotonic() - start
            if wrong is None and took > SECONDS:
                wrong = f"took {took:.1f} s"
            if wrong:
                failures.append(f"{Path(name).name}, {what}: {wrong}")
            tried += 1
            if len(failures) >= 5:
                break
    if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > MIB_500:
        failures.append(f"{Path(name).name}: more than 500 MiB of memory")
    return name, tried, failures


def main() -> int:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("folders", nargs="+", type=Path)
    ap.add_argument("--cuts", type=int, default=200)
    ap.add_argument("--flips", type=int, default=1000)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--share", type=float, default=1.0)
    ap.add_argument("--jobs", type=int, default=2)
    a = ap.parse_args()
    captures = sorted(p for folder in a.folders for p in folder.rglob("*") if p.suffix in (".pcap", ".pcapng", ".gz") and p.is_file())
    tasks = [(str(p), max(1, int(a.cuts * a.share)), max(1, int(a.flips * a.share)), a.seed) for p in captures]
    tried, failures = 0, 0
    start = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(a.jobs) as pool:
        for name, count, wrong in pool.imap_unordered(work, sorted(tasks, key=lambda t: -Path(t[0]).stat().st_size)):
            tried += count
            failures += len(wrong)
            for line in wrong:
                print(line, flush=True)
            if sys.stderr.isatty():
                print(f"{tried} copies tried, {failures} failed ({Path(name).name})", file=sys.stderr)
    print(f"{len(captures)} captures, {tried} damaged copies, {failures} failed, {time.monotonic() - start:.0f} s")
    return 1 if failures or not captures else 0


if __name__ == "__main__":
    raise SystemExit(main())
