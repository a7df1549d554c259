"""What a start costs: nobody pays for what was not asked for."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from test_cli import pcap

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("textual", "rich", "scapy", "pandas", "pyarrow", "pyshark", "jinja2", "msgspec", "asyncio")


def cpu_s(*words: str) -> float:
    """User and system time of a process, the least of five."""
    least = 99.0
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True, timeout=60, cwd=ROOT)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        least = min(least, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return least


def modules(*words: str) -> set[str]:
    """Modules that a command line leaves loaded."""
    code = "import sys\nfrom pcapkit.cli import main\nmain(sys.argv[1:])\nprint('\\n'.join(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=60, check=True, cwd=ROOT)
    return set(done.stderr.split())


def loaded(*words: str) -> set[str]:
    """The same, top-level modules only."""
    return {name.partition(".")[0] for name in modules(*words)}


def test_help_costs_less_than_numpy():
    assert cpu_s("-m", "pcapkit", "--help") <= 0.7 * cpu_s("-c", "import numpy")


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["analyze", "--help"], ["explain"], ["schema"]])
def test_small_commands_load_no_library(words):
    assert not loaded(*words) & {*HEAVY, "numpy", "cryptography"}


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "md"])
def test_analyze_loads_no_heavy_library(tmp_path, form):
    assert not loaded("analyze", str(pcap(tmp_path / "a.pcap")), "--format", form, "-o", str(tmp_path / "out")) & set(HEAVY)


def test_look_ups_alone_load_nothing_of_certificates_and_documents():
    unasked = {"cryptography", "certifi", "ssl", "defusedxml", "xml", "hpack", "brotli", "zstandard", "email", "numpy.ma", "importlib.metadata"}
    assert not modules("analyze", "samples/dns-timeout.pcapng") & unasked


def test_the_package_alone_loads_nothing():
    code = "import sys, pcapkit; sys.exit(any(m.startswith('pcapkit.') and m != 'pcapkit._version' for m in sys.modules) or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False, cwd=ROOT).returncode == 0
