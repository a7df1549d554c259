"""``live -`` and ``analyze --follow``: the same thing, with lines as findings appear, and the full report when stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import phone
import pytest

from pcapkit.live import Following, LiveRun
from pcapkit.options import Options


def start(*words: object, **kwargs: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pcapkit", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kwargs)  # type: ignore[call-overload,no-any-return]


def read_until(child: subprocess.Popen[str], wanted: str, lines: list[str], within_s: float = 20) -> bool:
    """Read lines until one has ``wanted`` in it."""
    guard = threading.Timer(within_s, child.kill)
    guard.start()
    try:
        assert child.stdout is not None
        for line in child.stdout:
            lines.append(line)
            if wanted in line:
                return True
        return False
    finally:
        guard.cancel()


def test_a_pipe_is_analysed_as_it_comes_and_silence_is_judged(tmp_path: Path) -> None:
    child = start("live", "-", "--format", "jsonl", "--fail-on", "critical", stdin=subprocess.PIPE)
    assert child.stdin is not None
    raw, lines = child.stdin.fileno(), list[str]()
    os.write(raw, phone.HEADER + phone.record(phone.query()) + phone.record(phone.answer()) + phone.record(phone.syn()))
    sent = time.monotonic()
    assert read_until(child, '"change": "new"', lines)
    assert time.monotonic() - sent < 3 + 5
    said = json.loads(lines[-1])
    assert (said["type"], said["code"], said["number"]) == ("finding", "service-no-reply", 1)
    assert said["device_names"] == {"D1": "a4:83:e7:00:00:01"}
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=20)
    rest = [json.loads(line) for line in out.splitlines()]
    assert [r["type"] for r in rest] == ["capture", "device", "session", "finding", "summary"]
    assert "change" not in rest[3]
    assert rest[4]["interrupted"] is False
    assert (child.returncode, err) == (1, "")


def test_a_growing_file_corrects_itself_and_ends_with_zero(tmp_path: Path) -> None:
    path = phone.write(tmp_path / "growing.pcap", phone.query(), phone.answer(), phone.syn())
    child = start("analyze", "--follow", path)
    lines: list[str] = []
    assert read_until(child, "service-no-reply", lines)
    assert "#1" in lines[-1]
    assert "critical" in lines[-1]
    phone.append(path, phone.syn_ack())
    assert read_until(child, "withdrawn", lines)
    child.send_signal(signal.SIGTERM)
    out, err = child.communicate(timeout=20)
    assert (child.returncode, err) == (0, "")
    assert "No fault seen" in out
    assert "stopped" not in out


def test_a_pipe_that_ends_ends_the_run_with_the_report_of_analyze(tmp_path: Path) -> None:
    path = phone.write(tmp_path / "x.pcap", phone.query(), phone.answer(), phone.syn(), phone.syn(), start_s=1_700_000_000)
    with path.open("rb") as pipe:
        done = start("live", "-", "--format", "json", stdin=pipe).communicate(timeout=20)[0]
    plain = start("analyze", path, "--format", "json").communicate(timeout=20)[0]
    live, whole = json.loads(done), json.loads(plain)
    assert {**live, "captures": []} == {**whole, "captures": []}


def test_what_is_no_capture_is_exit_3() -> None:
    child = start("live", "-", stdin=subprocess.PIPE)
    out, err = child.communicate("this is no capture at all, but some text\n" * 3, timeout=20)
    assert (child.returncode, out) == (3, "")
    assert err.startswith("pcapkit: standard input: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("live",),
        ("live", "-", "-i", "eth0"),
        ("live", "-", "-a", "forever"),
        ("live", "-", "--notify-command", "'"),
        ("analyze", "--follow", "a", "b"),
    ],
)
def test_wrong_command_lines(words: tuple[str, ...]) -> None:
    child = start(*words, stdin=subprocess.DEVNULL)
    _, err = child.communicate(timeout=20)
    assert child.returncode == 2
    assert err.startswith("pcapkit: ")


def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    """Whatever goes on: here the reader of the report does not read."""
    child = start("live", "-", stdin=subprocess.PIPE)
    assert child.stdin is not None
    os.write(child.stdin.fileno(), phone.HEADER)
    time.sleep(1.5)
    child.send_signal(signal.SIGINT)
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=5)
    assert child.returncode in (0, 130)


def test_the_command_gets_the_finding_and_no_shell(tmp_path: Path) -> None:
    got, path = tmp_path / "got", phone.write(tmp_path / "x.pcap", phone.query(), phone.answer(), phone.syn(), phone.syn())
    script = tmp_path / "notify.sh"
    script.write_text(f'#!/bin/sh\ncat > "{got}"\nprintf "%s" "$1" > "{got}.word"\n')
    script.chmod(0o755)
    with path.open("rb") as pipe:
        start("live", "-", "--notify-command", f"{script} '$(id);`id`'", stdin=pipe).communicate(timeout=20)
    told = json.loads(got.read_text())
    assert (told["type"], told["code"], told["change"]) == ("finding", "service-no-reply", "new")
    assert Path(f"{got}.word").read_text() == "$(id);`id`"


def test_marks_and_limits_in_a_program(tmp_path: Path) -> None:
    path = phone.write(tmp_path / "x.pcap", phone.query(), phone.answer())
    run = LiveRun(Following(str(path)), Options(), packets=3)
    seen, marked = [], False
    for update in run.updates():
        seen.append(update)
        if update.counters.packets == 2 and not marked:
            marked = True
            run.mark()
            phone.append(path, phone.syn())
    last = seen[-1]
    assert run.ended
    assert last.counters.packets == 3
    assert last.report is run.report
    (comment,) = last.report.captures[0].comments
    assert comment.startswith("mark, after frame 2, 20")
    assert comment.endswith(": user tried now")
    assert any(w.step == "connect" for u in seen for w in u.waiting) or last.report.sessions[0].outcome == "incomplete"
