"""Nothing of a packet reaches a terminal as it is, and what is shown can be told back."""

from __future__ import annotations

from unicodedata import category

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapkit.limits import FIELD_CHARS
from pcapkit.report.escape import hidden, visible

CASES = [
    ("plain", "webext.contoso.com", "webext.contoso.com"),
    ("accents stay", "Jürgens iPhone", "Jürgens iPhone"),
    ("Chinese stays", "张的手机", "张的手机"),
    ("bytes in UTF-8", "é".encode(), "é"),
    ("bytes that are none", b"caf\xe9", r"caf\xe9"),
    ("the same as surrogate escapes", "caf\udce9", r"caf\xe9"),
    ("escape sequence", "\x1b]0;x\x07", r"\x1b]0;x\x07"),
    ("tab, line feed, return", "a\tb\nc\rd", r"a\x09b\x0ac\x0dd"),
    ("delete", "\x7f", r"\x7f"),
    ("C1 as character", "\x9b31m", r"\u{9b}31m"),
    ("C1 as byte", b"\x9b31m", r"\x9b31m"),
    ("bidirectional", "a\u202ecod\u2069", r"a\u{202e}cod\u{2069}"),
    ("Arabic letter mark", "\u061c", r"\u{61c}"),
    ("zero width", "a\u200bb\u200dc\ufeff", r"a\u{200b}b\u{200d}c\u{feff}"),
    ("line separator", "a\u2028b\u2029", r"a\u{2028}b\u{2029}"),
    ("variation selector", "❤\ufe0f", r"❤\u{fe0f}"),
    ("tags", "\U000e0041", r"\u{e0041}"),
    ("private use", "\ue000", r"\u{e000}"),
    ("unassigned", "\u0378", r"\u{378}"),
    ("lone surrogate", "\ud800", r"\u{d800}"),
    ("Hangul filler", "\u3164", r"\u{3164}"),
    ("backslash doubled", r"C:\x1b", r"C:\\x1b"),
    ("three marks stay, the fourth does not", "e" + "\u0301" * 4, "e" + "\u0301" * 3 + r"\u{301}"),
]


@pytest.mark.parametrize(("given_", "shown"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_shown(given_, shown):
    assert visible(given_) == shown


def test_a_long_field_is_cut_and_says_by_how_much():
    assert visible("a" * (FIELD_CHARS + 1_024)) == "a" * FIELD_CHARS + "…(+1,024)"


def test_a_cut_never_splits_an_escape():
    shown = visible("\u202e" * 200)
    assert shown.partition("…")[0] == r"\u{202e}" * (FIELD_CHARS // 8)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60) | st.binary(max_size=60))
def test_safe_and_reversible(source):
    shown = visible(source)
    assert all(category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for c in shown)
    if isinstance(source, bytes):
        assert hidden(shown) == source
    elif not any("\ud800" <= c <= "\udfff" for c in source):
        assert hidden(shown).decode() == source
