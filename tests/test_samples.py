"""Every sample says what it was crafted to say, its healthy twin says nothing of it, and crafting gives the same bytes again."""

from __future__ import annotations

import subprocess
import sys
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Any

import pytest
from sample_reports import NAMES, SAMPLES, TWINS, expectation, report

from pcapkit.model import Finding, Report
from pcapkit.rules import all_rules

MAX_BYTES = 50_000
CACHES = {"__pycache__", ".mypy_cache", ".ruff_cache"}
MAX_BYTES_IN_ALL = 2_000_000


def look_up(facts: Any, wanted: dict[str, Any]) -> bool:
    """Every wanted field is there and equal; tables go down into the facts."""
    return all(
        look_up(facts.get(key, {}), value) if isinstance(value, dict) else isinstance(facts, dict) and facts.get(key) == value
        for key, value in wanted.items()
    )


def meets(found: Finding, wanted: dict[str, Any], whole: Report) -> bool:
    """The finding is as the expectation says. ``frames`` must be among its evidence, ``caused_by`` are codes."""
    causes = [f.code for f in whole.findings if f.id in found.caused_by]
    return (
        found.code == wanted["code"]
        and found.severity == wanted["severity"]
        and found.confidence == wanted["confidence"]
        and len(found.devices) == wanted.get("devices", 0)
        and causes == wanted.get("caused_by", [])
        and set(wanted["frames"]) <= {e.frame for e in found.evidence}
        and look_up(dict(found.facts), wanted.get("facts", {}))
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_sample_meets_its_expectation(name):
    wanted, whole = expectation(name), report(name)
    left = list(whole.findings)
    for item in wanted.get("finding", []):
        matching = [f for f in left if meets(f, item, whole)]
        assert len(matching) == item.get("count", 1), f"{item['code']}: {[(f.code, f.severity, f.confidence, f.facts) for f in whole.findings]}"
        left = [f for f in left if f not in matching]
    assert [f.code for f in left if f.code not in wanted.get("allowed", [])] == []
    assert [" ".join(filter(None, (s.service, s.outcome, s.failed_at))) for s in whole.sessions] == wanted["sessions"]
    silent = wanted.get("silent", [])
    assert not [f.code for f in whole.findings if any(fnmatchcase(f.code, glob) for glob in silent)]


@pytest.mark.parametrize("name", TWINS)
def test_the_healthy_twin_is_silent(name):
    whole = report(name, healthy=True)
    assert [(f.code, f.severity) for f in whole.findings if f.severity != "info" or f.code == name] == []
    assert {s.outcome for s in whole.sessions} <= {"succeeded", "incomplete"}
    assert whole.sessions


def test_every_code_has_a_sample_and_a_healthy_twin():
    codes = [rule.code for rule in all_rules()]
    assert [code for code in codes if code not in TWINS] == []
    assert all(any(item["code"] == name for item in expectation(name)["finding"]) for name in TWINS)


def test_the_samples_are_small():
    sizes = {path.name: path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file() and not {*path.parts} & CACHES}
    assert {name: size for name, size in sizes.items() if size > MAX_BYTES} == {}
    assert sum(sizes.values()) < MAX_BYTES_IN_ALL


def test_nothing_is_wrong_with_the_files():
    """Of the file: the drop counter alone is meant."""
    problems = {
        (name, p.code) for name in NAMES for healthy in (False, name in TWINS) for c in report(name, healthy=healthy).captures for p in c.problems
    }
    assert problems == {("capture-drops", "drops")}


@pytest.mark.parametrize(
    "names", [("hairpin-asymmetric-reply", "mcx-internal-url"), ("capture-duplicates", "cert-weak-key", "tls-rejected-by-client")]
)
def test_crafting_again_gives_the_same_bytes(names):
    """In another process with another hash seed, so that no order of a set gets in."""
    code = "import all, hashlib, sys; print(*(f'{n} {hashlib.sha256(d).hexdigest()}' for c in sys.argv[1:] for n, d in all.crafted(c).items()), sep='\\n')"
    made = subprocess.run(
        [sys.executable, "-c", code, *names], cwd=SAMPLES / "craft", capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7"}
    ).stdout.split()
    for name, digest in zip(made[::2], made[1::2], strict=True):
        assert sha256((SAMPLES / name).read_bytes()).hexdigest() == digest, name
