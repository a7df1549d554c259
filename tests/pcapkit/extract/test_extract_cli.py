"""``pcapkit extract`` on the command line: what is written, what is said, and how it ends."""

import io
import json
import os
import stat
import sys

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificates
from sample_reports import SAMPLES

from pcapkit import analysis
from pcapkit.capture import open_capture
from pcapkit.cli import main
from pcapkit.options import Options

DEMO = str(SAMPLES / "hairpin-no-reply.pcapng")
KEYED = str(SAMPLES / "mcx-internal-url.pcapng")


def run(*words):
    return main(["extract", *map(str, words)])


def opened(path):
    with open_capture(str(path), 0) as source:
        frames = [bytes(w.buffer[o : o + n]) for w in source.windows() for o, n in zip(w.offset.tolist(), w.caplen.tolist(), strict=True)]
        return source.info(), frames, list(source.secrets)


def test_a_finding(tmp_path, capsys):
    out = tmp_path / "cut.pcapng"
    assert run(DEMO, "-o", out, "--finding", "F1") == 0
    said = capsys.readouterr().err
    info, frames, secrets = opened(out)
    whole, all_frames, _ = opened(DEMO)
    evidence = next(i for i, c in enumerate(info.comments) if "pcapkit F1 hairpin-no-reply: " in c)
    number = info.comments[evidence].split(":")[0].removeprefix("frame ")
    assert said == f"pcapkit: {out}: {len(frames)} packets of F1; wireshark -r {out} -Y frame.number=={number}\n"
    assert set(frames) <= set(all_frames)
    assert info.comments[0].startswith(f"pcapkit 0.1.0: pcapkit extract {DEMO} -o {out} --finding F1\nfrom hairpin-no-reply.pcapng: ")
    assert [(i.name, i.link_type, i.snaplen) for i in info.interfaces] == [(i.name, i.link_type, i.snaplen) for i in whole.interfaces]
    assert secrets == []
    assert max(info.end_time_ns or 0, info.last_time_ns) == max(whole.end_time_ns or 0, whole.last_time_ns)


@pytest.mark.parametrize(
    "words",
    [["--session", "s1"], ["--device", "D1"], ["--device", "10.20.0.31"], ["--flow", "T1"], ["--filter", "finding:hairpin-*"], ["--filter", "port:443"],
     ["--only", "hairpin-*"], [], ["--session", "S1", "--flow", "T1"], ["--since", "+0s", "--until", "+9h"]],
)  # fmt: skip
def test_what_can_be_named(words, tmp_path):
    assert run(DEMO, "-o", tmp_path / "cut.pcapng", *words) == 0
    assert opened(tmp_path / "cut.pcapng")[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--finding", "F9"], "--finding F9: no such finding; there is F1"),
        (["--session", "S7"], "--session S7: no such session; there is S1"),
        (["--device", "nobody"], "--device nobody: no such device; there is D1"),
        (["--flow", "T999"], "--flow T999: no such flow; there are T1 to T"),
        (["--flow", "x"], "--flow x: no such flow"),
        (["--filter", "nothing-of-the-kind"], "--filter nothing-of-the-kind: nothing matches"),
        (["--filter", "severity>="], "--filter: severity>= needs a value"),
        (["--certs", "x"], "--certs writes certificates alone"),
    ],
)
def test_what_cannot(words, said, tmp_path, capsys):
    assert run(DEMO, "-o", tmp_path / "cut.pcapng", *words) == 2
    assert said in capsys.readouterr().err
    assert os.listdir(tmp_path) == []


def test_files_are_not_replaced_unasked(tmp_path, capsys):
    out = tmp_path / "cut.pcapng"
    out.write_text("mine")
    assert run(DEMO, "-o", out, "--finding", "F1") == 4
    assert out.read_text() == "mine"
    assert run(DEMO, "-o", out, "--finding", "F1", "--force") == 0
    assert run(DEMO) == 2
    assert "name the file to write" in capsys.readouterr().err
    assert run(tmp_path / "missing.pcap", "-o", tmp_path / "x") == 3


