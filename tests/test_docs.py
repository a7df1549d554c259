"""What the documents say is what the code does, and what the code refers to is there."""

from __future__ import annotations

import re
from dataclasses import fields
from inspect import getmembers, isclass
from pathlib import Path

import pytest
from pcapkit_dissectors import messages

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(p for top in ("pcapkit", "dissectors", "tui", "tests", "samples") for p in (ROOT / top).rglob("*.py"))
PLANS = "roadmap.md"
"""What it names need not be there yet."""
DOCS = sorted(p for p in (*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md") if p.name != PLANS)
SECTION = re.compile(r"^## (\d+)\. ", re.MULTILINE)
NAMED = re.compile(r"(docs/[\w-]+\.md)((?:,? (?:and )?\d+(?!\.\d|\d*[-:]))*)")


def test_documents_that_the_code_names_have_the_sections_that_it_names():
    wrong = []
    for source in SOURCES:
        for name, numbers in NAMED.findall(source.read_text("utf-8")):
            path = ROOT / name
            known = set(SECTION.findall(path.read_text("utf-8"))) if path.is_file() else None
            if known is None or not set(re.findall(r"\d+", numbers)) <= known:
                wrong.append(f"{source.relative_to(ROOT)}: {name}{numbers}")
    assert not wrong


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.name)
def test_links_and_paths_lead_somewhere(document):
    text = document.read_text("utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (document.parent / target).exists(), target
    for path in re.findall(r"`((?:pcapkit|dissectors|tests|samples|docs|tools)/[\w/.-]+)`", text):
        assert "/my_" in path or (ROOT / path).exists(), path


def test_every_event_and_key_is_in_the_contract():
    text = (ROOT / "docs" / "contract.md").read_text("utf-8")
    rows = {kind: line for line in text.splitlines() if line.startswith("| `") for kind in re.findall(r"`([\w.]+)`", line.split("|")[1])}
    for _, message in getmembers(messages, lambda item: isclass(item) and hasattr(item, "TYPE")):
        keys = {field.name for field in fields(message) if not field.name.startswith("raw_")}
        assert keys <= set(re.findall(r"`(\w+)`", rows[message.TYPE])), message.TYPE
