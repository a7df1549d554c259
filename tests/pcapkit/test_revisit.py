"""Going back to packets of a capture that was read."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pcapkit import revisit
from pcapkit.analysis import Analysis
from pcapkit.keys import Secrets
from pcapkit.options import InputError, Options

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
DEMO = str(SAMPLES / "demo.pcapng")


def never() -> bool:
    return False


@pytest.fixture(scope="module")
def analysis():
    run = Analysis([DEMO], Options())
    for _ in run.read():
        pass
    return run


@pytest.fixture(scope="module")
def tracker(analysis):
    return analysis.readings[0].tracker


@pytest.mark.parametrize("number", [1, 7, 53, 165])
def test_one_frame(number):
    frame = revisit.frame_at(DEMO, 0, number, never)
    assert frame.frame == number
    assert frame.length == len(frame.data)
    assert [h.name for h in frame.headers][:2] == ["ethernet", "ipv4"]
    assert frame.headers[1].at == frame.piece.ip == 14


def test_a_frame_that_is_not_there():
    assert revisit.frame_at(DEMO, 0, 9_999, never) is None


def test_stopped_before_it_was_found():
    assert revisit.frames_at(DEMO, 0, [], never) == []


def test_frames_in_order():
    frames = revisit.frames_at(DEMO, 0, [30, 7, 7, 12], never)
    assert [f.frame for f in frames] == [7, 12, 30]
    assert [f.data for f in frames] == [revisit.frame_at(DEMO, 0, n, never).data for n in (7, 12, 30)]


def test_a_capture_that_went_away(tmp_path):
    with pytest.raises(InputError, match="cannot be read again"):
        revisit.frame_at(str(tmp_path / "gone.pcap"), 0, 1, never)


def flows(tracker):
    return range(tracker.next_flow)


def test_packets_of_every_conversation(tracker):
    every: list[int] = []
    for number in flows(tracker):
        known = tracker.connection(number)
        found = revisit.packets_of(DEMO, revisit.Talk.of(known), Options(), never)
        assert len(found) == known.forward.packets + known.reverse.packets
        assert int((found.direction == 0).sum()) == known.forward.packets
        assert found.frame[0] == known.first_frame
        assert found.frame[-1] == known.last_frame
        assert int(found.length[found.direction == 0].sum()) == known.forward.bytes
        every += found.frame.tolist()
    assert len(every) == len(set(every))


def test_a_conversation_is_dissected_in_full(tracker):
    told = set()
    for number in flows(tracker):
        talk = revisit.Talk.of(tracker.connection(number))
        told |= {type(o.event.message).__name__ for o in revisit.observations_of(DEMO, talk, Options(), Secrets(), never)}
    assert {"Dns", "ClientHello", "ServerHello", "Certificate", "Dhcp"} <= told


def test_payloads_in_order(tracker):
    number = tracker.find(None, None, 443)[0]
    talk = revisit.Talk.of(tracker.connection(number))
    found = list(revisit.payloads_of(DEMO, talk, Options(), never))
    assert [p[0] for p in found] == sorted(p[0] for p in found)
    assert found[0][4][:3] in (b"\x16\x03\x01", b"\x16\x03\x03")
    assert all(p[5] == len(p[4]) for p in found)


@pytest.mark.tshark
def test_the_same_packets_as_tshark(tracker):
    for number in tracker.find(None, None, 443)[:3]:
        known = tracker.connection(number)
        wanted = (
            f"tcp.port=={known.client_port} and ip.addr=={known.client} and frame.number<={known.last_frame} and frame.number>={known.first_frame}"
        )
        done = subprocess.run(
            [shutil.which("tshark"), "-r", DEMO, "-Y", wanted, "-T", "fields", "-e", "frame.number"], capture_output=True, text=True, check=True
        )
        found = revisit.packets_of(DEMO, revisit.Talk.of(known), Options(), never)
        assert found.frame.tolist() == [int(n) for n in done.stdout.split()]


def test_more_packets_than_are_listed(tracker, monkeypatch):
    monkeypatch.setattr(revisit, "PACKETS", 3)
    number = tracker.find(None, None, 443)[0]
    found = revisit.packets_of(DEMO, revisit.Talk.of(tracker.connection(number)), Options(), never)
    assert len(found) == 3
    assert found.more > 0
