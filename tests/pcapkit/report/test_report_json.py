"""The JSON document and its lines: the contract's keys, its order, and its schemas."""

from __future__ import annotations

import json
from dataclasses import replace

import examples
import jsonschema
import pytest

from pcapkit.report import json as report_json
from pcapkit.report import schemas

REPORTS = {
    "full": examples.full,
    "healthy": examples.healthy,
    "nothing": examples.nothing,
    "empty": examples.empty,
    "with flows": lambda: replace(examples.full(), flows=(examples.flow(),)),
    "hostile": lambda: examples.hostile("\x1b[0m\u202e\udce9\ud800<b>\"'\\"),
}

CONTRACT = ["schema", "tool", "captures", "site", "devices", "sessions", "findings", "not_judged"]
FINDING = [
    "id", "code", "severity", "confidence", "confidence_because", "title", "detail", "remedy", "unseen", "devices", "sessions", "caused_by",
    "facts", "display_filter", "evidence",
]  # fmt: skip


@pytest.fixture(params=REPORTS, name="report")
def _report(request):
    return REPORTS[request.param]()


def document(report):
    text = "".join(report_json.write(report))
    assert text.isascii()
    return json.loads(text)


def test_document_fits_its_schema(report):
    jsonschema.Draft202012Validator(schemas.schemas()["report"]).validate(document(report))


def test_lines_fit_their_schema_and_end_with_the_summary(report):
    lines = [json.loads(line) for line in "".join(report_json.write_lines(report)).splitlines()]
    validator = jsonschema.Draft202012Validator(schemas.schemas()["lines"])
    for line in lines:
        validator.validate(line)
    assert [line["type"] for line in lines].count("summary") == 1
    assert lines[-1]["type"] == "summary"


def test_keys_stand_in_the_contracts_order():
    found = document(examples.full())
    assert list(found)[: len(CONTRACT)] == CONTRACT
    assert list(found["findings"][0]) == FINDING
    assert found["schema"] == "pcapkit.report/1"


def test_flows_only_when_asked_for():
    assert "flows" not in document(examples.full())
    assert document(REPORTS["with flows"]())["flows"][0]["id"] == "T1"


def test_what_does_not_apply_is_null():
    device = document(examples.full())["devices"][1]
    assert device["hostname"] is None
    assert device["vendor"] is None
    assert document(examples.empty())["captures"][0]["first_time"] is None


def test_times_have_nanoseconds_and_end_in_z():
    assert document(examples.full())["sessions"][0]["first_time"] == "2026-11-22T09:02:14.245000000Z"


def test_the_true_text_comes_through():
    name = document(examples.hostile("\x1b\u202eé"))["devices"][0]["hostname"]
    assert name == "\x1b\u202eé"


def test_bytes_that_are_no_utf8_are_written_out():
    assert document(examples.hostile("caf\udce9"))["devices"][0]["hostname"] == r"caf\xe9"


def test_no_number_that_json_does_not_know():
    finding = replace(examples.hairpin(), facts={"share": float("nan"), "list": (1, float("inf"))})
    assert report_json.finding(finding)["facts"] == {"share": None, "list": [1, None]}


def test_same_report_same_bytes():
    assert "".join(report_json.write(examples.full())) == "".join(report_json.write(examples.full()))


@pytest.mark.parametrize("name", ["report", "lines", "event"])
def test_shipped_schema_is_the_one_of_the_types(name):
    """``python -m pcapkit.report.schemas`` renews them."""
    assert (schemas.FOLDER / f"{name}.json").read_text("ascii") == schemas.text(schemas.schemas()[name])
