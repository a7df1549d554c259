"""The line of progress: what it says, how wide it is, and that nothing is left of it."""

from __future__ import annotations

import io

import pytest

from pcapkit.cli.progress import Meter, duration
from pcapkit.options import Progress
from pcapkit.report.cells import cells


@pytest.mark.parametrize(
    ("progress", "elapsed", "said"),
    [
        (Progress("site-a.pcapng", 0, 10**8, 0), 0.0, "  0% · 0 packets · 0 MB/s"),
        (Progress("site-a.pcapng", 5 * 10**7, 10**8, 300_000), 1.0, " 50% · 300,000 packets · 50 MB/s · 1 s left"),
        (Progress("site-a.pcapng", 10**8, 10**8, 10**6), 2.0, "100% · 1,000,000 packets"),
        (Progress("-", 10**7, None, 41_210), 1.0, "41,210 packets · 10 MB/s"),
        (Progress("a\x1b[2J" + "x" * 300, 1, 10**12, 10**9), 3.0, "  0% · 1,000,000,000 packets"),
        (Progress("张" * 100, 10**11, 10**12, 10**9), 10**4, " left"),
    ],
)
def test_line(progress, elapsed, said):
    line = Meter(True).line(progress, elapsed)
    assert said in line
    assert cells(line) <= 79
    assert "\x1b" not in line
    assert Meter(True, ascii_only=True).line(progress._replace(path="a"), elapsed).isascii()


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (59.4, "59 s"), (65, "1:05 min"), (3_725, "1:02 h"), (-3, "0 s")])
def test_duration(seconds, text):
    assert duration(seconds) == text


def test_drawn_seldom_and_wiped_at_the_end(monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr("sys.stderr", screen)
    meter = Meter(True)
    meter.next = 0.0
    with meter:
        for done in range(100):
            meter(Progress("a", done, 100, done))
    assert screen.getvalue().count("\r\x1b[K") == 2
    assert screen.getvalue().endswith("\r\x1b[K")


def test_nothing_where_nothing_is_wanted(monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr("sys.stderr", screen)
    with Meter(False) as meter:
        meter.next = 0.0
        meter(Progress("a", 1, 2, 3))
    assert screen.getvalue() == ""
