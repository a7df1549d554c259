"""Markdown, HTML, CSV and Parquet: complete, safe, and made of the same words."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from html.parser import HTMLParser

import examples
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapkit.report import html, markdown, tabular
from pcapkit.report.style import Style

UTC = Style(utc=True)
ATTACKS = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=1>",
    "{{7*7}}{% for x in y %}",
    "</style><b>",
    "\x1b[2J\u202e",
    "javascript:alert(1)",
    "\ud800\udce9",
]


class Elements(HTMLParser):
    """Tags and attributes of a page, in order."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, tuple((name, value) for name, value in attrs if name != "content")))


def page(report):
    return "".join(html.write(report, UTC))


@pytest.mark.parametrize("attack", ATTACKS, ids=ascii)
def test_hostile_text_makes_no_new_element(attack):
    assert Elements(page(examples.hostile(attack))).found == Elements(page(examples.hostile("harmless"))).found


@settings(max_examples=20, deadline=None)
@given(st.text(max_size=40))
def test_any_text_makes_no_new_element(text):
    harmless = examples.hostile("x" if text else "")
    assert Elements(page(examples.hostile(text))).found == Elements(page(harmless)).found


def test_no_script_and_nothing_from_elsewhere():
    text = page(examples.full())
    assert "default-src &#39;none&#39;" in text
    for word in ("<script", "http://", "https://", "@import", "url(", "javascript:"):
        assert word not in text
    links = [value for tag, attrs in Elements(text).found for name, value in attrs if name in ("href", "src")]
    assert all(link.startswith("#F") for link in links)


def test_the_policy_names_the_style_sheet_that_is_there():
    import base64
    import hashlib
    import re

    text = page(examples.full())
    css = re.search("<style>(.*?)</style>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    assert f"sha256-{digest}" in text.replace("&#43;", "+").replace("&#39;", "'")


@pytest.mark.parametrize("make", [examples.full, examples.healthy, examples.nothing, examples.empty], ids=lambda f: f.__name__)
def test_every_report_makes_a_page_and_a_markdown_text(make):
    report = replace(make(), flows=(examples.flow(),), ignored=(examples.fallback(),), interrupted=True)
    assert page(report).rstrip().endswith("</html>")
    assert "## Capture" in "".join(markdown.write(report, UTC))


def test_forms_say_the_same():
    for form in (page(examples.full()), "".join(markdown.write(examples.full(), UTC))):
        for said in ("hairpin-no-reply", "iPhone-Joe", "frame.number in {41..47}", "the far side of the NAT", "TLS 1.3, no keys"):
            assert said in form
    for form in (page(examples.healthy()), "".join(markdown.write(examples.healthy(), UTC))):
        assert "No fault seen" in form
        assert "TLS 1.3, no keys" in form


@pytest.mark.parametrize(
    "attack", ["<b>x</b>", "[x](http://example.com)", "| a | b |", "`x`", "# x", "- x", "1. x", "@example", "www.example.com", "*x*_x_"]
)
def test_markdown_shows_letters(attack):
    shown = markdown._plain(attack)
    assert shown.replace("\\", "") == attack
    assert shown != attack


def test_a_code_span_holds_backticks():
    assert markdown.code("a`b``c") == "``` a`b``c ```"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30", "'+49 30"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-x", "'-x"),
        ("\tx", r"\x09x"),
        ("\r=x", r"\x0d=x"),
        ("-12.5", "-12.5"),
        ("+3", "+3"),
        (-7, "-7"),
        (None, ""),
        (True, "true"),
        (["a", 1], '["a", 1]'),
        ("plain", "plain"),
    ],
)
def test_a_cell_starts_no_formula(value, shown):
    assert tabular.cell(value) == shown


def test_csv_has_a_row_for_each_finding_and_device():
    rows = list(csv.DictReader(io.StringIO(tabular.csv_text(list(tabular.finding_rows(examples.full()))))))
    assert [(r["finding"], r["devices"]) for r in rows] == [("F1", "D1"), ("F2", "D1"), ("F2", "D2"), ("F2", "D3"), ("F3", "D1"), ("F3", "D3")]
    assert rows[0]["first_time"] == "2026-11-22T09:02:55.245000000Z"
    assert rows[1]["device_facts"] == '{"reaction": "refused"}'


@pytest.mark.parametrize("attack", [*ATTACKS, "=cmd|' /C calc'!A0"], ids=ascii)
def test_hostile_text_in_tables(attack):
    import pandas as pd

    for _, rows in tabular.tables(examples.hostile(attack)):
        for row in csv.reader(io.StringIO(tabular.csv_text(rows))):
            assert not any(cell.startswith(("=", "@", "+", "\t", "\r")) for cell in row)
        assert len(pd.read_parquet(io.BytesIO(tabular.parquet_bytes(rows)))) == len(rows)


def test_tables_without_rows_keep_their_columns():
    import pandas as pd

    assert tabular.csv_text([], tabular.COLUMNS["sessions"]).startswith("session,device,service")
    frame = pd.read_parquet(io.BytesIO(tabular.parquet_bytes([], tabular.COLUMNS["sessions"])))
    assert list(frame.columns)[:2] == ["session", "device"]
