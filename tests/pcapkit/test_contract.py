"""The public contract: every command, option, format and code of it is there, and stays."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import get_args

import examples
import pytest

import pcapkit
from pcapkit import analysis, model
from pcapkit.cli.parser import COMMANDS
from pcapkit.explain import FAMILIES, UnknownCode, all_rules, catalogue, entry, find, text
from pcapkit.report.style import Style
from pcapkit.rules._api import Rule

OPTIONS = {
    "analyze dissect tui live extract": """--inside --public-ip --external-fqdn --domain --trust --no-public-roots --system-trust --intermediates --at --keylog --wpa-psk
        --device --filter --since --until --min-severity --only --ignore --redact --redact-map --strict --jobs --decode
        --color --ascii --utc --no-progress -q -v --debug --log --config --version""",
    "analyze": "--format --brief --full --follow --fail-on -o --force",
    "dissect": "--format --type -o --force",
    "tui": "-i --serve",
    "live": "-i -w --ring -f --snaplen -a -c --monitor --channel --notify-command --format",
    "extract": "-o --session --device --finding --flow --redact --certs",
    "explain": "",
    "doctor": "-i --limits",
    "schema": "",
}
FORMATS = {"analyze": {"text", "json", "jsonl", "md", "html", "csv", "parquet"}, "dissect": {"jsonl", "csv", "parquet"}}


def parser_of(name):
    parser = argparse.ArgumentParser()
    COMMANDS[name].add(parser)
    from pcapkit.cli import options

    options.common(parser)
    return parser


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_the_contract(name):
    known = parser_of(name)._option_string_actions
    wanted = {option for commands, text_ in OPTIONS.items() if name in commands.split() for option in text_.split()}
    assert wanted <= set(known)


@pytest.mark.parametrize(("name", "formats"), FORMATS.items())
def test_every_format_of_the_contract(name, formats):
    assert set(parser_of(name)._option_string_actions["--format"].choices) == formats


def test_commands_that_come_later_say_so_in_one_line(capsys):
    from pcapkit.cli import main

    for name, command in COMMANDS.items():
        if command.module == "later":
            assert main([name, "x.pcap"]) == 2
            assert capsys.readouterr().err.count("\n") == 1


# ---------------------------------------------------------------- explain


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_every_rule_explains_itself(rule):
    shown = "".join(text([rule], Style(utc=True)))
    assert rule.severity in get_args(model.Severity)
    for said in (rule.title, rule.meaning, rule.recognised, rule.wireshark, rule.display_filter, rule.how_sure):
        assert said.strip()
    assert rule.remedy
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert "{" not in "".join(entry(rule)["remedy"])
    assert find(rule.code) == [rule]
    assert f" {rule.code} " in catalogue(Style(utc=True))


def test_explain_takes_beginnings_and_patterns():
    assert {r.code for r in find("untrusted")} == {r.code for r in all_rules() if r.code.startswith("untrusted-")}
    assert {r.code for r in find("*-timeout")} == {"dns-timeout"}


def test_a_former_code_is_still_found(monkeypatch):
    import pcapkit.explain as module

    rule = Rule("new-code", "info", "t", "m", "r", "w", "f", ("do",), "h", {}, (), aliases=("old-code",))
    monkeypatch.setattr(module, "all_rules", lambda: (rule,))
    assert module.find("old-code") == [rule]


def test_an_unknown_code_names_the_nearest_three():
    with pytest.raises(UnknownCode) as error:
        find("hairpin-no-rply")
    assert error.value.near[0] == "hairpin-no-reply"
    assert len(error.value.near) == 3


def test_every_code_has_a_family():
    assert len(FAMILIES) == 6


# ---------------------------------------------------------------- for programs


@pytest.fixture(name="result")
def _result(monkeypatch):
    seen = {}

    def run(paths, options, progress=None, stop=None):
        seen.update(paths=paths, options=options)
        return examples.full()

    monkeypatch.setattr(analysis, "run", run)
    result = pcapkit.analyze(Path("site-a.pcapng"), inside=["10.0.0.0/8"], trust=["corp-root.pem"], at="2026-11-22T10:00:00Z")
    assert seen["paths"] == ["site-a.pcapng"]
    assert (seen["options"].inside, seen["options"].trust) == (("10.0.0.0/8",), ("corp-root.pem",))
    assert seen["options"].at_ns == 1_795_341_600 * 10**9
    return result


def test_what_a_notebook_asks(result):
    finding = result.findings[0]
    assert (finding.severity, finding.code) == ("critical", "hairpin-no-reply")
    assert [(item.frame, item.note) for item in finding.evidence][1] == (42, "SYN to 203.0.113.50:443")
    phone = result.devices["10.20.0.31"]
    assert phone is not None
    assert [(s.service, s.domain, s.outcome, s.failed_at) for s in phone.sessions] == [("lync", "contoso.com", "failed", "connect")]
    assert result.devices["IPHONE-JOE"].id == result.devices[0].id == "D1"
    assert [f.id for f in phone.findings] == ["F1", "F2", "F3"]
    with pytest.raises(KeyError):
        result.devices["10.9.9.9"]


def test_frames(result):
    steps = result.steps.to_frame()
    assert {"device", "kind", "target", "outcome", "latency_s"} <= set(steps.columns)
    assert str(steps.time.dtype).startswith("datetime64[ns, UTC")
    assert len(result.findings.to_frame()) == 3
    assert len(result.devices.to_frame()) == 4
    assert list(result.flows.to_frame().columns) == []


def test_text_and_json_of_a_result(result):
    assert result.to_json().startswith('{\n"schema": "pcapkit.report/1"')
    assert "hairpin-no-reply" in result.to_text()


def test_no_capture_readable_raises(tmp_path):
    from pcapkit.options import InputError

    with pytest.raises(InputError, match="missing"):
        pcapkit.analyze(tmp_path / "missing.pcap")
    with pytest.raises(InputError, match="missing"):
        list(pcapkit.dissect(tmp_path / "missing.pcap"))


def test_events_answer_by_attribute(tmp_path):
    from test_cli import pcap

    events = list(pcapkit.dissect(pcap(tmp_path / "a.pcap"), types=["dns"]))
    assert [event.frame for event in events] == [1, 2, 3]
    assert events[0].server_name is None


def test_public_names():
    assert set(pcapkit.__all__) <= set(dir(pcapkit))
    with pytest.raises(AttributeError):
        pcapkit.nothing_of_this_name  # noqa: B018


def test_run_as_module():
    done = subprocess.run([sys.executable, "-m", "pcapkit", "--version"], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == f"pcapkit {pcapkit.__version__}\n"
