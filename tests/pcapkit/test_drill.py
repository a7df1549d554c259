"""One packet through tshark, and Wireshark's display filters."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pcapkit import drill, revisit

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
DEMO = str(SAMPLES / "demo.pcapng")


def never() -> bool:
    return False


def raw(*numbers: int) -> list[drill.Raw]:
    return [drill.Raw(f.time_ns, f.data, f.length, f.link_type) for f in revisit.frames_at(DEMO, 0, numbers, never)]


@pytest.mark.tshark
def test_the_tree_of_a_packet():
    nodes = drill.tree(raw(7), never)
    assert nodes[0].depth == 0
    texts = [node.text for node in nodes]
    assert any("Source Port" in text for text in texts)
    assert any(text.startswith("Queries") or "lyncdiscoverinternal" in text for text in texts)
    data = raw(7)[0].data
    ttl = next(node for node in nodes if "Time to Live" in node.text)
    assert (ttl.at, ttl.size) == (22, 1)
    assert data[22] == 64
    assert all(node.at >= 0 and node.at + node.size <= len(data) for node in nodes if node.size)


@pytest.mark.tshark
def test_a_display_filter_gives_frames():
    found = drill.matching([DEMO], "dns.flags.response == 0", never)
    assert found.keys() == {0}
    assert 7 in found[0]


@pytest.mark.tshark
def test_a_wrong_filter_is_refused_in_words():
    with pytest.raises(drill.DrillError, match="tshark refuses"):
        drill.matching([DEMO], "dns.flags ==", never)


def test_without_tshark(monkeypatch):
    monkeypatch.setattr(drill.shutil, "which", lambda _: None)
    with pytest.raises(drill.DrillError, match="apt install tshark"):
        drill.tree(raw(7), never)
    with pytest.raises(drill.DrillError, match="needs tshark"):
        drill.matching([DEMO], "dns", never)


def child(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_child_that_takes_too_long_is_ended_with_its_children(tmp_path):
    mark = tmp_path / "alive"
    grandchild = f"import time\nfor _ in range(100): time.sleep(0.1); open({str(mark)!r}, 'a').write('x')"
    code = f"import subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', {grandchild!r}])\ntime.sleep(60)"
    with pytest.raises(drill.DrillError, match=r"longer than 1 s"):
        drill._run(child(code), never, 1.0)
    size = mark.stat().st_size if mark.exists() else 0
    import time

    time.sleep(0.4)
    assert (mark.stat().st_size if mark.exists() else 0) <= size + 1


def test_a_child_that_is_stopped():
    calls = iter([False, False, True, True, True, True, True])
    assert drill._run(child("import time; time.sleep(60)"), lambda: next(calls, True), 30.0) == []


def test_a_child_that_prints_too_much(monkeypatch):
    monkeypatch.setattr(drill, "OUTPUT", 10_000)
    with pytest.raises(drill.DrillError, match="too much"):
        drill._run(child("while True: print('x' * 1000)"), never, 30.0)


def test_a_child_that_fails():
    with pytest.raises(drill.DrillError, match="failed"):
        drill._run(child("raise SystemExit(2)"), never, 30.0)


def test_no_file_is_left(monkeypatch, tmp_path):
    monkeypatch.setattr(drill.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(drill, "available", lambda: True)
    monkeypatch.setattr(drill, "_run", lambda *_: ['[0, "Frame", 0, 0]'])
    assert drill.tree(raw(7), never) == [drill.Node(0, "Frame", 0, 0)]
    assert list(tmp_path.iterdir()) == []


def test_the_pyshark_that_we_know():
    """Fields as pyshark gives them, nested by their bytes."""

    class Field:
        def __init__(self, name, showname, pos, size, raw, hide=False):
            self.name, self.showname, self.pos, self.size, self.raw_value, self.hide, self.show = name, showname, pos, size, raw, hide, showname

    class Container:
        def __init__(self, *fields):
            self.all_fields = fields

    class Layer:
        layer_name = "udp"
        _all_fields = {  # noqa: RUF012
            "udp": Container(Field("udp", "User Datagram Protocol", "0", "8", "0035003500100000")),
            "udp.srcport": Container(Field("udp.srcport", "Source Port: 53", "0", "2", "0035")),
            "udp.secret": Container(Field("udp.secret", "hidden", "0", "2", "0035", hide=True)),
            "udp.payload": Container(Field("udp.payload", "UDP payload: 0102", "8", "2", "0102")),
        }

    nodes = list(drill._layer(Layer(), bytes.fromhex("00350035001000000102")))
    assert [(n.depth, n.text, n.size) for n in nodes] == [
        (0, "User Datagram Protocol", 0),
        (1, "User Datagram Protocol", 8),
        (2, "Source Port: 53", 2),
        (1, "UDP payload", 2),
    ]
