"""The stages behind one another, on files."""

import gc
import struct

import pytest
from pcapkit_dissectors import all_dissectors

from pcapkit import analysis
from pcapkit.options import InputError, Options
from pcapkit.timings import Timings

QUERY = struct.pack(">HHHHHH", 1, 0x0100, 1, 0, 0, 0) + b"\x0clyncdiscover\x07contoso\x03com\x00" + struct.pack(">HH", 1, 1)


def packet(payload, sport, dport, proto=17):
    head = struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) if proto == 17 else struct.pack(">HHIIBBHHH", sport, dport, 1, 0, 0x50, 2, 9, 0, 0)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(head) + len(payload), 1, 0, 64, proto, 0, b"\x0a\x14\x00\x1f", b"\x0a\x14\x00\x01")
    return b"\x02" + bytes(5) + b"\x02" + bytes(4) + b"\x07\x08\x00" + ip + head + payload


@pytest.fixture
def capture(tmp_path):
    """Three packets: a query, a SYN, and the query again, in two files of the same content."""
    packets = [packet(QUERY, 50000, 53), packet(b"", 50001, 443, 6), packet(QUERY, 50000, 53)]
    data = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for n, one in enumerate(packets):
        data += struct.pack("<IIII", 1_750_000_000 + n, 0, len(one), len(one)) + one
    for name in ("one.pcap", "two.pcap"):
        (tmp_path / name).write_bytes(data)
    return tmp_path


def test_a_report_of_what_there_was(capture):
    report = analysis.run([str(capture / "one.pcap")], Options(full=True))
    assert [c.packets for c in report.captures] == [3]
    assert report.counts["dns_queries"] == report.counts["discovery_queries"] == 2
    assert [(f.id, f.transport) for f in report.flows or ()] == [("T1", "udp"), ("T2", "tcp")]
    assert not report.interrupted


def test_events_in_order_with_connections(capture):
    found = list(analysis.dissect([str(capture / "one.pcap")], Options()))
    assert [(e["type"], e["frame"]) for e in found] == [("dns", 1), ("tcp.connection", 2), ("dns", 3)]


@pytest.mark.parametrize(("types", "kinds"), [(("dns",), {"dns"}), (("tcp",), {"tcp.connection"}), (("tls", "tcp.connection"), {"tcp.connection"})])
def test_types_pick(capture, types, kinds):
    assert {e["type"] for e in analysis.dissect([str(capture / "one.pcap")], Options(), types)} == kinds


def test_several_captures_have_their_own_frames_and_flows(capture):
    found = list(analysis.dissect([str(capture)], Options()))
    assert [(e["capture"], e["frame"], e["flow"]) for e in found if e["type"] == "dns"] == [(0, 1, "T1"), (0, 3, "T1"), (1, 1, "T3"), (1, 3, "T3")]
    assert [c.path.rpartition("/")[2] for c in analysis.run([str(capture)], Options()).captures] == ["one.pcap", "two.pcap"]


def test_unreadable_inputs_are_listed(capture):
    (capture / "text.txt").write_text("no capture")
    paths = [str(capture / "missing.pcap"), str(capture / "one.pcap"), str(capture / "text.txt")]
    report = analysis.run(paths, Options())
    assert [item.path for item in report.unreadable] == [paths[0], paths[2]]
    assert len(report.captures) == 1
    told = []
    assert len(list(analysis.dissect(paths, Options(), failed=told.append))) == 3
    assert [error.path for error in told] == [paths[0], paths[2]]
    with pytest.raises(InputError, match="no such file"):
        list(analysis.dissect(paths[:1], Options()))


def test_stopped_before_the_end(capture):
    asked = []

    def stop():
        asked.append(1)
        return len(asked) > 3

    report = analysis.run([str(capture)], Options(), stop=stop)
    assert report.interrupted
    assert len(report.captures) <= 2


def test_progress_and_timings(capture):
    told, spent = [], {}
    analysis.run([str(capture / "one.pcap")], Options(timings=spent.update), progress=told.append)
    assert told[-1].done == told[-1].total
    assert told[-1].packets == 3
    assert set(spent) >= {"read", "columns", "flows", "streams", "datagrams", "facts", "report"}


def test_timings_leave_no_gap(monkeypatch):
    clock = iter([2.0, 5.0, 6.5])
    monkeypatch.setattr("pcapkit.timings.process_time", lambda: next(clock))
    timings = Timings()
    for stage in ("read", "flows", "read"):
        timings.lap(stage)
    assert timings.seconds == {"read": 3.5, "flows": 3.0}


def test_the_collector_runs_again_afterwards(capture):
    assert gc.isenabled()
    analysis.run([str(capture / "one.pcap")], Options())
    list(analysis.dissect([str(capture / "one.pcap")], Options()))
    assert gc.isenabled()


def test_a_report_may_be_asked_for_at_any_time(capture):
    run = analysis.Analysis([str(capture)], Options())
    packets = [sum(c.packets for c in run.report().captures) for _ in run.read()]
    assert packets == sorted(packets)
    assert run.report().counts["dns_queries"] == 4


def test_every_dissector_is_found():
    assert {d.name for d in all_dissectors()} >= {"dns", "mdns", "llmnr", "dns-tcp", "tls", "http", "dhcp"}
