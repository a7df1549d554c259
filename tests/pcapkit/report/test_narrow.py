"""Narrowing hides; it changes no verdict, and what is left refers only to what is left."""

from __future__ import annotations

from dataclasses import replace

import examples
import pytest

from pcapkit.model import NotJudged
from pcapkit.report.names import named
from pcapkit.report.narrow import Narrowing, NarrowingError, check, find_devices, narrow
from pcapkit.report.sentences import verdict

WANTED = {
    "device": Narrowing(devices=("D1",)),
    "two devices": Narrowing(devices=("iphone-joe", "3c-5a-b4-00-00-03")),
    "domain": Narrowing(domains=("contoso.com",)),
    "other domain": Narrowing(domains=("fabrikam.com",)),
    "since": Narrowing(since="2026-11-22T09:04:00Z"),
    "until": Narrowing(until="+20s"),
    "severity": Narrowing(min_severity="critical"),
    "only": Narrowing(only=("http-*",)),
    "ignore": Narrowing(ignore=(("untrusted-*", "known"),)),
    "filter": Narrowing(expression="finding:hairpin-*"),
    "filter by device": Narrowing(expression="device:Pixel"),
    "everything at once": Narrowing(devices=("D1",), domains=("contoso.com",), min_severity="warning", only=("h*",), expression="outcome:failed"),
}


@pytest.mark.parametrize("wanted", WANTED.values(), ids=WANTED)
def test_references_stay_true(wanted):
    report = narrow(examples.full(), wanted)
    devices, sessions, findings = ({x.id for x in part} for part in (report.devices, report.sessions, report.findings))
    assert all(s.device in devices and set(s.findings) <= findings for s in report.sessions)
    assert all(set(d.sessions) <= sessions for d in report.devices)
    for finding in report.findings:
        assert set(finding.devices) <= devices
        assert set(finding.sessions) <= sessions
        assert set(finding.caused_by) <= findings
        assert set(finding.facts.get("by_device", {})) <= devices
        assert {e.device for e in finding.evidence} <= devices | {None}


@pytest.mark.parametrize("wanted", WANTED.values(), ids=WANTED)
def test_no_verdict_changes(wanted):
    whole = examples.full()
    before = {f.id: (f.code, f.severity, f.confidence, f.title, f.detail) for f in whole.findings}
    outcomes = {s.id: (s.outcome, s.failed_at, s.summary, s.steps) for s in whole.sessions}
    shown = narrow(whole, wanted)
    assert {f.id: (f.code, f.severity, f.confidence, f.title, f.detail) for f in shown.findings}.items() <= before.items()
    assert all(outcomes[s.id] == (s.outcome, s.failed_at, s.summary, s.steps) for s in shown.sessions)


def test_one_device_is_told_what_the_cause_is_to_it_alone():
    whole = examples.full()
    several = next(f for f in whole.findings if f.code == "untrusted-private-ca")
    mild = replace(several, id="", severity="info", devices=("D3",), sessions=("S3",), evidence=(), detail="Accepted.")
    harsh = replace(several, id="", confidence="medium", devices=("D1",), sessions=("S1",), evidence=several.evidence[:2])
    report = replace(whole, findings=tuple(replace(f, alone={"D1": harsh, "D3": mild}) if f is several else f for f in whole.findings))

    def told(*devices):
        found = next(f for f in narrow(report, Narrowing(devices=devices)).findings if f.code == "untrusted-private-ca")
        return found.id, found.severity, found.confidence, found.devices, found.detail

    assert told("D3") == (several.id, "info", "high", ("D3",), "Accepted.")
    assert told("D1", "D3") == (several.id, "critical", "high", ("D1", "D3"), several.detail)
    assert told("D1", "D2", "D3") == (several.id, several.severity, several.confidence, several.devices, several.detail)


def test_nothing_wanted_changes_nothing():
    assert narrow(examples.full(), Narrowing()) == examples.full()


@pytest.mark.parametrize("text", ["D1", "d1", "a4:83:e7:00:00:01", "A4-83-E7-00-00-01", "10.20.0.31", "iPhone-Joe", "iphone*"])
def test_a_device_by_any_of_its_names(text):
    assert [d.id for d in find_devices(examples.full(), text)] == ["D1"]