def test_the_bounds_of_time(tmp_path):
    out = tmp_path / "cut.pcapng"
    assert run(DEMO, "-o", out, "--device", "D1", "--until", "+500ms") == 0
    whole, part = opened(DEMO)[0], opened(out)[0]
    assert part.first_time_ns == whole.first_time_ns
    assert part.last_time_ns <= whole.first_time_ns + 500_000_000


def test_standard_input_and_output(tmp_path, monkeypatch, capfdbinary):
    with open(DEMO, "rb") as capture:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(capture.read())))
    assert run("-", "-o", "-", "--finding", "F1") == 0
    out = capfdbinary.readouterr().out
    (tmp_path / "cut.pcapng").write_bytes(out)
    assert [f.code for f in analysis.run([str(tmp_path / "cut.pcapng")], Options()).findings if f.severity == "critical"] == ["hairpin-no-reply"]


def test_keys_only_on_request(tmp_path):
    out = tmp_path / "cut.pcapng"
    for words, carried in ((["--finding", "F1"], False), (["--finding", "F1", "--with-keys"], True)):
        assert run(KEYED, "-o", out, "--force", *words) == 0
        assert bool(opened(out)[2]) is carried


def test_keys_of_others_stay_out(tmp_path):
    log = tmp_path / "keys"
    log.write_text("CLIENT_RANDOM " + "ab" * 32 + " " + "cd" * 48 + "\n# nothing\n")
    assert run(DEMO, "-o", tmp_path / "cut.pcapng", "--finding", "F1", "--with-keys", "--keylog", log) == 0
    assert opened(tmp_path / "cut.pcapng")[2] == []


def test_stand_ins(tmp_path, capsys):
    out, key = tmp_path / "cut.pcapng", tmp_path / "key.json"
    assert run(DEMO, "-o", out, "--finding", "F1", "--redact-map", key) == 0
    assert stat.S_IMODE(os.stat(key).st_mode) == 0o600
    told = json.loads(key.read_text())
    name = next(shown for shown, original in told.items() if original == "webext.contoso.com" and "#" not in shown)
    again = analysis.run([str(out)], Options())
    assert name == "host01.contoso.com"
    assert told["host#1.contoso.com"] == "webext.contoso.com"
    assert any(f.facts.get("name") == name for f in again.findings)
    comment = opened(out)[0].comments[0]
    assert "replaced by stand-ins" in comment
    assert str(tmp_path) not in comment


def test_certificates(tmp_path, capsys):
    assert main(["extract", str(SAMPLES / "cert-expired.pcapng"), "--certs", str(tmp_path / "pem")]) == 0
    names = sorted(os.listdir(tmp_path / "pem"))
    assert len(names) == 2
    assert names[0].startswith("001-")
    assert names[0].endswith(".pem")
    assert capsys.readouterr().err.endswith("1 certificate chain; index.txt says whose\n")
    pem = (tmp_path / "pem" / names[0]).read_text()
    assert pem.count("-----BEGIN CERTIFICATE-----") == 2
    index = (tmp_path / "pem" / "index.txt").read_text()
    assert names[0] in index
    assert "lyncdiscoverinternal.contoso.com" in index
    assert main(["extract", str(SAMPLES / "cert-expired.pcapng"), "--certs", str(tmp_path / "pem")]) == 4


def test_certificates_read_as_they_were_sent(tmp_path):
    assert main(["extract", str(SAMPLES / "untrusted-private-ca.pcapng"), "--finding", "F1", "--certs", str(tmp_path)]) == 0
    for file in tmp_path.glob("*.pem"):
        leaf = load_pem_x509_certificates(file.read_bytes())[0]
        assert leaf.fingerprint(SHA256()).hex().startswith(file.stem[4:])


def test_redacted_certificates(tmp_path):
    assert main(["extract", str(SAMPLES / "cert-name-mismatch.pcapng"), "--finding", "F1", "--redact", "--certs", str(tmp_path)]) == 0
    assert "webext" not in (tmp_path / "index.txt").read_text()
