"""Exports: which part, in which form, under which name; nothing is overwritten."""

from __future__ import annotations

import json

import made
import pytest
from pcapkit_tui import cutting
from pcapkit_tui.state import Setup, Snapshot, State
from pcapkit_tui.view import export
from pcapkit_tui.view.filtering import everything
from pcapkit_tui.widgets.key_line import KeyLine
from shown import browser, keys, running, settle, text

from pcapkit.analysis import Analysis
from pcapkit.capture import open_capture
from pcapkit.model import FrameRef
from pcapkit.options import Options
from pcapkit.report.style import Style


@pytest.fixture(scope="module")
def state(demo):
    analysis = Analysis([str(demo)], Options())
    for _ in analysis.read():
        pass
    report = analysis.report()
    found = State(Setup(style=Style(utc=True)))
    found.take(Snapshot(report, analysis.scene, tuple(r.tracker for r in analysis.readings), (str(demo),), True, analysis))
    return found


def packets(path) -> int:
    with open_capture(str(path), 0) as source:
        return sum(len(window) for window in source.windows())


@pytest.mark.parametrize(
    ("ids", "wanted"),
    [
        (("D1", "S2", "F3", "T4"), export.Chosen(("D1",), ("S2",), ("F3",), ("T4",))),
        (("F1/S2", "e3", "2.1", "F1"), export.Chosen(findings=("F1",))),
        (("*all",), export.Chosen(everything=True)),
    ],
)
def test_what_was_chosen(ids, wanted):
    assert export.chosen(ids, everything(made.report())) == wanted


def test_what_the_filter_shows_is_a_scope():
    state = made.state()
    state.filter("device:D1")
    found = export.chosen(("*filtered",), state.kept)
    assert found.devices == ("D1",)
    assert found.sessions == ("S1",)


def test_the_part_of_a_report():
    report = made.report()
    one = export.part(report, export.Chosen(devices=("D3",)))
    assert [s.id for s in one.sessions] == ["S3", "S4"]
    assert [d.id for d in export.part(report, export.Chosen(sessions=("S2",))).devices] == ["D2"]
    found = export.part(report, export.Chosen(findings=("F2",)))
    assert [f.id for f in found.findings] == ["F2"]
    assert [d.id for d in found.devices] == ["D1", "D2"]
    assert export.part(report, export.Chosen(everything=True)) is report


@pytest.mark.parametrize("form", ["text", "md", "html", "json", "csv"])
def test_documents(form, tmp_path):
    said = cutting.write(made.state(), export.Chosen(devices=("D1",)), form, tmp_path / f"out.{form}", redact=False)
    data = (tmp_path / f"out.{form}").read_text("utf-8")
    assert "Wrote" in said
    assert "hairpin-no-reply" in data
    assert "SurfaceGo" not in data


def test_redacted_documents(tmp_path):
    cutting.write(made.state(), export.Chosen(everything=True), "json", tmp_path / "out.json", redact=True)
    document = json.loads((tmp_path / "out.json").read_text())
    assert "iPhone-Joe" not in json.dumps(document)
    assert document["devices"][0]["hostname"] == "device#1"


def test_nothing_is_overwritten(tmp_path):
    target = tmp_path / "out.txt"
    for _ in range(3):
        cutting.write(made.state(), export.Chosen(everything=True), "text", target, redact=False)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out-1.txt", "out-2.txt", "out.txt"]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(cutting.CutError, match="Nothing was written"):
        cutting.write(made.state(), export.Chosen(everything=True), "text", tmp_path / "no" / "out.txt", redact=False)


@pytest.mark.parametrize(
    ("paths", "wanted", "name"),
    [
        (["/a/site a.pcapng.gz"], export.Chosen(sessions=("S1",)), "site-a-S1.pcapng"),
        (["../\x1b[2J.pcap"], export.Chosen(everything=True), "2J.pcapng"),
        ([], export.Chosen(everything=True), "pcapkit.pcapng"),
        (["..."], export.Chosen(devices=("D1", "D2", "D3", "D4")), "D1-D2.pcapng"),
    ],
)
def test_names_of_files_are_ours(paths, wanted, name):
    assert export.file_name(paths, wanted, "pcapng") == name


