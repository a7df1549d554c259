"""Decryption and fingerprints on captures of others, against tshark with the same keys and against what the authors of JA4 published."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from pcapkit.analysis import dissect, run
from pcapkit.keys import Secrets
from pcapkit.options import InputError, Options

SHARED = Path(__file__).resolve().parents[3] / "shared" / "captures"
HTTP2 = "ja4_http2-with-cookies.pcapng"


def events(name: str, keylog: str | None = None, types: tuple[str, ...] = ("tls", "http", "http2")) -> list[dict[str, object]]:
    options = Options(keylog=(str(SHARED / keylog),) if keylog else ())
    return list(dissect([str(SHARED / name)], options, types))


@pytest.mark.shared
@pytest.mark.tshark
def test_http2_equals_tshark() -> None:
    fields = ["-e", "http2.headers.path", "-e", "http2.headers.status"]
    command = ["tshark", "-n", "-r", str(SHARED / HTTP2), "-Y", "http2.headers", "-T", "fields", "-E", "occurrence=a", *fields]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    paths, statuses = zip(*([*line.split("\t"), "", ""][:2] for line in lines), strict=True)
    ours = events(HTTP2, types=("http2",))
    assert Counter(e["uri"] for e in ours if e["type"] == "http2.request") == Counter(p for p in paths if p)
    assert Counter(str(e["status"]) for e in ours if e["type"] == "http2.response") == Counter(s for line in statuses for s in line.split(",") if s)
    assert all(e["decrypted"] for e in ours)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "keylog"),
    [
        ("pcapfs_feature_test.pcap", "pcapfs_feature_test.keys"),
        ("pcapfs_system-tests.pcap", "pcapfs_system-tests.keys"),
        ("tlsdecryption_tls3.cryptohack.org.pcapng", "tlsdecryption_tls3.cryptohack.org.keys"),
        ("tlsdecryption_dsb-tls3.cryptohack.org.pcapng", None),
        (HTTP2, None),
    ],
)
def test_what_keys_show_equals_the_truth(name: str, keylog: str | None) -> None:
    truth = json.loads((SHARED / "truth" / f"{name}.json").read_text())["events"]
    ours = events(name, keylog)

    def named(found: list[dict[str, object]], kind: str, *keys: str) -> Counter[str]:
        return Counter(str([e[key] for key in ("src", "sport", *keys)]) for e in found if e["type"] == kind)

    for kind, *keys in (("tls.certificate", "certs"), ("tls.alert", "level", "description"), ("http.request", "method", "uri", "body_sha256")):
        assert named(ours, kind, *keys) == named(truth, kind, *keys)


@pytest.mark.shared
@pytest.mark.parametrize(("keylog", "matched"), [("lab/exchange_autodiscover.keys", 4), ("tlsdecryption_tls3.cryptohack.org.keys", 0), (None, None)])
def test_how_many_conversations_the_keys_open_is_counted(keylog: str | None, matched: int | None) -> None:
    options = Options(keylog=(str(SHARED / keylog),) if keylog else ())
    counts = run([str(SHARED / "lab" / "exchange_autodiscover.pcapng")], options).counts
    assert (counts.get("decrypted"), counts.get("keys_asked")) == (matched, None if matched is None else 4)


@pytest.mark.shared
def test_ja4_as_its_authors_published_for_their_captures() -> None:
    found = {e["sport"]: e["ja4"] for e in events("ja4_tls-sni.pcapng", types=("tls.client_hello",))}
    assert found[50112] == "t13d1516h2_8daaf6152771_e5627efa2ab1"
    assert found[50122] == "t13d1516h1_8daaf6152771_e5627efa2ab1"
    assert found[50123] == "t13d151400_8daaf6152771_de4a06bb82e3"
    (hello,) = events(HTTP2, types=("tls.client_hello",))
    assert hello["ja4"] == "t13d1516h2_8daaf6152771_e5627efa2ab1"


def test_a_key_log_that_is_none_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        Secrets([str(tmp_path / "absent")])
    other = tmp_path / "other"
    other.write_text("root:x:0:0\n")
    with pytest.raises(InputError, match="holds no TLS secrets"):
        Secrets([str(other)])


def test_secrets_are_read_from_files_and_captures(tmp_path: Path) -> None:
    log = tmp_path / "keys"
    log.write_text(f"CLIENT_RANDOM {'01' * 32} {'02' * 48}\n")
    secrets = Secrets([str(log)])
    assert secrets.counts() == {"decrypted": 0, "keys_asked": 0}
    secrets.learn([f"CLIENT_RANDOM {'03' * 32} {'02' * 48}\n".encode()])
    assert len(secrets.log) == 2
    assert Secrets().counts() == {}
