"""The samples, what is expected of them, and what the program says of them: once for all tests of one run."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from pcapkit.analysis import run
from pcapkit.model import Report
from pcapkit.options import Options

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
NAMES = sorted(path.name.removesuffix(".expect.toml") for path in SAMPLES.glob("*.expect.toml"))
TWINS = [name for name in NAMES if (SAMPLES / f"{name}.healthy.pcapng").exists()]
OPTIONS = {"--trust": "trust", "--inside": "inside", "--public-ip": "public_ips", "--external-fqdn": "external_fqdns"}


@cache
def expectation(name: str) -> dict[str, Any]:
    """What must be said of a sample."""
    return tomllib.loads((SAMPLES / f"{name}.expect.toml").read_text())


@cache
def options(name: str) -> Options:
    """What the expectation of a sample asks for. Paths in it are those of ``samples``."""
    given = expectation(name).get("options", [])
    told: dict[str, tuple[str, ...]] = {}
    for option, value in zip(given[::2], given[1::2], strict=True):
        key = OPTIONS[option]
        told[key] = (*told.get(key, ()), str(SAMPLES / value) if key == "trust" else value)
    return Options(**told)


@cache
def report(name: str, *, healthy: bool = False) -> Report:
    """The report of a sample, with the options that its expectation asks for."""
    return run([str(SAMPLES / f"{name}{'.healthy' if healthy else ''}.pcapng")], options(name))