def test_a_device_shows_what_hits_it():
    report = narrow(examples.full(), Narrowing(devices=("D2",)))
    assert [f.id for f in report.findings] == ["F2"]
    assert report.findings[0].devices == ("D2",)
    assert [e.frame for e in report.findings[0].evidence] == [22, 31]
    assert [n.devices for n in report.not_judged] == [("D2",)]


def test_the_filter_by_frames_follows_the_evidence():
    report = narrow(examples.full(), Narrowing(devices=("D3",)))
    fallback = next(f for f in report.findings if f.code == "http-fallback")
    assert fallback.display_filter == "frame.number in {30}"


def test_findings_of_the_capture_stay_with_a_device():
    drops = replace(examples.hairpin(), id="F4", code="capture-drops", devices=(), sessions=(), caused_by=())
    report = narrow(replace(examples.full(), findings=(*examples.full().findings, drops)), Narrowing(devices=("D2",)))
    assert [f.id for f in report.findings] == ["F2", "F4"]


def test_what_is_not_judged_for_all_stays():
    report = replace(examples.full(), not_judged=(NotJudged("cert-*", (), "no keys"), NotJudged("dns-*", ("D1",), "one way")))
    assert [n.code for n in narrow(report, Narrowing(devices=("D2",))).not_judged] == ["cert-*"]


def test_no_such_device_names_those_there_are():
    with pytest.raises(NarrowingError, match=r"there are D1 iPhone-Joe 10\.20\.0\.31, D2 10\.20\.0\.44, D3 Pixel"):
        narrow(examples.full(), Narrowing(devices=("nobody",)))
    with pytest.raises(NarrowingError, match="no devices in this capture"):
        narrow(examples.nothing(), Narrowing(devices=("nobody",)))


def test_ignored_findings_are_kept_apart_with_their_reason():
    report = narrow(examples.full(), Narrowing(ignore=(("hairpin-*", "ticket 7"), ("http-fallback", None))))
    assert [f.id for f in report.findings] == ["F2"]
    assert [f.id for f in report.ignored] == ["F1", "F3"]
    assert report.ignored_because == {"F1": "ticket 7"}


@pytest.mark.parametrize(
    ("wanted", "sessions"),
    [
        ({"since": "+1m"}, ["S3"]),
        ({"until": "+10s"}, ["S1"]),
        ({"since": "09:02:40", "until": "09:03:00", "utc": True}, ["S1"]),
        ({"until": "2026-11-21"}, []),
    ],
)
def test_times(wanted, sessions):
    assert [s.id for s in narrow(examples.full(), Narrowing(**wanted)).sessions] == sessions


@pytest.mark.parametrize("wanted", [Narrowing(since="soon"), Narrowing(until="25:00"), Narrowing(expression="port:"), Narrowing(expression="(")])
def test_what_does_not_read_is_refused_before_the_work(wanted):
    with pytest.raises(NarrowingError):
        check(wanted)


def test_the_users_own_names_stand_for_devices():
    report = named(examples.full(), {"a6:1f:0c:00:00:02": "Ann's phone", "10.20.0.52": "Pixel 8"})
    assert [d.hostname for d in report.devices] == ["iPhone-Joe", "Ann's phone", "Pixel 8", None]
    assert report.devices[2].notes == ("calls itself Pixel",)
    assert [d.id for d in find_devices(report, "ann's phone")] == ["D2"]


def test_a_finding_tells_of_the_devices_that_are_shown():
    shared = replace(examples.private_ca(), detail="One. Two.", sentences=(("D1", "One."), ("D2", "Two.")))
    report = replace(examples.full(), findings=(shared,))
    assert [f.detail for f in narrow(report, Narrowing(devices=("D2",))).findings] == ["Two."]


def test_sessions_that_are_not_shown_are_counted_and_not_denied():
    report = narrow(examples.full(), Narrowing(domains=("fabrikam.com",)))
    assert not report.sessions
    assert report.counts["sessions_left_out"] == len(examples.full().sessions)
    assert "No autodiscover sessions" not in (verdict(report) or "")
