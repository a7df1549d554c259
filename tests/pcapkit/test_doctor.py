"""doctor looks, says what mends what, and changes nothing."""

from __future__ import annotations

import os
from importlib import metadata

import pytest

from pcapkit import doctor, limits
from pcapkit.cli import main
from pcapkit.report.style import Style


def levels(found):
    return {check.what: check.level for check in found}


def test_lines_begin_with_a_level_and_what_is_missing_has_a_fix(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _name: None)
    found = list(doctor.checks())
    assert levels(found)["tshark"] == "miss"
    assert all(check.fix for check in found if check.level == "miss")
    lines = doctor.text(found, Style()).splitlines()
    assert {line.split()[0] for line in lines if not line.startswith(" ")} <= {"ok", "warn", "miss"}
    assert any("fix: sudo apt install tshark" in line for line in lines)


def test_another_owner_of_the_name_is_noticed(monkeypatch):
    monkeypatch.setattr(metadata, "packages_distributions", lambda: {"pcapkit": ["pypcapkit", "pcapkit-autodiscover"]})
    (clash,) = [c for c in doctor.checks() if c.what == "package pcapkit"]
    assert clash.level == "warn"
    assert "pypcapkit" in clash.why
    assert "uninstall pypcapkit" in clash.fix


def test_a_missing_library_is_named(monkeypatch):
    real = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == "pyarrow" else real(name))
    assert levels(doctor.checks())["pyarrow"] == "miss"


@pytest.mark.parametrize(("said", "level"), [("on", "ok"), ("external", "warn"), (None, "warn")])
def test_the_clipboard_of_tmux(monkeypatch, said, level):
    monkeypatch.setenv("TMUX", "/tmp/tmux-0/default,1,0")
    monkeypatch.setattr(doctor, "_ask", lambda *_command: said)
    assert levels(doctor.checks())["tmux clipboard"] == level


def test_a_broken_configuration_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "pcapkit").mkdir()
    (tmp_path / "pcapkit" / "config.toml").write_text("[site]\ninsid = 1\n")
    (check,) = [c for c in doctor.checks() if c.what == "configuration"]
    assert check.level == "warn"
    assert "line 2" in check.why


@pytest.mark.skipif(not os.path.isdir("/sys/class/net/lo"), reason="no loopback interface to look at")
def test_an_interface():
    found = levels(doctor.checks("lo"))
    assert found["interface lo"] == "ok"
    assert levels(doctor.checks("../lo"))["interface ../lo"] == "miss"


def test_hostile_environment_reaches_no_terminal(monkeypatch, capsys):
    monkeypatch.setenv("TERM", "x\x1b[31m")
    monkeypatch.setenv("LANG", "C.UTF-8")
    assert main(["doctor", "-i", "a\x1b[2J"]) == 5
    assert "\x1b" not in capsys.readouterr().out


def test_every_bound_and_threshold_is_printed(capsys):
    assert main(["doctor", "--limits"]) == 0
    shown = capsys.readouterr().out
    for name in limits.__all__:
        assert name in shown or not name.isupper()
    assert "MAX_BLOCK                16 MiB" in shown
    assert "FRAG_TIMEOUT_NS          30 s" in shown
    assert "dns_wait_s               3.0" in shown


@pytest.mark.skipif(not os.path.isdir("/sys/class/net/lo"), reason="no Linux")
def test_an_interface_may_be_captured_on_or_how():
    (line,) = [c for c in doctor.checks("lo") if c.what == "capture on lo"]
    assert line.level == "ok" or "setcap" in line.fix


def test_where_nobody_may_capture(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise PermissionError

    monkeypatch.setattr(doctor.shutil, "which", lambda *_args, **_kwargs: None)
    monkeypatch.setattr(doctor.socket, "socket", refuse)
    line = doctor._permission("eth1")
    assert line.level == "miss"
    assert "tcpdump -i eth1 -w FILE" in line.why
