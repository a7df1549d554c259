from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pcapkit_dissectors import keylog
from pcapkit_dissectors.keylog import KeyLog

RANDOM, MASTER, SECRET = b"\x01" * 32, b"\x02" * 48, b"\x03" * 32


def read(text: str) -> KeyLog:
    log = KeyLog()
    log.read(text.encode())
    return log


def test_secrets_by_label_and_client_random() -> None:
    log = read(f"# a comment\n\nCLIENT_RANDOM {RANDOM.hex()} {MASTER.hex()}\r\nCLIENT_TRAFFIC_SECRET_0 {RANDOM.hex().upper()} {SECRET.hex()}\n")
    assert log.of(RANDOM) == {"CLIENT_RANDOM": MASTER, "CLIENT_TRAFFIC_SECRET_0": SECRET}
    assert log.of(b"\x09" * 32) == {}
    assert (len(log), log.bad, log.premasters) == (2, 0, False)


def test_premaster_secrets() -> None:
    log = read(f"RSA aaa906e04a4cfd04 {MASTER.hex()}\nPMS_CLIENT_RANDOM {RANDOM.hex()} 0303\n")
    assert log.premaster(bytes.fromhex("aaa906e04a4cfd04ffff")) == MASTER
    assert log.of(RANDOM) == {"PMS_CLIENT_RANDOM": b"\3\3"}
    assert log.premasters


def test_the_form_that_openssl_prints() -> None:
    log = read(f"RSA Session-ID:{RANDOM.hex()} Master-Key:{MASTER.hex()}\n")
    assert log.resumed(RANDOM) == MASTER


def test_other_labels_are_no_mistakes() -> None:
    log = read(f"EXPORTER_SECRET {RANDOM.hex()} {SECRET.hex()}\nQUIC_CLIENT_TRAFFIC_SECRET_0 {RANDOM.hex()} {SECRET.hex()}\n")
    assert (len(log), log.bad, log.ignored) == (0, 0, 2)


@pytest.mark.parametrize(
    "line",
    [
        "CLIENT_RANDOM",
        "CLIENT_RANDOM 00 00",
        f"CLIENT_RANDOM {RANDOM.hex()} xx",
        f"CLIENT_RANDOM {RANDOM.hex()} {SECRET.hex()}",
        f"CLIENT_TRAFFIC_SECRET_0 {RANDOM.hex()} {MASTER.hex()}00",
        "RSA 00 00",
        f"client_random {RANDOM.hex()} {MASTER.hex()}",
        "x" * 5000,
        "\x00\xff\xfe",
    ],
)
def test_bad_lines_are_counted_and_the_rest_is_read(line: str) -> None:
    log = read(f"{line}\nCLIENT_RANDOM {RANDOM.hex()} {MASTER.hex()}\n")
    assert (len(log), log.bad) == (1, 1)


def test_nothing_secret_is_shown() -> None:
    log = read(f"CLIENT_RANDOM {RANDOM.hex()} {MASTER.hex()}\n")
    assert repr(log) == str(log) == "KeyLog(1 secrets, 0 bad lines)"


def test_secrets_and_sessions_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keylog, "TLS_SECRETS", 3)
    monkeypatch.setattr(keylog, "TLS_SESSIONS", 2)
    log = read("".join(f"CLIENT_RANDOM {n:064x} {MASTER.hex()}\n" for n in range(5)))
    assert (len(log), log.ignored) == (3, 2)
    for number in range(3):
        log.resumable(bytes([number]), MASTER)
    assert [log.resumed(bytes([number])) for number in range(3)] == [None, MASTER, MASTER]


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes_raise_nothing(data: bytes) -> None:
    KeyLog().read(data)
    KeyLog().read(b"RSA " + data + b"\nCLIENT_RANDOM " + data)
