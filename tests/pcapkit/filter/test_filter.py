"""The filter language: what it finds, what it refuses, and that nothing makes it hang."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapkit.filter import FIELDS, FilterError, compile_filter
from pcapkit.filter.regex import RegexError, compile_regex

START = 1_795_338_134 * 10**9  # 2026-11-22T09:02:14Z
ROW = {
    "device": ("D1", "iPhone-Joe"),
    "ip": ("10.20.0.31", "2001:db8::31"),
    "mac": ("a4:83:e7:00:00:01",),
    "domain": ("contoso.com",),
    "sni": ("lyncdiscover.contoso.com",),
    "finding": ("hairpin-no-reply", "F1"),
    "severity": ("critical",),
    "confidence": ("medium",),
    "outcome": ("failed",),
    "proto": ("tls",),
    "port": (443,),
    "status": (404,),
    "rtt": (0.25,),
    "bytes": (2_000_000,),
    "time": (START, START + 60 * 10**9),
}

FOUND = [
    "", "iphone", "IPHONE", '"iPhone-Joe"', "device:D1", "device:d1", 'device~"pixel|iph?one"', "device:iph*", "ip:10.20.0.0/16", "ip:2001:db8::/32",
    "ip:10.20.0.31", "mac:a4:83:e7", "mac:A4-83-E7", "mac:a483.e7*", "domain:contoso.com", "sni:*.contoso.com", "finding:hairpin-*", "finding:F1",
    "severity>=warning", "severity:critical", "confidence>=medium", "confidence<high", "confidence:med", "outcome:failed", "proto:dns|tls|http", "port:443",
    "port:400-500", "port>442", "status>=400", "rtt>200ms", "rtt<1s", "bytes>1MB", "bytes:2MB", "time>2026-11-22T09:02:00Z", "time:09:02:14", "time:09:02",
    "time<+5m", "not pixel", "not (pixel or galaxy)", "iphone and port:443", "iphone port:443", "pixel or iphone", "NOT pixel AND iphone", "not not iphone",
    "(iphone)", "pixel or (iphone and severity>=critical)",
]  # fmt: skip
NOT_FOUND = [
    "pixel", "device:D2", "device:D", "ip:10.21.0.0/16", "mac:a4:83:e8", "domain:contoso", "severity<critical", "severity:warning", "confidence>medium", "port:80", "port<443",
    "status<400", "rtt>250ms", "bytes>2MB", "time>+5m", "time:09:04", "not iphone", "iphone and not port:443", "vendor:apple", "flow:T1", "pixel or galaxy",
]  # fmt: skip
REFUSED = {
    "devise:D1": "did you mean device",
    "zzz:1": "there are device",
    "port:": "port:443",
    "port:abc": "a number",
    "rtt>200": "with a unit",
    "severity:bad": "one of info, warning, critical",
    "ip:300.1.1.1": "no address",
    "mac:xyz": "no MAC",
    "device>D1": "no order",
    "time>soon": "no time",
    "(iphone": "not closed",
    "iphone)": "without an opening",
    "iphone or": "missing at the end",
    "and iphone": "missing before and",
    "not": "missing at the end",
    '"iphone': "twin",
    'device~"("': "not closed",
    'device~"(?=x)"': "look-around",
    "=tcp.port == 443": "Wireshark",
    "(" * 40 + "x" + ")" * 40: "nested",
    "x" * 1_001: "longer",
    "x " * 101: "more than 100 terms",
}


@pytest.mark.parametrize("text", FOUND)
def test_found(text):
    assert compile_filter(text, START, utc=True)(ROW) is True


@pytest.mark.parametrize("text", NOT_FOUND)
def test_not_found(text):
    assert compile_filter(text, START, utc=True)(ROW) is False


@pytest.mark.parametrize(("text", "said"), REFUSED.items(), ids=[text[:12] for text in REFUSED])
def test_refused_with_a_hint(text, said):
    with pytest.raises(FilterError, match=re.escape(said)) as error:
        compile_filter(text, START, utc=True)
    assert 0 <= error.value.position <= len(text)


def test_every_field_has_an_example_that_reads():
    for name, field in FIELDS.items():
        assert compile_filter(field.example, START, utc=True)({}) is False, name


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='abdeimnoprtv:~<>="()|*?. 0123456789\\/+m', max_size=40))
def test_any_text_is_a_filter_or_a_filter_error(text):
    try:
        compile_filter(text, START, utc=True)(ROW)
    except FilterError:
        return


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), st.lists(st.text(max_size=5) | st.integers() | st.floats(), max_size=3)))
def test_never_raises_on_a_row(row):
    for text in FOUND:
        compile_filter(text, START, utc=True)(row)


# ---------------------------------------------------------------- regular expressions

PATTERNS = [
    "abc",
    "a.c",
    "^ab",
    "bc$",
    "^$",
    "a|b",
    "(ab)+",
    "a*b",
    "a?b",
    "[a-c]x",
    "[^a]b",
    "a{2}",
    "a{2,}b",
    "a{1,3}c",
    r"\d+",
    r"\w\s\w",
    r"a\.b",
    "(a|b)*c$",
    "[]]",
    "x{0}a",
    "(?:ab)c",
]
TEXTS = ["", "abc", "xabcx", "aab", "aaac", "b", "ab", "a.b", "a b", "12", "bx", "]", "c", "ababc", "AbC"]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_agrees_with_the_standard_library(pattern):
    search = compile_regex(pattern)
    for text in TEXTS:
        assert search(text) is bool(re.search(pattern, text, re.IGNORECASE)), text


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(.*)*x", "a*" * 50 + "b", "(a?){32}a{32}", "((a*)*)*c"])
def test_no_pattern_hangs(pattern):
    search = compile_regex(pattern)
    started = time.process_time()
    assert search("a" * 500 + "!") is bool("b" not in pattern and "x" not in pattern and "$" not in pattern and "c" not in pattern)
    assert time.process_time() - started < 1.0


@pytest.mark.parametrize(
    "pattern", ["(", ")", "a)", "[", "*a", "a**", "a{65}", "a{2", r"\k", "(?i)a", "((((a{60}){60}){60}))", "a" * 201, "(" * 30 + ")" * 30]
)
def test_patterns_beyond_the_subset(pattern):
    with pytest.raises(RegexError):
        compile_regex(pattern)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab(|)*+?[]^$.{}2,\\d", max_size=15))
def test_any_pattern_works_or_is_refused(pattern):
    try:
        search = compile_regex(pattern)
    except RegexError:
        return
    for text in ("", "ab", "aabb2"):
        search(text)
