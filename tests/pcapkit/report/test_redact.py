"""Personal data as numbers: everywhere the same, nowhere forgotten, and diagnosis still possible."""

from __future__ import annotations

import json
from dataclasses import replace

import examples
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapkit.report import html, markdown, tabular
from pcapkit.report.json import to_json
from pcapkit.report.redact import Redactor, redact
from pcapkit.report.style import Style
from pcapkit.report.text import to_text

PERSONAL = ["iPhone-Joe", "10.20.0.31", "203.0.113.50", "a4:83:e7:00:00:01", "webext.contoso.com", "anna.smith@", "2001:db8:0:1::99"]


def report():
    detail = (
        "iPhone-Joe (10.20.0.31, [2001:db8:0:1::99]:443, A4-83-E7-00-00-01) asked webext.contoso.com for anna.smith@contoso.com "
        "and lyncdiscover.contoso.com in frame.number order."
    )
    finding = replace(
        examples.hairpin(), detail=detail, facts={"url": "https://webext.contoso.com/x", "host": "webext.contoso.com", "user": "anna.smith"}
    )
    return replace(examples.full(), findings=(finding, *examples.full().findings[1:]), flows=(examples.flow(),))


def every_form(shown):
    style = Style(utc=True)
    yield to_json(shown)
    yield to_text(shown)
    yield "".join(markdown.write(shown, style))
    yield "".join(html.write(shown, style))
    yield tabular.csv_text(list(tabular.finding_rows(shown)))
    for _, rows in tabular.tables(shown):
        yield tabular.csv_text(rows)


def test_nothing_personal_in_any_form():
    shown, key = redact(report())
    for form in every_form(shown):
        for secret in PERSONAL:
            assert secret.lower() not in form.lower(), secret
    assert set(key.values()) >= {"iPhone-Joe", "10.20.0.31", "203.0.113.50", "webext.contoso.com", "anna.smith"}


def test_what_diagnosis_needs_stays():
    shown, _ = redact(report())
    text = to_text(shown)
    for kept in (
        "contoso.com",
        "lyncdiscover.contoso.com",
        "frame.number order",
        "hairpin-no-reply",
        "user#1@contoso.com",
        "203.0.113.#",
        "host#1.contoso.com",
    ):
        assert kept in text
    assert json.loads(to_json(shown))["devices"][0]["mac"] == "a4:83:e7:#1"
    assert [d.vendor for d in shown.devices] == [d.vendor for d in report().devices]


def test_the_same_thing_has_the_same_number():
    worker = Redactor()
    assert worker.text("10.1.1.1 and 10.1.1.1:80, not 10.1.1.2") == "10.1.1.#1 and 10.1.1.#1:80, not 10.1.1.#2"
    assert worker.text("A4:83:E7:00:00:01") == worker.text("a4-83-e7-00-00-01") == "a4:83:e7:#1"


def test_numbers_are_the_same_on_every_run():
    assert redact(report()) == redact(report())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("10:02:14", "10:02:14"),
        ("version 1.2.3.4.5", "version 1.2.3.4.5"),
        ("2001:db8::1.", "2001:db8::#1."),
        ("[fe80::1]:443", "[fe80::#1]:443"),
        ("::", "::"),
        ("255.255.255.255 0.0.0.0 127.0.0.1 224.0.0.251", "255.255.255.255 0.0.0.0 127.0.0.1 224.0.0.251"),
        ("a6:00:00:00:00:01", "random:#1"),
        ("sip:joe@example.com", "sip:user#1@example.com"),
        ("tls.handshake.type == 11", "tls.handshake.type == 11"),
        ("31.0.20.10.in-addr.arpa", "host#1.in-addr.arpa"),
    ],
)
def test_texts(text, shown):
    assert Redactor().text(text) == shown


def test_an_odd_device_name_is_found_in_sentences():
    worker = Redactor()
    worker.learn_device("Joe's (old) phone")
    assert worker.text("Then joe's (old) phone sent") == "Then device#1 sent"


def test_events():
    worker = Redactor()
    event = {
        "type": "dns",
        "src": "10.20.0.31",
        "qname": "files.contoso.com",
        "answers": [{"name": "files.contoso.com", "data": "192.0.2.9"}],
        "frame": 7,
    }
    assert worker.tree(event) == {
        "type": "dns",
        "src": "10.20.0.#1",
        "qname": "host#1.contoso.com",
        "answers": [{"name": "host#1.contoso.com", "data": "192.0.2.#2"}],
        "frame": 7,
    }
    assert worker.tree({"hostname": "Joes-iPad", "client_id": "01a483e7000001"}) == {"hostname": "device#1", "client_id": "client#1"}


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_any_text(text):
    redact(examples.hostile(text))
    Redactor().tree({"host": text, "hostname": text, "user": text, "x": [text]})
