"""Moments as text, both ways."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapkit.times import TimeError, parse, rfc3339

START = 1_795_338_134_245_000_001  # 2026-11-22T09:02:14.245000001Z
NS = 10**9


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T09:02:14.245000001Z", START),
        ("2026-11-22T10:02:14.245000001+01:00", START),
        ("2026-11-22 09:02:14", START // NS * NS),
        ("2026-11-22 09:02", START // NS * NS - 14 * NS),
        ("2026-11-22", 1_795_305_600 * NS),
        ("09:02:14.5", START // NS * NS + NS // 2),
        ("+5m", START + 300 * NS),
        ("+1.5s", START + NS * 3 // 2),
        ("+100 ms", START + NS // 10),
    ],
)
def test_what_people_type(text, moment):
    assert parse(text, utc=True, first_ns=START) == moment


@pytest.mark.parametrize("text", ["", "soon", "25:00", "2026-13-01", "-5m", "+5", "+9999999999h", "١٢:٠٠"])
def test_what_is_no_time(text):
    with pytest.raises(TimeError):
        parse(text, utc=True, first_ns=START)


@pytest.mark.parametrize("text", ["+5m", "10:02"])
def test_what_needs_a_start(text):
    with pytest.raises(TimeError, match="no meaning here"):
        parse(text)


def test_without_an_offset_it_is_this_machines_clock(monkeypatch):
    monkeypatch.setenv("TZ", "Etc/GMT-3")
    time.tzset()
    try:
        assert parse("2026-11-22 12:02:14") == START // NS * NS
        assert parse("12:02:14", first_ns=START) == START // NS * NS
    finally:
        monkeypatch.undo()
        time.tzset()


@settings(max_examples=100, deadline=None)
@given(st.integers(-(2**63), 2**63 - 1))
def test_any_64_bit_time_can_be_written(moment):
    text = rfc3339(moment)
    assert text is not None
    assert text.endswith("Z")
    assert len(text) == len("2026-11-22T09:02:14.245000001Z")
    assert parse(text) == moment


def test_no_time_is_null():
    assert rfc3339(None) is None
    assert rfc3339(10**40) is None


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789:-+TZ.msh ", max_size=30))
def test_any_text_is_a_time_or_an_error(text):
    try:
        parse(text, utc=True, first_ns=START)
    except TimeError:
        return
