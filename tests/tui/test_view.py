"""The view model: rows and lines of safe text."""

from __future__ import annotations

from dataclasses import replace

import made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pcapkit_tui.say import harmless, plain
from pcapkit_tui.view import around, capture, chain, detail, devices, findings, picture, session, story
from pcapkit_tui.view.lines import Lines, Span, fit, line, paragraph, text_of
from pcapkit_tui.view.table import Column, Row, RowList, TableLines, widths

from pcapkit import explain
from pcapkit.report.cells import cells
from pcapkit.report.style import Style


def everything(state, width: int):
    """Every line of every screen."""
    report = state.report
    yield around.top(state, "1 Devices", width)
    yield from around.banners(state, width)
    yield from around.nothing(state, width)
    rows = TableLines(devices.COLUMNS, devices.rows(state), width, state.style)
    yield rows.head
    yield from (rows[n] for n in range(len(rows)))
    for one in report.devices:
        yield from devices.detail(state, one.id, width)
    yield from findings.groups(state, (), width)
    yield from findings.none(state, width)
    for one in report.findings:
        yield from findings.page(state, one, dict(explain.entry(explain.find("hairpin-no-reply")[0])), width)
        yield from detail.of_finding(state, one, width)
    for one in report.sessions:
        yield session.title(state, one, width)
        told = story.tell(report, one)
        for item in told.items:
            yield from detail.of_item(state, told, item, width)
        yield from picture.in_words(state, one, width)
    yield from capture.lines(state, width)
    yield from chain.lines(state.style, made.tls(made.HOSTILE), made.HOSTILE, "S1", width)


@pytest.mark.parametrize("width", [59, 79, 119, 159])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_every_line_is_safe_and_fits(width, ascii_only):
    for made_report in (made.report(), made.hostile(), made.empty()):
        for one in everything(made.state(made_report, ascii=ascii_only), width):
            assert harmless(one.text) == one.text
            assert cells(one.text) <= width
            assert not ascii_only or one.text.isascii()


def test_the_worst_device_comes_first_and_says_why():
    rows = devices.rows(made.state())
    assert [row.key for row in rows.rows] == ["D1", "D2", "D3", "D4", "D5", "D6"]
    texts = [span.text for span in rows[0].cells]
    assert texts[:3] == ["✖", "D1", "iPhone-Joe"]
    assert "hairpin-no-reply" in texts
    assert text_of(devices.detail(made.state(), "D1", 79)).startswith("D1 hairpin-no-reply: iPhone-Joe opened webext.contoso.com")


def test_a_cause_counts_more_than_what_follows_from_it():
    report = made.report(findings=(replace(made.FALLBACK, severity="critical"), replace(made.PRIVATE, severity="critical")))
    rows = devices.rows(made.state(report))
    assert "untrusted-private-ca" in [span.text for span in rows[0].cells]


def test_devices_are_in_the_order_of_their_ids_where_nothing_is_wrong():
    assert [row.key for row in devices.rows(made.state(made.many(12))).rows] == [f"D{n}" for n in range(1, 13)]


def test_the_top_line_says_what_there_is_room_for():
    state = made.state()
    wide, narrow = (around.top(state, "1 Devices", width).text for width in (120, 60))
    assert "site-a.pcapng  09:59:11-10:06:40 UTC  41,210 pkts" in wide
    assert "41,210 pkts" in narrow
    assert cells(narrow) <= 60


def test_loading_tells_how_far_it_is():
    from pcapkit.options import Progress

    state = made.state()
    state.loading, state.progress, state.speed = True, Progress("x", 40_000_000, 100_000_000, 410_000), 20e6
    text = around.top(state, "1 Devices", 140).text
    assert "40%" in text
    assert "410,000 pkts" in text
    assert "20 MB/s 3 s left" in text
    state.progress = Progress("x", 40_000_000, None, 410_000)
    assert "40%" not in around.top(state, "1 Devices", 140).text


def test_damage_is_said_on_every_screen():
    from pcapkit.model import Problem

    base = made.report()
    cut = replace(base.captures[0], problems=(Problem("truncated", "the file ends inside a record", 38_112_004, 41_210),))
    text = text_of(around.banners(made.state(replace(base, captures=(cut,), interrupted=True)), 79))
    assert "everything before it was read" in text
    assert "Stopped before the end" in text


def test_a_bug_of_ours_is_counted():
    from pcapkit.model import Problem

    base = made.report()
    bad = replace(base.captures[0], problems=(Problem("internal-error", "rule x", count=2),))
    assert "2 bugs of ours" in text_of(around.banners(made.state(replace(base, captures=(bad,))), 79))


def test_nothing_relevant_has_a_reason_and_two_steps():
    text = text_of(around.nothing(made.state(made.empty()), 79))
    assert "No autodiscover sessions in 41,210 packets." in text
    assert "DNS queries 812, none for" in text
    assert "1 " in text
    assert "2 " in text


def test_findings_list_whom_they_hit_and_by_which_packet():
    text = text_of(findings.groups(made.state(), (), 100))
    assert "D2 S2" in text
    assert "the client closes (FIN)" in text
    assert "because F2" in text
    assert "because" in text_of(findings.groups(made.state(), {"F1", "F2", "F3", "F4"}, 100))
    assert "D2 S2" not in text_of(findings.groups(made.state(), {"F1", "F2", "F3", "F4"}, 100))


