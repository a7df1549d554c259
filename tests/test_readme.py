"""What the README shows is what the program prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import pcapkit

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
SHOWN = re.compile(r"(?<=```\n)\$ pcapkit samples/(?P<sample>[\w.-]+)\n(?P<text>.*?)(?=```)", re.DOTALL)


def finding_of(sample: str) -> str:
    """The first finding, as the text report has it."""
    text = pcapkit.analyze(ROOT / "samples" / sample).to_text()
    return text[text.index("F1 ") :].partition("\n\n")[0] + "\n"


def test_the_finding_of_the_first_screen(request: pytest.FixtureRequest) -> None:
    readme = README.read_text("utf-8")
    match = SHOWN.search(readme)
    assert match, "the README shows a finding of a shipped sample"
    if request.config.getoption("--renew-golden"):
        README.write_text(readme[: match.start("text")] + finding_of(match["sample"]) + readme[match.end("text") :], "utf-8")
        return
    assert match["text"] == finding_of(match["sample"])
    assert readme[: match.end()].count("\n") < 45, "within the first screen"