def test_a_cut_of_packets(state, tmp_path):
    target = tmp_path / "cut.pcapng"
    said = cutting.write(state, export.Chosen(sessions=(state.report.sessions[0].id,)), "pcapng", target, redact=False)
    assert str(packets(target)) in said.replace(",", "")
    assert 0 < packets(target) < 165


def test_a_cut_of_a_flow(state, tmp_path):
    cutting.write(state, export.Chosen(flows=("T1",)), "pcapng", tmp_path / "cut.pcapng", redact=False)
    assert packets(tmp_path / "cut.pcapng") == state.snapshot.trackers[0].summaries()[0].packets


def test_packets_are_not_cut_while_loading(tmp_path):
    with pytest.raises(cutting.CutError, match="read to its end"):
        cutting.write(made.state(), export.Chosen(sessions=("S1",)), "pcapng", tmp_path / "cut.pcapng", redact=False)


def test_certificates_as_pem(state, tmp_path):
    from cryptography.x509 import load_pem_x509_certificates

    cutting.write(state, export.Chosen(everything=True), "pem", tmp_path / "chain.pem", redact=False)
    assert len(load_pem_x509_certificates((tmp_path / "chain.pem").read_bytes())) >= 2


def test_no_certificates(tmp_path):
    state = made.state(made.empty())
    with pytest.raises(cutting.CutError, match="No certificate"):
        cutting.write(state, export.Chosen(everything=True), "pem", tmp_path / "chain.pem", redact=False)


def test_the_wireshark_command_shows_the_same_packet(state, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session = state.report.sessions[0]
    place = session.steps[-1].frames[0]
    command = cutting.cut_for_wireshark(state, export.Chosen(sessions=(session.id,)), place)
    number = int(command.rpartition("==")[2].rstrip("'"))
    from pcapkit import revisit

    cut = next(tmp_path.glob("*.pcapng"))
    assert str(cut) in command
    assert revisit.frame_at(str(cut), 0, number, lambda: False).data == revisit.frame_at(state.snapshot.paths[0], 0, place.frame, lambda: False).data


async def test_the_dialog(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = browser()
    async with running(app) as pilot:
        await keys(app, pilot, "e")
        assert "what the cursor is on: D1" in text(app)
        assert app.screen.query_one("#path").value == "site-a-D1.pcapng"
        app.screen.query_one("#form-text").value = True
        await settle(app, pilot)
        assert app.screen.query_one("#path").value == "site-a-D1.txt"
        app.screen.query_one("#path").focus()
        await keys(app, pilot, "enter")
        assert app.screen.NAME == "devices"
        assert "Wrote" in app.screen.query_one(KeyLine).message
    assert (tmp_path / "site-a-D1.txt").read_text("utf-8").startswith("pcapkit")


async def test_the_screen_as_a_picture(tmp_path):
    app = browser(theme="ansi")
    async with running(app) as pilot:
        app.write_export(export.Chosen(everything=True), "svg", tmp_path / "screen.svg", redact=False)
        await settle(app, pilot)
        await settle(app, pilot)
        assert app.theme == "pcapkit-ansi"
    assert "<svg" in (tmp_path / "screen.svg").read_text("utf-8")


async def test_w_says_the_command(state, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = browser(snapshot=state.snapshot)
    async with running(app) as pilot:
        app.open_packet(FrameRef(0, state.report.sessions[0].steps[0].frames[0].frame))
        await settle(app, pilot)
        await keys(app, pilot, "w")
        assert app.screen.query_one(KeyLine).message.startswith("wireshark -r ")
    assert list(tmp_path.glob("*.pcapng"))


async def test_served_browsers_say_the_command_and_write_nothing(state, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = browser(snapshot=state.snapshot, served=True)
    async with running(app) as pilot:
        app.open_packet(FrameRef(0, 7))
        await settle(app, pilot)
        await keys(app, pilot, "w")
        assert "frame.number==7" in app.screen.query_one(KeyLine).message
    assert not list(tmp_path.iterdir())
