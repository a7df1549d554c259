"""Between two reports: what is said, when, and how often."""

from __future__ import annotations

from dataclasses import replace

import examples
import pytest

from pcapkit.live.clock import NS, CaptureClock
from pcapkit.live.news import News, waiting

BASE = examples.full()


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture(name="hands")
def _hands() -> Hands:
    return Hands()


@pytest.fixture(name="news")
def _news(hands: Hands) -> News:
    return News(settle_s=0.5, monotonic=hands)


def with_findings(*findings):
    return replace(BASE, findings=findings)


F1, F2 = BASE.findings[0], BASE.findings[1]


def test_a_finding_is_said_once_when_it_has_held(news, hands):
    report = with_findings(F1)
    assert news.look(report) == []
    assert news.unsettled
    hands.s += 0.6
    (said,) = news.look(report)
    assert (said.kind, said.number, said.finding.code) == ("new", 1, F1.code)
    hands.s += 5
    assert news.look(report) == []
    assert not news.unsettled


def test_what_packets_under_way_overturn_is_never_said(news, hands):
    news.look(with_findings(F1))
    hands.s += 0.2
    assert news.look(with_findings()) == []
    hands.s += 5
    assert news.look(with_findings()) == []


def test_ids_move_and_the_finding_stays_the_same(news, hands):
    news.look(with_findings(F1))
    hands.s += 1
    news.look(with_findings(F1))
    moved = replace(F1, id="F7", detail="more SYNs, still no answer")
    hands.s += 1
    assert news.look(with_findings(moved)) == []
    hands.s += 1
    assert news.look(with_findings(moved)) == []


def test_a_change_is_told_with_what_changed(news, hands):
    lower = {"high": "medium", "medium": "low", "low": "medium"}[F1.confidence]
    for finding in (F1, F1, replace(F1, confidence=lower), replace(F1, confidence=lower)):
        said = news.look(with_findings(finding))
        hands.s += 1
    assert [(c.kind, c.number) for c in said] == [("changed", 1)]
    assert f"{lower} confidence, was {F1.confidence}" in said[0].what


def test_a_finding_taken_back_is_told(news, hands):
    for report in (with_findings(F1), with_findings(F1), with_findings(), with_findings()):
        said = news.look(report)
        hands.s += 1
    assert [(c.kind, c.number, c.finding.code) for c in said] == [("withdrawn", 1, F1.code)]
    assert news.look(with_findings()) == []


def test_two_findings_count_on(news, hands):
    news.look(with_findings(F1, F2))
    hands.s += 1
    assert [c.number for c in news.look(with_findings(F1, F2))] == [1, 2]


def test_the_end_settles_everything(news):
    assert [c.kind for c in news.look(with_findings(F1), final=True)] == ["new"]
    assert [c.kind for c in news.look(with_findings(), final=True)] == ["withdrawn"]


def test_who_waits():
    session = BASE.sessions[0]
    last = max(session.steps, key=lambda s: s.time_ns)
    pending = replace(session, steps=(*(s for s in session.steps if s is not last), replace(last, outcome="unknown")))
    report = replace(BASE, sessions=(pending,))
    (found,) = waiting(report, session.last_time_ns + 2 * NS)
    assert (found.session, found.device, found.step) == (session.id, session.device, last.kind)
    assert waiting(report, session.last_time_ns + 60 * NS) == []
    assert waiting(report, None) == []


def test_the_clock_runs_on_in_silence(hands):
    clock = CaptureClock(alive=True, monotonic=hands, wall_ns=lambda: 0)
    assert clock.now() is None
    clock.packets(1_000 * NS)
    assert clock.now() == 1_000 * NS
    hands.s += 4
    assert clock.now() == 1_003 * NS
    clock.packets(1_001 * NS)
    assert clock.now() == 1_001 * NS


def test_the_clock_of_an_old_file_stands_still_until_the_file_grows(hands):
    clock = CaptureClock(alive=False, monotonic=hands, wall_ns=lambda: 9_000_000 * NS)
    clock.packets(1_000 * NS)
    hands.s += 60
    assert clock.now() == 1_000 * NS
    clock.quiet()
    clock.packets(1_001 * NS)
    hands.s += 5
    assert clock.now() == 1_005 * NS


def test_a_file_captured_this_moment_is_alive(hands):
    clock = CaptureClock(alive=False, monotonic=hands, wall_ns=lambda: 1_010 * NS)
    clock.packets(1_000 * NS)
    hands.s += 5
    assert clock.now() == 1_004 * NS
