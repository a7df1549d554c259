"""The byte stream: nothing hostile reaches a terminal, and every way out gives it back as it was."""

from __future__ import annotations

import re
import signal
from unicodedata import category

import pytest
from terminal import HERE, Terminal

from pcapkit.report.escape import HIDDEN

ESCAPE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|P[^\x1b]*\x1b\\|[ -/]*[0-~])")
TOUR = ("\r", "\r", "3", "4", "8", "7", "0", "2", "T", "?", "1")
"""Keys that show every screen."""


def kinds(stream: bytes) -> set[bytes]:
    """Escape sequences without their numbers."""
    return {re.sub(rb"[0-9;:]+", b"#", match) for match in ESCAPE.findall(stream)}


def stream(*words: str, tour: tuple[str, ...] = TOUR) -> bytes:
    with Terminal(list(words)) as terminal:
        terminal.read(0.8, until=b"session")
        for key in tour:
            terminal.press(key, 0.25)
        terminal.press("\x03")
        terminal.wait()
        return terminal.out


def assert_harmless(hostile: bytes, harmless: bytes) -> None:
    """Nothing moves the cursor, names the window or turns the text that would not do so otherwise."""
    assert kinds(hostile) <= kinds(harmless)
    assert b"\x1b]0;" not in hostile
    rest = ESCAPE.sub(b"", hostile)
    assert not set(rest) & ({*range(32), 127} - {10, 13})
    text = rest.decode("utf-8")
    assert not {c for c in text if category(c) in HIDDEN} - {"\n", "\r"}


def test_hostile_names_write_nothing_that_harmless_ones_do_not():
    script = str(HERE / "pty_browser.py")
    hostile, harmless = stream(script, "hostile"), stream(script, "harmless-name")
    assert b"owned" in hostile
    assert_harmless(hostile, harmless)


def test_a_capture_full_of_hostile_names(demo, tmp_path):
    """The sample with other names of the same length, in DHCP, DNS, TLS and certificates."""
    data = demo.read_bytes()
    for name, bad in ((b"iPhone-Joe", b"\x1b]0;own\x07\x85]"), (b"contoso", b"co\x1b[2Jx"), (b"Galaxy-S21-Mia", b"[/x]\xe2\x80\xae\x9b2J\n\r\t!")):
        assert len(name) == len(bad)
        assert name in data
        data = data.replace(name, bad)
    file = tmp_path / "hostile.pcapng"
    file.write_bytes(data)
    tour = (*TOUR, "7", "\r", "\r", "v", "\x1b", "1", "G", "\r")
    hostile = stream("-m", "pcapkit", "tui", str(file), tour=tour)
    assert b"own" in hostile
    assert_harmless(hostile, stream("-m", "pcapkit", "tui", str(demo), tour=tour))


@pytest.fixture
def running(demo):
    with Terminal(["-m", "pcapkit", "tui", str(demo), "--utc"]) as terminal:
        terminal.read(0.8, until=b"session")
        yield terminal


def test_quit(running):
    running.press("q")
    assert running.wait() == 0
    assert running.restored()


def test_control_c(running):
    running.press("\x03")
    assert running.wait() == 0
    assert running.restored()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_signals(running, number, code):
    running.child.send_signal(number)
    assert running.wait() == code
    assert running.restored()


def test_a_crash_in_a_worker():
    with Terminal([str(HERE / "pty_browser.py"), "crash"], environment={"PCAPKIT_STRICT": "1"}) as terminal:
        assert terminal.wait() == 70
        assert terminal.restored()
        assert b"ZeroDivisionError" in terminal.out


def test_a_crash_in_a_worker_is_only_told_where_it_is_not_a_test():
    with Terminal([str(HERE / "pty_browser.py"), "crash"], environment={"PCAPKIT_STRICT": ""}) as terminal:
        terminal.read(until=b"ZeroDivisionError in crash")
        terminal.press("q")
        assert terminal.wait() == 0
        assert terminal.restored()


def test_without_a_terminal_one_line_says_so(demo):
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "pcapkit", "tui", str(demo)], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "use pcapkit analyze" in done.stderr
    assert done.stdout == ""
