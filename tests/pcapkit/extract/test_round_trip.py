"""What is cut out of a capture and read again says the same, with stand-ins too; and nothing that was replaced is left over anywhere."""

import subprocess

import pytest
from round_trip import cut_of, in_every_form, left_over, told, without_doubt_of_chains
from sample_reports import NAMES, SAMPLES, TWINS, options, report

from pcapkit.options import Options


@pytest.mark.parametrize("name", NAMES)
def test_each_finding_of_a_sample(name, tmp_path):
    whole = told(report(name))
    for finding in report(name).findings:
        _, again = cut_of(SAMPLES / f"{name}.pcapng", tmp_path / "cut.pcapng", options(name), findings=finding.id)
        assert told(again)[finding.code] == whole[finding.code]
        assert told(again).keys() <= whole.keys()


@pytest.mark.parametrize("name", [name for name in NAMES if "[[finding]]" in (SAMPLES / f"{name}.expect.toml").read_text("utf-8")])
def test_each_finding_of_a_sample_with_stand_ins(name, tmp_path):
    before = report(name)
    assert before.findings
    cut, again = cut_of(SAMPLES / f"{name}.pcapng", tmp_path / "cut.pcapng", options(name), redacted=True, findings=[f.id for f in before.findings])
    assert without_doubt_of_chains(told(again)) == without_doubt_of_chains(told(before))
    assert left_over(cut.key, (tmp_path / "cut.pcapng").read_bytes()) == []
    for form, text in in_every_form(again):
        assert left_over(cut.key, text.encode()) == [], form


@pytest.mark.parametrize("name", TWINS)
def test_each_session_of_a_healthy_twin(name, tmp_path):
    before = report(name, healthy=True)
    cut, again = cut_of(
        SAMPLES / f"{name}.healthy.pcapng", tmp_path / "cut.pcapng", options(name), redacted=True, sessions=[s.id for s in before.sessions]
    )
    assert [(s.outcome, s.failed_at) for s in again.sessions] == [(s.outcome, s.failed_at) for s in before.sessions]
    assert told(again).keys() <= told(before).keys()
    assert left_over(cut.key, (tmp_path / "cut.pcapng").read_bytes()) == []


@pytest.mark.tshark
def test_tshark_finds_nothing_malformed(tmp_path):
    """All cuts in one file, as sections; the samples themselves hold what is malformed on purpose."""
    before, after = tmp_path / "before.pcapng", tmp_path / "after.pcapng"
    with before.open("wb") as plain, after.open("wb") as changed:
        for name in NAMES:
            found = [f.id for f in report(name).findings]
            for out, redacted in ((plain, False), (changed, True)):
                if found:
                    cut_of(SAMPLES / f"{name}.pcapng", tmp_path / "cut.pcapng", options(name), redacted=redacted, findings=found)
                    out.write((tmp_path / "cut.pcapng").read_bytes())
    assert _malformed(after) == _malformed(before)


def _malformed(path):
    command = ["tshark", "-n", "-r", str(path), "-Y", "_ws.malformed", "-T", "fields", "-e", "frame.number"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


LAB = [
    "cert_expired.pcapng",
    "erspan_hairpin_no_reply.pcap",
    "hairpin_asymmetric.pcapng.gz",
    "hairpin_no_reply.pcap",
    "http_fallback.pcap.gz",
    "private_ca_rejected.pcapng",
]


@pytest.mark.shared
@pytest.mark.parametrize("name", LAB)
@pytest.mark.parametrize("redacted", [False, True])
def test_recorded_in_the_lab(name, redacted, tmp_path):
    from where import SHARED

    from pcapkit import analysis

    given = Options(trust=(str(SHARED / "lab" / "roots" / "public-roots.pem"),))
    path = SHARED / "lab" / name
    before = analysis.run([str(path)], given)
    for finding in before.findings:
        cut, again = cut_of(path, tmp_path / "cut.pcapng", given, redacted, findings=finding.id)
        assert without_doubt_of_chains(told(again))[finding.code] == without_doubt_of_chains(told(before))[finding.code]
        assert told(again).keys() <= told(before).keys()
        assert not redacted or left_over(cut.key, (tmp_path / "cut.pcapng").read_bytes()) == []
