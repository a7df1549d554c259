"""``--redact`` and ``--redact-map`` on the command line."""

from __future__ import annotations

import json
import os
import stat

import examples
import pytest
from test_cli import pcap

from pcapkit import analysis
from pcapkit.cli import main


@pytest.fixture(name="sample")
def _sample(tmp_path, monkeypatch):
    monkeypatch.setattr(analysis, "run", lambda *_args, **_kwargs: examples.full())
    return str(pcap(tmp_path / "sample.pcap"))


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "md", "html", "csv"])
def test_every_form(sample, form, capsys):
    assert main([sample, "--redact", "--format", form]) == 0
    shown = capsys.readouterr().out
    assert "iPhone-Joe" not in shown
    assert "10.20.0.31" not in shown
    assert "device#1" in shown.replace("\\", "")


def test_the_key_is_for_its_owner(sample, tmp_path):
    key = tmp_path / "key.json"
    assert main([sample, "--redact-map", str(key), "-o", str(tmp_path / "out")]) == 0
    assert stat.S_IMODE(os.stat(key).st_mode) == 0o600
    assert json.loads(key.read_text())["device#1"] == "iPhone-Joe"
    assert "iPhone-Joe" not in (tmp_path / "out").read_text()
    assert main([sample, "--redact-map", str(key)]) == 4


def test_a_part_is_numbered_after_it_was_chosen(sample, capsys):
    """``--device`` takes the true name; the numbers stand in what is shown."""
    assert main([sample, "--device", "iPhone-Joe", "--redact"]) == 0
    assert "device#1" in capsys.readouterr().out


def test_events(tmp_path, capsys):
    key = tmp_path / "key.json"
    assert main(["dissect", str(pcap(tmp_path / "a.pcap")), "--redact-map", str(key)]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {e["src"] for e in events} == {"10.20.0.#1"}
    assert json.loads(key.read_text())["10.20.0.#1"] == "10.20.0.1"