def test_a_finding_tells_everything():
    text = text_of(findings.page(made.state(), made.HAIRPIN, dict(explain.entry(explain.find("hairpin-no-reply")[0])), 100))
    for part in ("Evidence", "Do this", "How sure: high", "Not seen in this capture", "Why it matters", "frame.number in {40, 42..44}"):
        assert part in text


def test_no_fault_lists_what_could_not_be_judged():
    text = text_of(findings.none(made.state(made.report(findings=())), 79))
    assert "No fault seen" in text
    assert "untrusted-*" in text


def test_the_chain_says_what_is_missing():
    text = text_of(chain.lines(Style(utc=True), made.tls(), "10.0.0.10:443", "S1 frame 22", 100))
    for part in ("Sent by 10.0.0.10:443 for lyncdiscoverinternal.contoso.com", "CN=Contoso Issuing CA   not sent, in no store loaded",
                 "✔ name  ✔ dates  ✔ key  ✔ signature", "refused: the client's alert unknown_ca (48)", "server authentication", "RSA 2048"):  # fmt: skip
        assert part in text


@pytest.mark.parametrize(
    ("changes", "part"),
    [({"verdict": None, "resumed": True}, "resumed"), ({"verdict": None, "version": 0x0304}, "--keylog"), ({"verdict": None}, "in the capture")],
)
def test_a_chain_that_was_not_seen_says_why(changes, part):
    tls = made.tls()
    for name, value in changes.items():
        setattr(tls, name, value)
    assert part in text_of(chain.lines(Style(), tls, "x", "S1", 79))


def test_the_detail_of_an_arrow_has_its_checks():
    state = made.state()
    told = story.tell(state.report, state.report.sessions[0])
    arrows = {i.id: i for i in told.items if isinstance(i, story.Arrow)}
    flight = text_of(detail.of_item(state, told, arrows["2.1"], 100))
    assert "frame 21, 22" in flight
    assert "flow T7" in flight
    assert "ends at a root in no store" in flight
    assert "10.0.0.10  TTL 300 s" in text_of(detail.of_item(state, told, arrows["0.0"], 100))
    syn = text_of(detail.of_item(state, told, arrows["6.0"], 100))
    assert "+1 s, +3 s" in syn
    assert "no answer to 3 SYN" in syn
    assert "clear text, port 80" in text_of(detail.of_item(state, told, arrows["4.0"], 100))


def test_waits_are_measured():
    waits = picture.waits(made.joe())
    assert [(w.kind, round(w.ms, 1)) for w in waits] == [("DNS", 0.1), ("TCP", 0.4), ("TLS", 6.7), ("TCP", 0.4), ("HTTP", 1.0), ("DNS", 0.1)]


def test_the_timeline_marks_findings():
    found = picture.timeline(made.state(), 10)
    assert [label.split()[0] for label in found.labels] == ["D1", "D2", "D3", "D4", "D5"]
    assert {(finding, row) for _, row, finding in found.marks} == {("F1", 0), ("F2", 0), ("F2", 1), ("F3", 0)}
    assert found.faults
    assert found.steps


# ---------------------------------------------------------------- lines and tables

words = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=200)


@settings(max_examples=60, deadline=None)
@given(words, st.integers(20, 120), st.text("abc ", max_size=12))
def test_paragraphs_keep_every_word(text, width, first):
    lines = paragraph(text, width, first, "  ")
    told = "".join(one.spans[-1].text if len(one.spans) > 1 else "" for one in lines).replace(" ", "")
    assert told == text.replace(" ", "")
    assert all(cells(one.text) <= width for one in lines)


@settings(max_examples=60, deadline=None)
@given(st.lists(words, max_size=4), st.integers(1, 60))
def test_fit_never_exceeds(parts, width):
    assert cells(fit(line(*map(Span, parts)), width, Style()).text) <= width


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 20), st.integers(0, 4), st.integers(0, 3), st.integers(0, 40)), min_size=1, max_size=8), st.integers(10, 200)
)
def test_columns_share_the_room(specs, room):
    columns = [Column(str(n), "t", w, grow, leave=leave, most=max(w, most) if most else 0) for n, (w, grow, leave, most) in enumerate(specs)]
    shown = widths(columns, room)
    total = sum(shown.values()) + len(shown) - 1
    staying = [c for c in columns if not c.leave]
    assert total <= max(room, sum(c.width for c in staying) + len(staying) - 1)
    assert all(shown[n] >= columns[n].width for n in shown)


def test_lines_know_where_the_cursor_may_stand():
    lines = Lines([line("a"), line("b", key="1"), line("c"), line("d", key="2")])
    assert not lines.fixed
    assert lines.place("2") == 3
    assert lines.stop(0, 1) == 1
    assert lines.stop(2, -1) == 1
    assert lines.stop(2, 1) == 3
    assert Lines([line("a")]).fixed


def test_a_table_marks_rows():
    table = TableLines((Column("a", "A", 3),), RowList([Row("x", (Span("abcdef"),))]), 3, Style(), {"x"}.__contains__)
    assert table[0].text == "ab…"
    assert table[0].spans[0].style == "marked"


def test_what_reaches_a_widget_is_never_markup():
    assert plain("[bold]x[/bold]").plain == "[bold]x[/bold]"
    assert plain("a\x1b[2Jb\nc").plain == "a\\x1b[2Jb\nc"
    assert harmless(harmless("a\x1b\\b")) == harmless("a\x1b\\b")
