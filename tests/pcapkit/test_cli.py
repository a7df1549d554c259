"""The command line: commands, exit codes, errors in one line, output, signals, pipes."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import examples
import pytest

from pcapkit import analysis
from pcapkit.cli import main
from pcapkit.model import Problem, Unreadable

DNS = bytes.fromhex("0200000000010200000000020800" + "4500003d0001000040110000" + "0a140001" + "0a000035" + "c3500035" + "00290000")
QUERY = bytes.fromhex("1234010000010000000000000b") + b"lyncdiscove" + bytes.fromhex("03") + b"com" + bytes.fromhex("0000010001")


def pcap(path: Path, packets: int = 3, cut: int = 0) -> Path:
    packet = DNS + QUERY
    data = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1)
    for number in range(packets):
        data += struct.pack("<IIII", 1_795_338_134 + number, 0, len(packet), len(packet)) + packet
    path.write_bytes(data[: len(data) - cut])
    return path


@pytest.fixture(name="sample")
def _sample(tmp_path):
    return pcap(tmp_path / "sample.pcap")


@pytest.fixture(name="found")
def _found(monkeypatch):
    """The analysis finds what the example report holds."""

    def use(report=None):
        monkeypatch.setattr(analysis, "run", lambda *_args, **_kwargs: report or examples.full())

    use()
    return use


def run(*words, **kwargs):
    """A process of its own, as users start it."""
    command = [sys.executable, "-m", "pcapkit", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **kwargs)


def errors_of(capsys):
    lines = capsys.readouterr().err.splitlines()
    assert all(line.startswith("pcapkit: ") and len(line) <= 400 for line in lines)
    return lines


# ---------------------------------------------------------------- exit codes, one by one


def test_0_ran(sample, capsys):
    assert main(["analyze", str(sample)]) == 0
    assert "3 packets" in capsys.readouterr().out


def test_0_findings_below_the_limit(sample, found):
    assert main(["analyze", str(sample)]) == 0


@pytest.mark.parametrize(("limit", "code"), [("critical", 1), ("warning", 1), ("info", 1), ("never", 0)])
def test_1_finding_at_or_above_fail_on(sample, found, limit, code):
    assert main(["analyze", str(sample), "--fail-on", limit]) == code


def test_1_counts_only_what_is_shown(sample, found):
    assert main(["analyze", str(sample), "--fail-on", "critical", "--only", "http-fallback"]) == 0
    assert main(["analyze", str(sample), "--fail-on", "warning", "--ignore", "*"]) == 0


WRONG = {
    "no capture": ["analyze"],
    "nothing at all": [],
    "unknown option": ["analyze", "--colour", "x"],
    "abbreviated option": ["analyze", "--form", "json"],
    "unknown format": ["analyze", "--format", "yaml", "x"],
    "no network": ["analyze", "--inside", "10.0.0.0/33", "x"],
    "no address": ["analyze", "--public-ip", "example", "x"],
    "no name": ["analyze", "--external-fqdn", "https://x/", "x"],
    "no number": ["analyze", "--jobs", "0", "x"],
    "no time": ["analyze", "--at", "yesterday", "x"],
    "bad filter": ["analyze", "--filter", "port:", "x"],
    "bad since": ["analyze", "--since", "soon", "x"],
    "brief json": ["analyze", "--brief", "--format", "json", "x"],
    "misspelt command": ["analise"],
    "unknown code": ["explain", "hairpin-no-rply"],
    "unknown schema": ["schema", "reports"],
    "missing configuration": ["analyze", "--config", "/nonexistent.toml", "x"],
}


@pytest.mark.parametrize("words", WRONG.values(), ids=WRONG)
def test_2_wrong_command_line(words, capsys):
    assert main(words) == 2
    assert len(errors_of(capsys)) == 1


def test_2_no_such_device_lists_those_there_are(sample, found, capsys):
    assert main(["analyze", str(sample), "--device", "10.9.9.9"]) == 2
    assert "D1 iPhone-Joe 10.20.0.31" in errors_of(capsys)[0]


def test_3_nothing_readable(tmp_path, capsys):
    (tmp_path / "empty.pcap").write_bytes(b"")
    (tmp_path / "text.pcap").write_text("hello, this is no capture at all\n" * 20)
    for name in ("missing.pcap", "empty.pcap", "text.pcap"):
        assert main(["analyze", str(tmp_path / name)]) == 3
        (line,) = errors_of(capsys)
        assert name in line


def test_3_readable_ones_are_reported_all_the_same(sample, tmp_path, capsys):
    assert main(["analyze", str(tmp_path / "missing"), str(sample), "--format", "json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert document["captures"][0]["packets"] == 3
    assert document["unreadable"][0]["path"].endswith("missing")


@pytest.mark.parametrize("option", ["--only", "--ignore"])
def test_2_a_code_that_no_finding_has(sample, capsys, option):
    assert main([str(sample), option, "cert-expird"]) == 2
    assert "cert-expired" in errors_of(capsys)[0]


def test_a_beginning_of_a_code_means_all_of_them(sample, found, capsys):
    assert main([str(sample), "--only", "hairpin", "--format", "json"]) == 0
    assert {f["code"] for f in json.loads(capsys.readouterr().out)["findings"]} == {"hairpin-no-reply"}


def test_what_is_left_out_is_not_called_faultless(sample, found, capsys):
    assert main([str(sample), "--only", "cert-expiring"]) == 0
    shown = capsys.readouterr().out
    assert "No fault seen" not in shown
    assert "No finding shown says why" in shown
    assert "findings left out by what was asked for" in " ".join(shown.split())


def test_3_damage_only_under_strict(tmp_path):
    cut = pcap(tmp_path / "cut.pcap", cut=5)
    assert main(["analyze", str(cut)]) == 0
    assert main(["analyze", str(cut), "--strict"]) == 3


def test_4_output_not_written(sample, tmp_path, capsys):
    (tmp_path / "old").write_text("old")
    for target in ("old", "none/out", "."):
        assert main(["analyze", str(sample), "-o", str(tmp_path / target)]) == 4
        assert len(errors_of(capsys)) == 1
    assert (tmp_path / "old").read_text() == "old"
    assert main(["analyze", str(sample), "-o", str(tmp_path / "old"), "--force"]) == 0
    assert "pcapkit" in (tmp_path / "old").read_text()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_4_standard_output_full(sample):
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-m", "pcapkit", str(sample)], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (4, 1)
    assert "No space left" in done.stderr


def test_5_missing_interface(capsys):
    assert main(["doctor", "-i", "no-such-interface"]) == 5


def test_70_a_bug_is_one_line_and_a_traceback_only_with_debug(sample, monkeypatch, capsys):
    def broken(*_args, **_kwargs):
        raise KeyError("\x1b[31mpacket text")

    monkeypatch.setattr(analysis, "run", broken)
    assert main(["analyze", str(sample)]) == 70
    (line,) = errors_of(capsys)
    assert "bug" in line
    assert "KeyError" in line
    assert main(["analyze", str(sample), "--debug"]) == 70
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert "\x1b" not in shown


def test_another_package_of_the_same_name_is_named(sample, monkeypatch, capsys):
    from importlib import metadata

    def broken(*_args, **_kwargs):
        raise ImportError("cannot import name 'x' from 'pcapkit'")

    monkeypatch.setattr(analysis, "run", broken)
    monkeypatch.setattr(metadata, "packages_distributions", lambda: {"pcapkit": ["PyPCAPKit", "pcapkit-autodiscover"]})
    assert main(["analyze", str(sample)]) == 5
    assert "pypcapkit" in errors_of(capsys)[0]


def test_70_internal_error_only_under_strict(sample, found):
    capture = examples.capture(problems=(Problem("internal-error", "KeyError in a rule"),))
    found(replace(examples.full(), captures=(capture,)))
    assert main(["analyze", str(sample)]) == 0
    assert main(["analyze", str(sample), "--strict"]) == 70


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_130_and_143_report_what_was_read(sample, monkeypatch, capsys, number, code):
    """The signal arrives while the analysis runs; it stops at the next window and the report is written."""

    def interrupted(paths, options, progress, stop):
        assert not stop()
        os.kill(os.getpid(), number)
        time.sleep(0.01)
        assert stop()
        return replace(examples.full(), interrupted=True)

    monkeypatch.setattr(analysis, "run", interrupted)
    assert main(["analyze", str(sample)]) == code
    assert "Stopped before the end" in capsys.readouterr().out


def test_a_second_signal_ends_at_once(sample, monkeypatch, capsys, tmp_path):
    def stubborn(paths, options, progress, stop):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)
        raise AssertionError

    monkeypatch.setattr(analysis, "run", stubborn)
    assert main(["analyze", str(sample), "-o", str(tmp_path / "out")]) == 130
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("codes", "stands"),
    [((1, 3), 3), ((3, 4), 4), ((4, 5), 5), ((70, 5, 4, 3, 130, 1), 70), ((130, 1), 130), ((3, 130), 3), ((0, 1), 1), ((0,), 0)],
)
def test_where_several_codes_apply(codes, stands):
    from pcapkit.cli.errors import worst

    assert worst(codes) == stands


# ---------------------------------------------------------------- commands


def test_a_capture_alone_means_analyze(sample, capsys):
    assert main([str(sample)]) == 0
    alone = capsys.readouterr().out
    assert main(["analyze", str(sample)]) == 0
    assert capsys.readouterr().out == alone


def test_options_may_stand_anywhere(sample, capsys):
    assert main(["--color", "never", "--utc", "analyze", str(sample), "--format", "json", str(sample)]) == 0
    assert len(json.loads(capsys.readouterr().out)["captures"]) == 2


def test_a_file_named_like_a_command(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pcap(tmp_path / "doctor")
    assert main(["analyze", "doctor"]) == 0


def test_the_order_of_files_changes_nothing(tmp_path, capsys):
    one, two = str(pcap(tmp_path / "a.pcap")), str(pcap(tmp_path / "b.pcap", packets=5))
    shown = []
    for captures in ([one, two], [two, one]):
        assert main(captures) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]


def test_standard_input(sample):
    done = run("analyze", "-", "--format", "json", stdin=open(sample, "rb"))  # noqa: SIM115
    assert done.returncode == 0
    assert json.loads(done.stdout)["captures"][0]["packets"] == 3


def test_dissect_prints_a_json_object_a_line(sample, capsys):
    assert main(["dissect", str(sample)]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {e["type"] for e in events} == {"dns"}
    assert [e["frame"] for e in events] == [1, 2, 3]
    assert main(["dissect", str(sample), "--type", "tls,http.request"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_dissect_as_table(sample, tmp_path, form):
    import pandas as pd

    target = tmp_path / f"events.{form}"
    assert main(["dissect", str(sample), "--format", form, "-o", str(target)]) == 0
    frame = pd.read_csv(target) if form == "csv" else pd.read_parquet(target)
    assert list(frame.frame) == [1, 2, 3]


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "md", "html", "csv", "parquet"])
def test_every_format_goes_into_a_file(sample, found, tmp_path, form):
    target = tmp_path / "out"
    assert main(["analyze", str(sample), "--format", form, "-o", str(target)]) == 0
    assert target.stat().st_size > 500


def test_tables_go_into_a_folder(sample, found, tmp_path):
    assert main(["analyze", str(sample), "--format", "csv", "-o", f"{tmp_path}/tables/"]) == 0
    assert sorted(os.listdir(tmp_path / "tables")) == ["devices.csv", "evidence.csv", "findings.csv", "sessions.csv", "steps.csv"]
    assert main(["analyze", str(sample), "--format", "csv", "-o", f"{tmp_path}/tables/"]) == 4


@pytest.mark.parametrize("document", ["report", "lines", "event"])
def test_schema_prints_json(document, capsys):
    assert main(["schema", document]) == 0
    assert json.loads(capsys.readouterr().out)["$schema"].startswith("https://json-schema.org/")


def test_version_and_help(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("pcapkit ")
    for words in (["--help"], ["analyze", "--help"], ["live", "--help"], ["help"]):
        assert main(words) == 0
        assert "usage: pcapkit" in capsys.readouterr().out


def test_narrowing_shows_a_part(sample, found, capsys):
    assert main(["analyze", str(sample), "--device", "pixel", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [d["id"] for d in document["devices"]] == ["D3"]
    assert {d for f in document["findings"] for d in f["devices"]} == {"D3"}


# ---------------------------------------------------------------- terminals and pipes


def test_a_reader_that_leaves_ends_us_silently(sample):
    for words in ((sample,), ("dissect", sample), ("explain",), ("schema",)):
        process = subprocess.Popen([sys.executable, "-m", "pcapkit", *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.close()
        assert process.stderr.read() == b""
        process.stderr.close()
        assert process.wait(60) == 0


def test_closed_standard_output_is_an_error_in_one_line(sample):
    done = subprocess.run(f"{sys.executable} -m pcapkit {sample} >&-", shell=True, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1


def test_an_ascii_locale_gets_ascii(sample):
    done = run(sample, env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    assert done.returncode == 0
    assert done.stdout.isascii()


def test_hostile_file_name_in_an_error(tmp_path, capsys):
    name = "a\x1b[31m\n\u202e" + "b" * 200
    assert main(["analyze", str(tmp_path / name)]) == 3
    (line,) = errors_of(capsys)
    assert r"a\x1b[31m\x0a\u{202e}b" in line


def test_no_colour_unless_asked_for(sample, found, capsys):
    assert main([str(sample)]) == 0
    assert "\x1b" not in capsys.readouterr().out
    assert main([str(sample), "--color", "always"]) == 0
    assert "\x1b[" in capsys.readouterr().out


def test_progress_only_on_a_terminal(sample):
    assert run(sample).stderr == ""


def test_log_goes_to_a_private_file(sample, tmp_path):
    log = tmp_path / "log"
    assert main(["analyze", str(sample), "--log", str(log), "--debug"]) == 0
    assert log.stat().st_mode & 0o077 == 0
    assert "CPU by stage" in log.read_text()


def test_unreadable_beside_interrupted(sample, found):
    found(replace(examples.full(), unreadable=(Unreadable("x", "gone"),)))
    assert main(["analyze", str(sample), "--fail-on", "info"]) == 3
