"""The text report: golden files, 80 cells, and nothing hostile in it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from unicodedata import category

import examples
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapkit.model import NotJudged
from pcapkit.report.cells import cells, clip, pad, wrap
from pcapkit.report.style import Style
from pcapkit.report.text import brief, write
from pcapkit.report.words import first_sentence, folded, short_filter

GOLDEN = Path(__file__).parent / "golden"
UTC = Style(utc=True)

CASES = {
    "full": (examples.full, UTC),
    "full-ascii": (examples.full, Style(utc=True, ascii=True)),
    "healthy": (examples.healthy, UTC),
    "nothing": (examples.nothing, UTC),
    "empty": (examples.empty, UTC),
    "interrupted": (lambda: replace(examples.full(), interrupted=True, captures=(examples.capture(), examples.capture(path="b.pcap"))), UTC),
}


def render(report, style=UTC):
    return "".join(write(report, style))


@pytest.mark.parametrize("name", CASES)
def test_golden(name, request):
    make, style = CASES[name]
    path = GOLDEN / f"{name}.txt"
    if request.config.getoption("--renew-golden"):
        path.write_text(render(make(), style), "utf-8")
    assert render(make(), style) == path.read_text("utf-8")


@pytest.mark.parametrize("name", CASES)
def test_80_cells(name):
    make, style = CASES[name]
    assert max(map(cells, render(make(), style).splitlines())) <= 80


def test_order_is_summary_findings_sessions_capture():
    text = render(examples.full())
    assert text.index("4 devices") < text.index("F1 ") < text.index("F2 ✖") < text.index("Sessions") < text.index("Capture")


def test_no_fault_stands_with_what_could_not_be_judged():
    text = render(examples.healthy())
    assert "No fault seen" in text
    assert "TLS 1.3, no keys: certificates cannot be seen" in text


def test_remarks_are_no_faults():
    remark = replace(examples.hairpin(), severity="info", code="hairpin-bypassed")
    text = render(replace(examples.healthy(), findings=(remark,)))
    assert "No fault seen (1 remark below)" in text
    assert "hairpin-bypassed" in text


def test_nothing_relevant_tells_what_was_there_and_two_steps_at_least():
    for report in (examples.nothing(), examples.empty()):
        text = render(report)
        assert len(re.findall(r"^\s+(?:Next\s+)?\d [A-Z]", text.replace("Next", "    "), re.MULTILINE)) >= 2
    assert "No autodiscover sessions in 41,210 packets." in render(examples.nothing())
    assert "DNS queries 812, none for lyncdiscover*" in render(examples.nothing())


def test_times_follow_the_viewers_clock_and_show_its_offset(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    try:
        text = render(examples.full(), Style())
    finally:
        monkeypatch.undo()
        time.tzset()
    assert "14:47-14:54 +05:45" in text


def test_colour_is_only_added():
    coloured = render(examples.full(), Style(utc=True, colour="256"))
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render(examples.full())


def test_ignored_findings_are_listed_with_their_reason():
    report = replace(examples.full(), findings=(), ignored=(examples.hairpin(),), ignored_because={"F1": "known, ticket 7"})
    assert "F1 ✖ hairpin-no-reply (D1 (1 session)): known, ticket 7" in render(report)


def test_several_captures_number_their_frames():
    two = replace(examples.full(), captures=(examples.capture(), examples.capture(path="b.pcap")))
    assert "file:frame 1:41" in render(two)


def test_a_poor_capture_without_sessions_says_that_there_are_none():
    drops = replace(examples.hairpin(), code="capture-drops", severity="warning", devices=(), sessions=())
    text = render(replace(examples.nothing(), findings=(drops,)))
    assert "No autodiscover sessions in" in text
    assert "capture-drops" in text


def test_codes_that_could_not_be_judged_for_one_reason_share_a_line():
    unseen = tuple(NotJudged(code, ("D1",), "no keys") for code in ("untrusted-*", "cert-*"))
    report = replace(examples.healthy(), not_judged=unseen)
    assert "\n untrusted-*, cert-*   D1: no keys\n" in render(report)
    assert "untrusted-*, cert-*: no keys" in "".join(brief(report, UTC))


def test_brief_is_a_line_a_finding_severity_first():
    lines = "".join(brief(examples.full(), UTC)).splitlines()
    assert [line.split(":")[0] for line in lines] == ["critical", "critical", "warning"]
    assert "hairpin-no-reply (high) D1 iPhone-Joe" in lines[0]
    assert "no fault seen in 1 session" in "".join(brief(examples.healthy(), UTC))


ATTACKS = [
    "\x1b[2J",
    "\x9b31m",
    "a\u202eb",
    "\r\nforged: line",
    "[red]x[/x]",
    "<script>",
    "\ud800\udce9",
    "\u3164" * 9,
    "e" + "\u0301" * 50,
    "\\",
    "x" * 3_000,
    "宽" * 500,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=ascii)
@pytest.mark.parametrize("style", [UTC, Style(utc=True, ascii=True)], ids=["utf8", "ascii"])
def test_hostile_text_everywhere(attack, style):
    text = render(examples.hostile(attack), style) + "".join(brief(examples.hostile(attack), style))
    assert all(c == "\n" or category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for c in text)
    assert "\nforged" not in text
    assert not style.ascii or text.isascii()


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=30))
def test_any_text_everywhere(text):
    shown = render(examples.hostile(text))
    assert all(c == "\n" or category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for c in shown)


@pytest.mark.parametrize(
    ("frames", "shown"),
    [
        ([41], "41"),
        ([41, 42], "41, 42"),
        ([41, 42, 43], "41-43"),
        ([1, 2, 3, 7, 9, 10, 11], "1-3, 7, 9-11"),
        (list(range(0, 40, 2)), "0, 2, 4, 6, 8 …"),
    ],
)
def test_folded_frames(frames, shown):
    assert folded(frames) == shown


def test_filters_by_frame_are_shortened_and_others_left_alone():
    assert short_filter("frame.number in {41,42,43,47}") == "frame.number in {41..43, 47}"
    long = "frame.number in {" + ",".join(str(n) for n in range(1, 400, 2)) + "}"
    assert short_filter(long, 40) == "frame.number in {1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21} (and 189 more, --format json)"
    assert short_filter("dns.flags.rcode == 2") == "dns.flags.rcode == 2"
    assert short_filter("frame.number in {1} && tcp") == "frame.number in {1} && tcp"


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ab 宽é\u0301-", max_size=80), st.integers(4, 30))
def test_wrapping_keeps_width_and_words(text, width):
    lines = wrap(text, width)
    assert all(cells(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_cells():
    assert (cells("abc"), cells("宽"), cells("e\u0301")) == (3, 2, 1)
    assert clip("宽宽宽", 4) == "宽…"
    assert pad("宽", 3) == "宽 "


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("A opened x. b opened y.", "A opened x."),
        ("CN=x, O=Acme Inc. is in no store. More.", "CN=x, O=Acme Inc. is in no store."),
        ("At 10.0.0.1:443 nothing answers", "At 10.0.0.1:443 nothing answers"),
        ("", ""),
    ],
)
def test_first_sentence(text, first):
    assert first_sentence(text) == first
