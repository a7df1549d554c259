"""The ladder by golden text: what is drawn, character by character."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pcapkit_tui.say import harmless
from pcapkit_tui.view import ladder, story
from pcapkit_tui.view.lines import text_of

from pcapkit.report.cells import cells
from pcapkit.report.style import Style

GOLDEN = Path(__file__).parent / "golden"


def drawn(width=79, *, ascii_only=False, report=None, session=None, opened=(), **how) -> str:
    report = report or made.report()
    told = story.tell(report, session or report.sessions[0], opened)
    drawing = ladder.Drawing(width, Style(ascii=ascii_only, utc=True), **how)
    return text_of([*ladder.head(told, drawing), *ladder.draw(told, drawing)])


CASES = {
    "80": {},
    "80-ascii": {"ascii_only": True},
    "96": {"width": 95},
    "160": {"width": 159},
    "60": {"width": 59},
    "60-slid": {"width": 59, "first": 2},
    "since": {"time_form": "since"},
    "delta": {"time_form": "delta"},
    "expanded": {"expanded": frozenset({"6.0"})},
}


@pytest.mark.parametrize("name", CASES)
def test_golden(name, request):
    text = drawn(**CASES[name])
    file = GOLDEN / f"ladder-{name}.txt"
    if request.config.getoption("--renew-golden"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("width", [59, 79, 95, 119, 159])
def test_no_line_is_wider_than_the_room(width, ascii_only):
    assert all(cells(line) <= width for line in drawn(width, ascii_only=ascii_only).splitlines())


def test_ascii_is_ascii():
    assert drawn(ascii_only=True).isascii()


def test_findings_stand_behind_their_proof():
    lines = drawn().splitlines()
    after = {code: lines[n - 1] for n, line in enumerate(lines) for code in ("F1", "F2", "F3") if f"┊ {code} " in line}
    assert "SYN ×3" in after["F1"]
    assert "unknown CA" in after["F2"]
    assert "200 AccessLocation" in after["F3"]


def test_retransmissions_are_one_arrow_until_expanded():
    assert drawn().count("SYN") == 1
    assert "again, ×3" in drawn(expanded=frozenset({"6.0"}))


def test_a_consequence_names_its_cause():
    assert "because F2" in drawn(159)


def test_further_consequences_are_folded():
    report = made.report()
    more = tuple(replace(made.FALLBACK, id=f"F{n}", code=f"code-{n}") for n in (5, 6, 7))
    report = replace(report, findings=(*report.findings, *more))
    told = drawn(report=report)
    assert "▸ 3 more consequences of F2" in told
    assert "code-6" not in told
    told = drawn(report=report, opened={"F2+"})
    assert "▾ 3 more consequences of F2" in told
    assert told.count("code-") == 3


def test_gaps_are_drawn_however_long():
    report = made.report()
    first = report.sessions[0]
    late = made.lookup(3_600_000 * 24 * 900, made.WEB, made.PROXY, 900, attempt=3)
    told = drawn(session=replace(first, steps=(*first.steps, late)), report=report)
    assert "┄┄ 899 days nothing ┄┄" in told
    assert len(told.splitlines()) < 40


def test_what_is_not_in_the_capture_is_dotted():
    asked = made.event("open", 0, True, "10.0.0.10", "TCP 443 was open before", seen=False)
    one = made.session("S1", "D1", (made.step("connect", "discover-internal", made.FE, "10.0.0.10:443", asked),))
    assert "╌╌" in drawn(session=one)
    assert "(not in the capture)" in drawn(119, session=one)


def test_copies_of_two_captures_are_one_arrow():
    report = made.report()
    first = report.sessions[0]
    again = tuple(
        replace(s, attempt=9, events=tuple(replace(e, frames=tuple(replace(f, capture=1) for f in e.frames)) for e in s.events)) for s in first.steps
    )
    told = drawn(119, session=replace(first, steps=(*first.steps, *again)), report=report)
    assert told.count("unknown CA") == 1
    assert "⧉2" in told


def test_columns_slide_and_fold():
    servers = [made.opened(n, f"10.0.0.{n}", 443, 10 * n, attempt=n) for n in range(10, 16)]
    one = made.session("S1", "D1", (made.lookup(0, made.FE, "10.0.0.10", 1), *servers))
    told = story.tell(made.report(), one)
    wide = ladder.columns(told, ladder.Drawing(79, Style()))
    assert [p.address for p in wide.shown] == ["10.20.0.31", "10.0.0.53", "10.0.0.10 +5"]
    apart = ladder.columns(told, ladder.Drawing(79, Style(), fold=False, first=2))
    assert (len(apart.shown), apart.before, apart.after) == (4, 2, 2)
    text = text_of(ladder.draw(told, ladder.Drawing(79, Style(), fold=False, first=2)))
    assert "DNS: A lyncdiscoverinternal" in text


def test_delta_is_counted_within_an_attempt():
    told = story.tell(made.report(), made.joe())
    by_id = {item.id: item for item in told.items if isinstance(item, story.Arrow)}
    assert by_id["1.0"].delta_ns == round(157.9 * made.MS)
    assert by_id["0.0"].delta_ns is None


def test_roots_come_the_worst_first():
    told = story.tell(made.report(), made.joe())
    assert told.roots == ("F2", "F1")


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (100_000, "0.1ms"),
        (158 * 10**6, "158ms"),
        (2_300 * 10**6, "2.3s"),
        (62 * 10**9, "1m02s"),
        (3 * 3_600 * 10**9, "3h00m"),
        (100_000 * 10**9, "1d03h"),
    ],
)
def test_spans(ns, text):
    assert ladder.short_span(ns) == text


def test_findings_of_everybody_are_told_where_they_happened():
    report = made.report()
    down = replace(made.HAIRPIN, id="F9", code="uplink-down", devices=(), sessions=())
    assert "F9" in drawn(report=replace(report, findings=(down,)))


names = st.text(st.characters(codec="utf-8"), min_size=0, max_size=80)


@settings(max_examples=60, deadline=None)
@given(names, st.integers(30, 200), st.booleans(), st.booleans())
def test_any_name_at_any_width(name, width, ascii_only, sent):
    asked = made.event("query", 0, sent, name, f"A {name}", 1, outcome="failed", lost=sent)
    one = made.session("S1", "D1", (made.step("dns", "other", name, name, asked), *made.joe().steps), domain=name)
    for line in drawn(width, ascii_only=ascii_only, session=one).splitlines():
        assert harmless(line) == line
        assert cells(line) <= width
